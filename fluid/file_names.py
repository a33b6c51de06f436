"""The one rule for a user's words that become names of files and folders: companies, runs, sweeps; and the one for `~` before a path."""

import os
import unicodedata
from pathlib import Path

from fluid.errors import ConfigError

LONGEST = 200
"""Bytes of a name; file systems take 255, and we add endings."""
SEPARATORS = "/\\"
WITNESS = "~/.local/state/fluid/ledgers"
"""Where the last lines of ledgers are noted unless another folder is named."""
EXPECTED = f"a name: letters, digits, blanks and signs, at most {LONGEST} bytes, without / and \\, and neither '.' nor '..'"


def at_home(path: str | os.PathLike[str]) -> Path:
    """Return a path; a leading `~` is the home folder, and part of a name if nobody is called so."""
    return Path(os.path.expanduser(path))


def real(path: str | os.PathLike[str]) -> Path:
    """Return a path as an absolute one without links; a leading `~` is the home folder."""
    return Path(os.path.realpath(at_home(path)))


def fault_of(name: str) -> str:
    """Return what is wrong with a name of a file or folder, in a few words; empty if nothing is."""
    if not name.strip():
        return "is empty"
    if name.strip() in (".", ".."):
        return "is a place, not a name"
    if any(sign in name for sign in SEPARATORS):
        return "holds / or \\"
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in name):
        return "holds a sign that cannot be shown"
    return "is too long" if len(name.encode()) > LONGEST else ""


def check_file_name(name: str, setting: str) -> None:
    """Refuse a word that is no name of a file or folder.

    Args:
        name: The word.
        setting: The setting that gives it, for the message.

    Raises:
        ConfigError: The word is empty, a path, too long, or holds signs that cannot be shown.
    """
    if fault := fault_of(name):
        shown = name if len(name) <= LONGEST else f"{name[:20]}..."
        raise ConfigError(f"{setting} is {ascii(shown) if 'shown' in fault else repr(shown)}, which {fault}", expected=EXPECTED)
