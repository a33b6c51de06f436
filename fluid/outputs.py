"""Whether what a verb is asked to make can be made there: found out before the work, by doing in small what will be done.

A link to a folder or file is followed: the result lies where it leads to, and the link stays. A link that leads nowhere is refused.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fluid.artifacts import MANIFEST, MOVE, PART, read_manifest, strangers
from fluid.errors import ArtifactError, ConfigError
from fluid.foreign import is_litter

OCCUPIED = "Choose another out=, or add overwrite=true to replace earlier results of fluid."
ELSEWHERE = "Choose another place."
MOUNTS = Path("/proc/self/mountinfo")
BLOCK = b"\0" * 4096


def check_folder(folder: Path, overwrite: bool = False, remedy: str = OCCUPIED) -> None:
    """Refuse a folder in which a sealed result cannot be made: because of what is there, or of where it is.

    An earlier result that is not to be replaced is no obstacle yet: it may be the one that is asked for, and then nothing is written.

    Args:
        folder: Where a result is to go.
        overwrite: Whether it may replace an earlier one.
        remedy: What the caller can do about an occupied folder.

    Raises:
        ConfigError: The folder is a file, holds anything else, is the working folder or a mount point, or cannot be written.
    """
    with said_of(folder):
        check_is_folder(folder)
        if overwrite or not (folder / MANIFEST).is_file():
            check_new_folder(folder, overwrite, remedy)


def check_new_folder(folder: Path, overwrite: bool = False, remedy: str = OCCUPIED) -> None:
    """Refuse what `check_folder` does, and an earlier result that is not to be replaced.

    Args:
        folder: Where a result is to go.
        overwrite: Whether it may replace an earlier one.
        remedy: What the caller can do about an occupied folder.

    Raises:
        ConfigError: The folder is a file, holds anything else, is the working folder or a mount point, or cannot be written.
    """
    with said_of(folder):
        check_is_folder(folder)
        check_free(folder, overwrite, remedy)
        check_outside(folder)
        check_not_used(folder)
        try_folder(Path(os.path.realpath(folder)))


def check_new_file(file: Path, overwrite: bool, setting: str = "out") -> None:
    """Refuse a file that cannot be written, or that is there and is not to be replaced.

    Args:
        file: Where a result is to go.
        overwrite: Whether it may replace what is there.
        setting: The setting that names it.

    Raises:
        ConfigError: The file exists and `overwrite` is false; or it is a folder or a device, or cannot be written.
    """
    with said_of(file):
        if file.is_file() and not overwrite:
            remedy = f"Choose another {setting}=, or add overwrite=true."
            raise ConfigError("the output file exists already", where=str(file), remedy=remedy)
    check_file(file)


def check_file(file: Path) -> None:
    """Refuse a file that cannot be written, or in whose place is a folder.

    Raises:
        ConfigError: The file is a folder or a device, or cannot be written.
    """
    with said_of(file):
        check_links(file)
        if file.exists() and not file.is_file():
            what = "is a folder" if file.is_dir() else "is a device"
            raise ConfigError(f"this {what}", where=str(file), expected="a file", remedy=ELSEWHERE)
        check_outside(file)
        if is_mounted(file):
            raise ConfigError("this file is a mount point and cannot be replaced", where=str(file), remedy=ELSEWHERE)
        try_folder(Path(os.path.realpath(file)))


def check_place(folder: Path) -> None:
    """Refuse a folder into which files cannot be written; what is in it already does not matter.

    Raises:
        ConfigError: The folder is a file, or cannot be written.
    """
    with said_of(folder):
        check_is_folder(folder)
        try_folder(Path(os.path.realpath(folder)) / "file")


def check_is_folder(folder: Path, remedy: str = ELSEWHERE) -> None:
    """Refuse a place that is there and is no folder, or that can be none.

    Raises:
        ConfigError: The place is a file, lies below one, or is a link that leads nowhere.
    """
    with said_of(folder):
        check_links(folder)
        if folder.exists() and not folder.is_dir():
            raise ConfigError("there is a file of this name", where=str(folder), expected="a folder", remedy=remedy)


def check_free(folder: Path, overwrite: bool, remedy: str = OCCUPIED) -> None:
    """Refuse a folder that holds something, unless that is an earlier result that may be replaced, and nothing else.

    Args:
        folder: Where a result is to go.
        overwrite: Whether it may replace an earlier one.
        remedy: What the caller can do about an occupied folder.

    Raises:
        ConfigError: The folder is a file, holds something else, or a file of somebody's own beside an earlier result.
    """
    occupied = folder.exists() and (not folder.is_dir() or not all(is_litter(one.name) for one in folder.iterdir()))
    if occupied and not (overwrite and (folder / MANIFEST).is_file()):
        raise ConfigError(
            "the output folder already holds other results", where=str(folder), expected="a new or empty folder", remedy=remedy
        )
    if occupied and (own := strangers(folder)):
        what = f"the output folder also holds {own[0]!r}, which does not belong to earlier results of fluid and would be lost"
        raise ConfigError(what, where=str(folder), remedy=MOVE)


@contextmanager
def said_of(place: Path) -> Iterator[None]:
    """Turn what the system has against a place into one line.

    Raises:
        ConfigError: The system refuses.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"nothing can be written there ({reason})", where=str(place), remedy=ELSEWHERE) from None
    except ValueError as error:  # a zero byte, or bytes that are no text
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise ConfigError(f"this is no name for a result ({reason})", where=ascii(str(place)), remedy=ELSEWHERE) from None


