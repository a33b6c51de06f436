"""Where the asked columns stand among those of a file."""

import difflib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from fluid.data.file_form import FileForm
from fluid.data.wording import listed
from fluid.errors import InputError

MOST_NAMES = 20
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
"""Characters without width, which `str.strip` leaves."""


def plain_name(name: str) -> str:
    """Return a column's name without what is not seen: blanks and characters without width around it, and ways to write one letter."""
    return unicodedata.normalize("NFKC", name).strip().strip(UNSEEN).strip()


def places_of(name: str, present: Sequence[str]) -> list[int]:
    """Return where a column stands: under this very name, else under one that looks the same; more than one place if there are several."""
    same = [place for place, column in enumerate(present) if column == name]
    return same or [place for place, column in enumerate(present) if plain_name(column) == plain_name(name)]


def find_columns(present: Sequence[str], wanted: Sequence[str], path: Path, form: FileForm | None = None) -> list[int]:
    """Return the place of each wanted column.

    Args:
        present: The columns of the file.
        wanted: Names.
        path: The file.
        form: How the file is declared to be written.

    Raises:
        InputError: A wanted column is missing (names those present, and the nearest) or there twice.
    """
    found = []
    for name in wanted:
        places = places_of(name, present)
        if not places:
            raise _missing(name, present, path, form or FileForm())
        if len(places) > 1:
            remedy = "Rename the others."
            raise InputError(f"{len(places)} columns are named {name!r}", where=str(path), expected="one", remedy=remedy)
        found += places
    return found


def nearest_column(name: str, present: Sequence[str]) -> str:
    """Return the column whose name is most like `name`, whatever the case and the blanks; empty if none is."""
    squeezed = {_squeezed(column): column for column in reversed(present)}
    close = difflib.get_close_matches(_squeezed(name), list(squeezed), n=1)
    return squeezed[close[0]] if close else ""


def _squeezed(name: str) -> str:
    return "".join(plain_name(name).lower().replace("_", " ").split())


def _missing(name: str, present: Sequence[str], path: Path, form: FileForm) -> InputError:
    names = listed([repr(column[:80]) for column in present], MOST_NAMES)
    close = nearest_column(name, present)
    remedy = f"Did you mean {close!r}?" if close else likely_setting(present, form) or "Set intake.smiles_column or intake.endpoints."
    expected = f"one of the columns present: {names}" if present else "columns, but the file has none"
    return InputError(f"column {name!r} is missing", where=str(path), expected=expected, remedy=remedy)


def likely_setting(present: Sequence[str], form: FileForm) -> str:
    """Return which setting of the reader explains such columns; empty if none does."""
    if form.encoding and not all(map(str.isascii, present)):
        return f"Is intake.file.encoding={form.encoding} right? Left out, it is told from the file."
    if len(present) != 1:
        return ""
    if form.delimiter:
        return f"Is intake.file.delimiter={form.delimiter!r} right? Left out, it is told from the header."
    odd = any(not (mark.isalnum() or mark in "_.-()[]") for mark in present[0])
    return "If another character stands between the cells, name it with intake.file.delimiter." if odd else ""
