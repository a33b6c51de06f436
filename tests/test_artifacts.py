import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fluid import artifacts
from fluid.artifacts import atomic_file, atomic_folder, current_umask, hash_json, open_artifact, read_json, seal, write_json
from fluid.errors import ArtifactError
from fluid.pipeline.store import ArtifactStore


def make(text: str, calls: list[str] | None = None) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        if calls is not None:
            calls.append(text)
        (folder / "sub").mkdir()
        (folder / "a.txt").write_text(text)
        (folder / "sub" / "b.bin").write_bytes(bytes(range(256)))

    return build


def test_hash_json_ignores_key_order_and_tells_values_apart() -> None:
    assert hash_json({"a": 1, "b": [1.5, None]}) == hash_json({"b": (1.5, None), "a": 1})
    assert len({hash_json(v) for v in ({"a": 1}, {"a": "1"}, {"a": 1.5}, {"a": None}, {"a": [1]})}) == 5


def test_a_stage_is_built_once_and_found_again(tmp_path: Path) -> None:
    store, calls = ArtifactStore(tmp_path), []
    first, found = store.get_or_make("toy", {"x": 1}, make("one", calls))
    again, found_again = store.get_or_make("toy", {"x": 1}, make("one", calls))
    assert (found, found_again, calls) == (False, True, ["one"])
    assert first == again
    assert (again / "a.txt").read_text() == "one"


def test_other_inputs_make_another_artifact_and_equal_content_an_equal_digest(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    a, b, c = (store.get_or_make("toy", {"x": x}, make(text))[0] for x, text in ((1, "one"), (2, "one"), (3, "three")))
    assert len({a.key, b.key, c.key}) == 3
    assert a.digest == b.digest != c.digest


@pytest.mark.parametrize("seed", range(20))
def test_one_flipped_bit_anywhere_is_noticed_and_the_stage_rebuilt(tmp_path: Path, seed: int) -> None:
    store, rng = ArtifactStore(tmp_path), np.random.default_rng(seed)
    artifact, _ = store.get_or_make("toy", {}, make("payload"))
    files = sorted(f for f in artifact.folder.rglob("*") if f.is_file())
    file = files[rng.integers(len(files))]
    data = bytearray(file.read_bytes())
    data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    file.write_bytes(data)
    if file.name != artifacts.MANIFEST:
        with pytest.raises(ArtifactError, match=file.name):
            open_artifact(artifact.folder)
    with pytest.warns(UserWarning, match=rf"{artifact.folder.name if file.name == artifacts.MANIFEST else file.name}.*will be made again"):
        rebuilt, found = store.get_or_make("toy", {}, make("payload"))
    assert not found
    assert rebuilt.digest == artifact.digest
    assert open_artifact(rebuilt.folder).key == rebuilt.key


def test_a_missing_and_an_added_file_are_noticed(tmp_path: Path) -> None:
    artifact, _ = ArtifactStore(tmp_path).get_or_make("toy", {}, make("x"))
    (artifact / "extra").write_text("")
    with pytest.raises(ArtifactError, match="extra"):
        open_artifact(artifact.folder)
    (artifact / "extra").unlink()
    (artifact / "a.txt").unlink()
    with pytest.raises(ArtifactError, match=r"a\.txt"):
        open_artifact(artifact.folder)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device"), ValueError("bug")])
def test_a_failed_build_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def build(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise error

    with pytest.raises(type(error)):
        ArtifactStore(tmp_path).get_or_make("toy", {}, build)
    assert list((tmp_path / "toy").iterdir()) == []
    assert not list(tmp_path.rglob("*half*"))


def test_atomic_file_keeps_the_old_content_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")

    def interrupted() -> None:
        with atomic_file(path) as temporary:
            temporary.write_text("new")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_atomic_folder_replaces_the_old_one(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with atomic_folder(tmp_path / "d") as temporary:
            (temporary / text).write_text(text)
    assert os.listdir(tmp_path / "d") == ["new"]


def test_json_is_canonical_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"b": 1, "a": (1, 2)})
    assert (tmp_path / "x.json").read_text() == json.dumps({"a": [1, 2], "b": 1}, indent=2) + "\n"
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "y.json", float("nan"))
    assert not (tmp_path / "y.json").exists()


@pytest.mark.parametrize(("text", "match"), [(None, "file not found"), ("{", "not valid JSON"), ("\x00\xff", "not valid JSON")])
def test_unreadable_json_is_named(tmp_path: Path, text: str | None, match: str) -> None:
    path = tmp_path / "m.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ArtifactError, match=match) as error:
        read_json(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("manifest", [[], {}, {"stage": "x", "key": "y", "files": 3, "digest": "z"}])
def test_a_broken_manifest_is_named(tmp_path: Path, manifest: object) -> None:
    write_json(tmp_path / artifacts.MANIFEST, manifest)
    with pytest.raises(ArtifactError, match=r"artifact\.json"):
        open_artifact(tmp_path)


def test_seal_covers_nested_files(tmp_path: Path) -> None:
    make("x")(tmp_path)
    seal(tmp_path, "toy", "key")
    assert set(read_json(tmp_path / artifacts.MANIFEST)["files"]) == {"a.txt", "sub/b.bin"}


@pytest.mark.parametrize(("mask", "file_mode", "folder_mode"), [(0o077, 0o600, 0o700), (0o022, 0o644, 0o755), (0o002, 0o664, 0o775)])
def test_files_and_folders_follow_the_umask(mask: int, file_mode: int, folder_mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        with atomic_file(tmp_path / "file") as temporary:
            assert temporary.stat().st_mode & 0o777 & mask == 0
            temporary.write_text("x")
        with atomic_folder(tmp_path / "folder") as temporary:
            (temporary / "inside").write_text("x")
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("file", "folder", "folder/inside")]
    assert modes == [file_mode, folder_mode, file_mode]


def test_the_umask_is_told_the_same_in_both_ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert current_umask() == 0o027
        monkeypatch.setattr(artifacts, "STATUS", tmp_path / "missing")
        assert current_umask() == 0o027
    finally:
        assert os.umask(before) == 0o027