def check_links(place: Path) -> None:
    """Refuse a link that leads nowhere, and a place below one, or below a file.

    Raises:
        ConfigError: The place is such a link, or something above it is no folder.
    """
    str(place).encode()
    for one in (place, *place.parents):
        if one.is_symlink() and not os.path.exists(one):
            raise ConfigError(f"this is a link that leads nowhere (to {os.readlink(one)})", where=str(one), remedy="Make or remove it.")
        if one != place and os.path.lexists(one) and not one.is_dir():
            raise ConfigError(f"{one} is a file, not a folder", where=str(place), remedy=ELSEWHERE)


def check_outside(place: Path) -> None:
    """Refuse a place in a sealed result, which would be altered.

    Raises:
        ConfigError: A folder above the place is sealed.
    """
    for folder in Path(os.path.realpath(place)).parents:
        with suppress(ArtifactError):
            if (folder / MANIFEST).is_file() and read_manifest(folder):
                raise ConfigError(f"this lies in a result of fluid ({folder}), which would be altered", where=str(place), remedy=ELSEWHERE)


def check_not_used(folder: Path) -> None:
    """Refuse a folder that is replaced as a whole and cannot be: where one works, or another file system begins.

    Raises:
        ConfigError: The folder is or holds the working folder, or is a mount point.
    """
    real = Path(os.path.realpath(folder))
    here = Path(os.path.realpath(os.curdir))
    if real == here or real in here.parents:
        remedy = "Choose a new folder in it."
        raise ConfigError("this is the folder you work in, or above it", where=str(folder), expected="a folder of its own", remedy=remedy)
    if is_mounted(folder):
        remedy = "Choose a new folder in it."
        raise ConfigError("this is a mount point and cannot be replaced", where=str(folder), expected="an ordinary folder", remedy=remedy)


def is_mounted(place: Path) -> bool:
    """Return whether a file system, or a part of one, is mounted at a place."""
    real = os.path.realpath(place)
    if os.path.ismount(real):
        return True
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    return real in {unescape(line.split(" ")[4]) for line in lines}


def unescape(text: str) -> str:
    """Return a path as it is, from a table of mounts, which has blanks and the like as octal numbers."""
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text


def try_folder(place: Path) -> None:
    """Make a folder with a file beside a place, under a name as long as it will have, rename it, and remove it.

    Raises:
        OSError: The system refuses.
    """
    beside = nearest(place.parent)
    for new in (place, *(beside / part for part in place.relative_to(beside).parts)):
        with suppress(FileNotFoundError):
            new.lstat()  # the path, or a name in it, may be too long
    made: list[Path] = []
    try:
        for _ in range(2):
            made.append(Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=PART, dir=beside)))
        (made[0] / "file").write_bytes(BLOCK)
        made[1].rmdir()
        made[0].rename(made[1])
    finally:
        for left in made:
            shutil.rmtree(left, ignore_errors=True)


def nearest(place: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    return next(one for one in (place, *place.parents) if one.is_dir())
