"""The embedded hERG set: see `fluid/data/embedded/README.md` for provenance and licence."""

from pathlib import Path

from fluid.errors import InputError
from fluid.file_names import at_home

PARTS = ("pool", "validation", "test_in_domain", "test_external", "transfer")
EMBEDDED = "embedded:"
FOLDER = Path(__file__).parent / "embedded"


def embedded_path(part: str) -> Path:
    """Return the Parquet file of a part of the embedded set.

    Raises:
        InputError: There is no such part, or its file was not installed.
    """
    if part not in PARTS:
        raise InputError(f"the embedded data have no part {part!r}", expected="one of " + ", ".join(PARTS))
    path = FOLDER / f"{part}.parquet"
    if not path.is_file():
        raise InputError("the embedded data file is not installed", where=str(path), remedy="Install fluid again from a complete wheel.")
    return path


def file_of(text: str) -> Path:
    """Return the file that a setting names; `embedded:<part>` is a part of the embedded set."""
    return embedded_path(text.removeprefix(EMBEDDED)) if text.startswith(EMBEDDED) else at_home(text)
