"""Where results lie: sealed folders in the store or of the user's choice, and copies of them."""

import shutil
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fluid.artifacts import MANIFEST, atomic_folder, open_artifact
from fluid.errors import ArtifactError, ConfigError


def folder_of(value: Any, what: str) -> Path:
    """Return the folder of something that was made: of an object of this interface, or a path.

    Raises:
        ConfigError: The value is neither a path nor an object with a folder.
        ArtifactError: There is no such folder.
    """
    place = getattr(value, "folder", value)
    if not isinstance(place, str | PathLike):
        raise ConfigError(f"{what} is given as {type(value).__name__}", expected="a folder, or what a function of fluid returned")
    folder = Path(fspath(place)).expanduser().resolve()
    if not folder.is_dir():
        raise ArtifactError("folder not found", where=str(folder), expected=f"the folder of {what}", remedy="Check the path.")
    return folder


def save(folder: Path, out: str | PathLike[str], overwrite: bool = False) -> Path:
    """Copy a sealed folder, byte for byte; do nothing if the target holds the same.

    Raises:
        ConfigError: The target holds something else, and is not to be overwritten, or is no earlier result.
    """
    artifact, target = open_artifact(folder), Path(out).expanduser().resolve()
    if target == artifact.folder or same(target, artifact.digest, artifact.key):
        return target
    occupied = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if occupied and not (overwrite and (target / MANIFEST).is_file()):
        raise ConfigError(
            "the output folder already holds other results",
            where=str(target),
            expected="a new or empty folder",
            remedy="Choose another folder, or add overwrite=True to replace earlier results of fluid.",
        )
    with atomic_folder(target) as temporary:
        shutil.copytree(folder, temporary, dirs_exist_ok=True)
    return target


def same(folder: Path, digest: str, key: str) -> bool:
    """Return whether a folder holds a certain result already."""
    try:
        found = open_artifact(folder)
    except ArtifactError:
        return False
    return (found.digest, found.key) == (digest, key)
