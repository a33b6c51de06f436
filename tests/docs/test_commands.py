"""What the pages tell a reader to type is understood: every `fluid` command composes, the ones that are not run too."""

import re
import shlex

import pytest
from blocks import BLOCKS, PAGES, ROOT, Block, blocks_of, commands_of, name_of

COMMANDS = [
    (block, command) for block in BLOCKS if block.language == "bash" for command in commands_of(block) if block.mark("exit") is None
]


def settings_of(command: str) -> tuple[str, list[str]]:
    """Return the verb of a command and its settings; of a sweep, with the first of the values of each."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from fluid.cli.places import as_typed

    words = shlex.split(command, comments=True)
    verb, *given = words[words.index("fluid") + 1 :]
    settings = as_typed([word for word in given if not word.startswith("-")], swept="-m" in given)
    if "-m" not in given:
        return verb, settings
    parsed = OverridesParser.create().parse_overrides(settings)
    return verb, [
        one.input_line if not one.is_sweep_override() else f"{one.key_or_group}={next(one.sweep_string_iterator())}" for one in parsed
    ]


@pytest.mark.parametrize(
    ("block", "command"), COMMANDS, ids=[f"{name_of(block.page)}:{block.line}:{n}" for n, (block, _) in enumerate(COMMANDS)]
)
def test_a_command_of_the_pages_composes(block: Block, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fluid.cli.compose import compose
    from fluid.cli.positional import with_input

    verb, settings = settings_of(command)
    if not verb.startswith("-"):
        assert compose(verb.replace("-", "_"), with_input(verb, settings))


def test_pages_speak_of_verbs_files_and_settings_that_exist() -> None:
    """Words in code of the form `group=choice` are choices of that group."""
    groups = {folder.name: {file.stem for file in folder.glob("*.yaml")} for folder in (ROOT / "conf").iterdir() if folder.is_dir()}
    wrong = []
    for page in PAGES:
        for group, choice in re.findall(r"`(\w+)=(\w+)`", page.read_text()):
            if group in groups and choice not in groups[group] and choice not in ("none", "null"):
                wrong.append(f"{name_of(page)}: {group}={choice}")
        for path in re.findall(r"`((?:docs|conf|scripts|benchmarks|fluid)/[\w./-]+)`", page.read_text()):
            if not re.search(r"SUITE|NAME|\.peers", path) and not (ROOT / path).exists():
                wrong.append(f"{name_of(page)}: {path}")
    assert not wrong


def test_an_excerpt_is_what_stands_in_the_file() -> None:
    """Code that a page shows of a file is that of the file."""
    excerpts = [(block, block.mark("from")) for block in BLOCKS if block.mark("from")]
    assert excerpts
    for block, file in excerpts:
        assert block.code in (ROOT / str(file)).read_text(), f"{name_of(block.page)}:{block.line}"


def test_the_readme_is_short_and_has_what_a_first_reader_looks_for() -> None:
    readme = ROOT / "README.md"
    assert len(readme.read_text().split()) <= 800
    shell, python = (
        next(block for block in blocks_of(readme) if block.language == language and block.reason is None) for language in ("bash", "python")
    )
    assert len(commands_of(shell)) <= 5
    assert len(python.code.splitlines()) <= 9
    for command in ("bash scripts/demo.sh", "bash scripts/test.sh"):
        assert re.search(rf"(?m)^{command}", readme.read_text())


def test_an_unmarked_block_is_run_and_a_mark_must_be_known(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```bash\nls\n```\n<!-- block: not run, needs a Slurm cluster -->\n```bash\nsbatch\n```\n```text\nshown\n```\n")
    first, second = blocks_of(page)
    assert (first.reason, second.reason) == (None, "needs a Slurm cluster")
    page.write_text("<!-- block: not run -->\n```bash\nls\n```\n")
    with pytest.raises(ValueError, match="what does 'not run' mean"):
        blocks_of(page)
    page.write_text("```\nls\n```\n")
    with pytest.raises(ValueError, match="say text if it is only shown"):
        blocks_of(page)


def test_a_block_that_fails_is_noticed(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- block: exit 3; prints gone -->\n```bash\necho gone; exit 3\n```\n")
    (block,) = blocks_of(page)
    assert (block.mark("exit"), block.mark("prints"), block.mark("slow")) == ("3", "gone", None)
