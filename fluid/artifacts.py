"""Atomic, hashed, verified files.

Everything is written to a temporary name beside its target, flushed to disk, then renamed: a reader never
sees half a file. A stage's result is a folder with a manifest of the SHA-256 of each file; it is verified when it is read.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from fluid.errors import ArtifactError
from fluid.foreign import files_below, is_foreign, is_litter

MANIFEST = "artifact.json"
REMEDY = "Delete the folder and run again."
MOVE = "Move it away."
PART = ".part"
SETTLED_S = 2.0


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=1_000_000)
def _hash_of_state(path: str, inode: int, size: int, changed_ns: int) -> str:
    return hash_file(Path(path))


def hash_unchanged(path: Path) -> str:
    """Return the SHA-256 of a file, from memory if this process has hashed it and its inode, size and change time are the same.

    Clocks of file systems are coarse: a file that changed in the last seconds is hashed anew.
    """
    state = path.stat()
    if time.time() - state.st_ctime < SETTLED_S:
        return hash_file(path)
    return _hash_of_state(str(path), state.st_ino, state.st_size, state.st_ctime_ns)


def plain(value: Any) -> Any:
    """Turn dataclasses, tuples and paths into what JSON can hold; a number, string or None passes."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def hash_json(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON (sorted keys, no spaces)."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def without_link(path: Path) -> Path:
    """Return what a link, or a path with `..` in it, leads to; any other path as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() or os.pardir in path.parts else path


STATUS = Path("/proc/self/status")


def current_umask() -> int:
    """Return the permissions that this process denies to new files; temporary files are made with fewer than it allows.

    Where the system does not tell them, they are set and set back; in between only the owner is allowed anything.
    """
    with suppress(OSError, StopIteration):
        return int(next(line for line in STATUS.read_text().splitlines() if line.startswith("Umask:")).split()[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path in `path`'s folder; on success it is flushed and renamed, on failure removed.

    A link is followed: what it leads to is replaced.
    """
    path = without_link(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    temporary.chmod(0o666 & ~current_umask())
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success it is flushed and replaces `path`, on failure removed.

    A link is followed: what it leads to is replaced. What was there is removed only when the new one is in its place.
    """
    path = without_link(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent))
    temporary.chmod(0o777 & ~current_umask())
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _flush(file)
        _replace_folder(path, temporary)
        _flush(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(path: Path, new: Path) -> None:
    """Put a folder in the place of another, which is put aside meanwhile and put back if that fails."""
    if not path.exists():
        new.replace(path)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent))
    aside.rmdir()
    path.replace(aside)
    try:
        new.replace(path)
    except BaseException:
        aside.replace(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON with sorted keys, atomically; NaN is refused."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(plain(value), indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ArtifactError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise ArtifactError("file not found", where=str(path)) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"not valid JSON ({error})", where=str(path), remedy="Copy or make it again.") from None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A finished stage result.

    Attributes:
        stage: Name of the stage that made it.
        key: Hash of what went in.
        folder: Where its files are.
        digest: Hash of what came out; downstream stages key on this.
    """

    stage: str
    key: str
    folder: Path
    digest: str

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


def seal(folder: Path, stage: str, key: str) -> None:
    """Write the manifest of a finished folder: the SHA-256 of every file in it but those that a system has left there."""
    files = {name: hash_file(folder / name) for name in files_below(folder) if not is_foreign(name)}
    write_json(folder / MANIFEST, {"stage": stage, "key": key, "files": files, "digest": hash_json(files)})


def read_manifest(folder: Path) -> tuple[str, str, dict[str, str], str]:
    """Return stage, key, hashes of files and digest, as a sealed folder's manifest has them; nothing is verified.

    Raises:
        ArtifactError: The manifest is missing, or is none.
    """
    manifest = read_json(folder / MANIFEST)
    try:
        stage, key, files, digest = (manifest[name] for name in ("stage", "key", "files", "digest"))
        return stage, key, dict(files.items()), digest
    except (KeyError, TypeError, AttributeError):
        raise ArtifactError("manifest is incomplete", where=str(folder / MANIFEST), remedy=REMEDY) from None


def open_artifact(folder: Path) -> Artifact:
    """Verify a sealed folder and return it; files that a system or an editor left there are ignored, and named in a warning.

    Raises:
        ArtifactError: The manifest is missing, or a file is missing, added or altered (named).
    """
    if not folder.is_dir():
        raise ArtifactError("folder not found", where=str(folder), remedy="Check the path.")
    stage, key, files, digest = read_manifest(folder)
    present = files_below(folder)
    added = [name for name in present if name not in files and name != MANIFEST]
    if own := [name for name in added if not is_foreign(name)]:
        raise ArtifactError("this file does not belong to the results in its folder", where=str(folder / own[0]), remedy=MOVE)
    wrong = sorted(set(files) - set(present)) or [name for name in files if hash_unchanged(folder / name) != files[name]]
    if wrong or digest != hash_json(files):
        raise ArtifactError("content differs from its manifest", where=str(folder / (wrong or [MANIFEST])[0]), remedy=REMEDY)
    tell_of_foreign(folder, added)
    return Artifact(stage, key, folder, digest)


def tell_of_foreign(folder: Path, names: Sequence[str]) -> None:
    """Warn, once in a process, of files in a folder that a system or an editor has left, if there are any."""
    if names:
        _warn_once(f"{folder} also holds files of other programs, which are ignored: {', '.join(map(repr, names))}")


@cache
def _warn_once(message: str) -> None:
    warnings.warn(message, stacklevel=4)


def copy_artifact(artifact: Artifact, folder: Path) -> None:
    """Copy the files of a sealed folder, and nothing else that lies there, into another folder."""
    for name in (*read_manifest(artifact.folder)[2], MANIFEST):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(artifact / name, folder / name)


def strangers(folder: Path) -> list[str]:
    """Return the files of a folder that do not belong to a sealed result in it; of those that systems make again, none."""
    try:
        known = {*read_manifest(folder)[2], MANIFEST}
    except ArtifactError:
        known = set()
    return [name for name in files_below(folder) if name not in known and not is_litter(name)]
