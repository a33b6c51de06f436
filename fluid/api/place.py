"""Where results lie: sealed folders in the store or of the user's choice, and copies of them."""

from os import PathLike
from pathlib import Path
from typing import Any

from fluid.artifacts import MANIFEST, atomic_folder, copy_artifact, open_artifact
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.apart import check_apart
from fluid.file_names import at_home, real
from fluid.outputs import check_new_folder

OCCUPIED = "Choose another folder, or add overwrite=True to replace earlier results of fluid."


def place_of(out: str | PathLike[str] | None) -> Path | None:
    """Return the target that the caller named, if any; a link stays one, so that what is wrong with it can be said."""
    return None if out is None else named(out)


def named(out: str | PathLike[str]) -> Path:
    """Return a target as an absolute path; a leading `~` is the home folder.

    Raises:
        ConfigError: The path holds a zero byte.
    """
    if "\0" in str(out):
        raise ConfigError("this is no name of a file or folder", where=ascii(str(out)))
    return at_home(out).absolute()


def folder_of(value: Any, what: str) -> Path:
    """Return the folder of something that was made: of an object of this interface, or a path.

    Raises:
        ConfigError: The value is neither a path nor an object with a folder.
        ArtifactError: There is no such folder.
    """
    place = getattr(value, "folder", value)
    if not isinstance(place, str | PathLike):
        raise ConfigError(f"{what} is given as {type(value).__name__}", expected="a folder, or what a function of fluid returned")
    folder = real(place)
    if not folder.is_dir():
        raise ArtifactError("folder not found", where=str(folder), expected=f"the folder of {what}", remedy="Check the path.")
    return folder


def save(folder: Path, out: str | PathLike[str], overwrite: bool = False) -> Path:
    """Copy a sealed folder, byte for byte, but for what other programs have left in it; do nothing if the target holds the same.

    Raises:
        ConfigError: The target lies in the folder or around it, or holds something else that is not to be replaced, or is no earlier
            result.
    """
    artifact, target = open_artifact(folder), named(out)
    if real(target) == artifact.folder or same(target, artifact.digest, artifact.key):
        return target
    check_apart(target, folder)
    check_new_folder(target, overwrite, OCCUPIED)
    with atomic_folder(target) as temporary:
        copy_artifact(artifact, temporary)
    return target


def is_sealed(folder: Path) -> bool:
    """Return whether a folder is a result of a stage, with its manifest."""
    return (folder / MANIFEST).is_file()


def same(folder: Path, digest: str, key: str) -> bool:
    """Return whether a folder holds a certain result already."""
    try:
        found = open_artifact(folder)
    except ArtifactError:
        return False
    return (found.digest, found.key) == (digest, key)
