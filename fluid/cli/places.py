"""Settings whose values are taken as they are typed: places, names and columns, however their signs look to Hydra's grammar.

The shell has read quotes once already. What Hydra would read as another text is quoted for it here; what is quoted for it already, or
refers to something (`${...}`), stays. Where several readings are possible, the one that names a file that exists is meant.
"""

import os
import re
from collections.abc import Iterator, Sequence

from fluid.cli.quoting import escaped, exact, is_quoted, quote, reading
from fluid.errors import ConfigError
from fluid.file_names import at_home

PLACES = (
    "input", "transfer", "validation", "out", "json", "teacher", "student", "consensus_folder", "model_folder", "run", "folder", "readme",
    "check", "paths.runs", "paths.artifacts", "paths.data", "model.path",
    "release", "non_members", "witness", "privacy.ledger", "privacy.witness",
    "data.pool", "data.transfer", "data.validation", "data.test_in_domain", "data.test_external", "data.transfer_labels",
)  # fmt: skip
"""Settings that name a file or folder."""
PLACE_LISTS = ("annotations", "against", "earlier")
"""Settings that name several."""
TEXTS = (
    "company", "name", "sweep", "intake.smiles_column",
    "intake.file.encoding", "intake.file.delimiter", "intake.file.decimal", "intake.file.sheet",
    "intake.layout.where", "intake.layout.value_column", "intake.layout.unit_column", "intake.layout.qualifier_column",
    "transfer_where", "data.transfer_smiles_column", "data.value_column", "data.pool_where",
    "data.transfer_where", "data.test_in_domain_where",
)  # fmt: skip
"""Settings that name a company, a run, or what stands in a file."""
TEXT_LISTS = (
    "intake.endpoints",
    "intake.carry",
    "intake.layout.endpoint_columns",
    "data.endpoints",
    "data.test_external_endpoints",
    "data.endpoint_columns",
)
"""Settings that name several columns, or endpoints by their columns."""
WORDS = ("null", "true", "false")
SETTING = re.compile(r"[+~]*[\w./@-]+=")
PAIRS = {"(": ")", "[": "]", "{": "}"}


def as_typed(arguments: Sequence[str], swept: bool = False) -> list[str]:
    """Return arguments of the command line in which places, names and columns are written so that Hydra reads what was typed.

    Args:
        arguments: Settings and flags.
        swept: Whether commas separate values (`-m`); then a text with commas is one only if a file of that name exists.

    Raises:
        ConfigError: A value holds a zero byte, which no file name can.
    """
    return [_setting(text, swept) if SETTING.match(text) else text for text in join_lists(arguments)]


def join_lists(arguments: Sequence[str]) -> list[str]:
    """Join the words of a list that the shell has divided at blanks, as of `intake.endpoints=["pic50 >= 5", blocker]` without quotes."""
    left, found = list(arguments), []
    while left:
        text = left.pop(0)
        key, _, value = text.partition("=")
        if key.lstrip("+") in (*TEXT_LISTS, *PLACE_LISTS) and value.startswith("[") and not value.endswith("]"):
            end = next((i for i, word in enumerate(left) if SETTING.match(word) or word.startswith("-") or word.endswith("]")), len(left))
            if end < len(left) and left[end].endswith("]") and not SETTING.match(left[end]):
                text, left = " ".join([text, *left[: end + 1]]), left[end + 1 :]
        found.append(text)
    return found


def _setting(text: str, swept: bool) -> str:
    key, _, value = text.partition("=")
    name = key.lstrip("+")
    if "\0" in value:
        raise ConfigError(f"{key} holds a zero byte", expected="a text")
    if name in (*PLACES, *TEXTS):
        if exact(value) == value:
            return text
        return f"{key}={_one(value, swept, name in PLACES, keep=WORDS if name == 'check' else WORDS[:1])}"
    return f"{key}={_list(value, swept, name in PLACE_LISTS)}" if name in (*PLACE_LISTS, *TEXT_LISTS) else text


def exists(text: str) -> bool:
    """Return whether a text names a file or folder that is there; a leading `~` is the home folder."""
    return bool(text.strip()) and os.path.lexists(at_home(text))


def _one(value: str, swept: bool, place: bool, keep: Sequence[str] = ()) -> str:
    """Return a value that is one text; or, of a sweep, several of them."""
    there = place and exists(value)
    if value in keep and not there:
        return value
    if swept and not there:
        pieces = list(split(value, brackets=True) or [value])
        if len(pieces) > 1:
            return ",".join(_text(piece.strip(), place and exists(piece.strip())) for piece in pieces)
        if value.strip().startswith(("choice(", "range(", "glob(", "interval(")):
            return value
    return _text(value, there)


def _text(value: str, there: bool) -> str:
    """Return a text as Hydra reads it: as it is where Hydra reads just this, or where it is quoted already; else quoted.

    Args:
        value: The text.
        there: Whether a file of just this name exists: then it is meant, whatever else the text may mean.
    """
    read = None if value.endswith("\\") else reading(value)  # it would take the comma or bracket behind it
    if there:
        return value if read == value and "${" not in value else quote(escaped(value))
    if isinstance(read, str) and (read == value or is_quoted(value) or ("\\" in value and exists(read))):
        return value
    return quote(escaped(value, keep_references=True))


def _list(value: str, swept: bool, places: bool) -> str:
    """Return a value that is a list of texts; what is no list, or can mean several things, stays as it is."""
    if swept and reading(value) is None:
        pieces = list(split(value, brackets=True) or ())
        return ",".join(_elements(piece.strip(), places) for piece in pieces) or value
    return _elements(value, places)


def _elements(value: str, places: bool) -> str:
    inner = value.strip()
    if not (inner.startswith("[") and inner.endswith("]")):
        known = inner.startswith("[") or value in WORDS or reading(value) is not None
        return value if known else quote(escaped(value, keep_references=True))
    pieces = split(inner[1:-1], brackets=not places)
    if pieces is None or (len(pieces) > 1 and not all(piece.strip() for piece in pieces)):
        return value
    if places:
        pieces = list(rejoined(pieces))
    texts = [_text(piece.strip(), places and exists(piece.strip())) for piece in pieces if piece.strip()]
    return f"[{','.join(texts)}]"


def rejoined(pieces: Sequence[str]) -> Iterator[str]:
    """Yield pieces between commas; those that together are the name of a file or folder that exists, in one."""
    start = 0
    while start < len(pieces):
        ends = (end for end in range(len(pieces), start + 1, -1) if exists(",".join(pieces[start:end]).strip()))
        end = next(ends, start + 1)
        yield ",".join(pieces[start:end])
        start = end


def split(text: str, brackets: bool) -> list[str] | None:
    """Return what stands between commas; those in quotes that a piece begins with, and those in brackets, separate nothing.

    Args:
        text: The text.
        brackets: Whether brackets count; `None` is returned if they do not close each other.
    """
    pieces, begin, place, open_ones = [], 0, 0, ""
    while place < len(text):
        sign = text[place]
        if sign in "'\"" and not text[begin:place].strip() and (quoted := is_quoted(text[place:], begins=True)):
            place += quoted
            continue
        if sign == "," and not open_ones:
            pieces.append(text[begin:place])
            begin = place + 1
        elif brackets and sign in PAIRS:
            open_ones += PAIRS[sign]
        elif brackets and sign in PAIRS.values():
            if not open_ones.endswith(sign):
                return None
            open_ones = open_ones[:-1]
        place += 1
    return None if open_ones else [*pieces, text[begin:]]
