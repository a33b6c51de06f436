"""Find the shell and Python blocks of the pages, and what a comment before a block says about it.

    <!-- block: slow; exit 2; prints no such file; continues -->
    <!-- block: not run, needs a Slurm cluster -->

`slow`: the page runs only with `-m slow`. `exit N`: the exit code expected, else 0. `prints TEXT`: the output has it.
`continues`: the Python block needs what the one before it on the page defined. `not run, REASON`: this cannot be run here; the reason
must be given. `from FILE`: an excerpt of a file of the repository, letter by letter; not run here, since that file is tested where it is.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"(?m)^(?:<!-- block: (?P<marks>.*?) -->\n+)?(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$", re.S
)
LANGUAGES = ("bash", "python")
SHOWN = ("text", "yaml", "toml", "json", "bibtex", "csv")
WORDS = re.compile(r"from [\w./-]+|slow|continues|exit \d+|prints .+|not run, .{8,}")


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        page: Where it is.
        line: And in which line.
        language: `bash` or `python`.
        code: Its text; of one that continues, with the text of the blocks before.
        marks: What the comment before it says.
    """

    page: Path
    line: int
    language: str
    code: str
    marks: tuple[str, ...]

    def mark(self, word: str) -> str | None:
        """Return what follows a word of the comment, `""` if nothing does, or `None` without it."""
        return next((mark.removeprefix(word).strip(" ,") for mark in self.marks if re.match(rf"{word}(?:[ ,]|$)", mark)), None)

    @property
    def reason(self) -> str | None:
        """Why it is not run, or `None` for one that is."""
        return self.mark("not run") or self.mark("from")


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page.

    Raises:
        ValueError: A comment or the language of a block is not known.
    """
    found: list[Block] = []
    text = page.read_text()
    for match in FENCE.finditer(text):
        where = f"{page}:{text.count(chr(10), 0, match.start('language')) + 1}"
        if match["language"] not in LANGUAGES:
            if match["language"] not in SHOWN:
                raise ValueError(f"{where}: a block of {match['language'] or 'no language'}; say text if it is only shown")
            continue
        marks = tuple(mark.strip() for mark in (match["marks"] or "").split(";") if mark.strip())
        if unknown := [mark for mark in marks if not WORDS.fullmatch(mark)]:
            raise ValueError(f"{where}: what does {unknown[0]!r} mean?")
        code = "\n".join(line.removeprefix(match["indent"]) for line in match["code"].splitlines()) + "\n"
        if "continues" in marks:
            code = [block.code for block in found if block.language == "python"][-1] + code
        found.append(Block(page, int(where.rsplit(":", 1)[1]), match["language"], code, marks))
    return found


def commands_of(block: Block) -> list[str]:
    """Return the `fluid` commands of a shell block, each on one line."""
    lines = block.code.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if re.match(r"(?:[A-Z_]+=\S+ )*fluid ", line.strip())]


ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.name != "log.md")]
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def name_of(page: Path) -> str:
    """Return where a page is in the repository."""
    return str(page.relative_to(ROOT))
