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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fluid.errors import ArtifactError

MANIFEST = "artifact.json"
REMEDY = "Delete the folder and run again."
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
    """Yield a temporary path in `path`'s folder; on success it is flushed and renamed, on failure removed."""
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
    """Yield a temporary folder beside `path`; on success it is flushed and replaces `path`, on failure removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent))
    temporary.chmod(0o777 & ~current_umask())
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _flush(file)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
        _flush(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
    """Write the manifest of a finished folder: the SHA-256 of every file in it."""
    files = {str(file.relative_to(folder)): hash_file(file) for file in sorted(folder.rglob("*")) if file.is_file()}
    write_json(folder / MANIFEST, {"stage": stage, "key": key, "files": files, "digest": hash_json(files)})


def open_artifact(folder: Path) -> Artifact:
    """Verify a sealed folder and return it.

    Raises:
        ArtifactError: The manifest is missing, or a file is missing, added or altered (named).
    """
    if not folder.is_dir():
        raise ArtifactError("folder not found", where=str(folder), remedy="Check the path.")
    manifest = read_json(folder / MANIFEST)
    try:
        stage, key, files, digest = (manifest[name] for name in ("stage", "key", "files", "digest"))
        present = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()} - {MANIFEST}
        wrong = sorted(present ^ set(files)) or [f for f in files if hash_unchanged(folder / f) != files[f]]
    except (KeyError, TypeError):
        raise ArtifactError("manifest is incomplete", where=str(folder / MANIFEST), remedy=REMEDY) from None
    if wrong or digest != hash_json(files):
        raise ArtifactError("content differs from its manifest", where=str(folder / (wrong or [MANIFEST])[0]), remedy=REMEDY)
    return Artifact(stage, key, folder, digest)
