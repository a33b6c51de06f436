import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from fluid.errors import ArtifactError
from fluid.pipeline.store import LOCKS, USERS, ArtifactStore, stage_key

CONTEXT = multiprocessing.get_context("spawn")


def build_slowly(root: Path, log: Path, seconds: float) -> None:
    def build(folder: Path) -> None:
        with log.open("a") as stream:
            stream.write(f"{os.getpid()}\n")
        time.sleep(seconds)
        (folder / "a.txt").write_text("made")

    ArtifactStore(root).get_or_make("toy", {}, build)


def hold(root: Path, seconds: float) -> None:
    store = ArtifactStore(root)
    store.prepare()
    with store.used():
        (root / "held").touch()
        time.sleep(seconds)


def wait_for(path: Path, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


@pytest.mark.long
def test_of_several_processes_one_builds_and_the_others_wait(tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [CONTEXT.Process(target=build_slowly, args=(tmp_path / "store", log, 1.0)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(log.read_text().splitlines()) == 1


def test_a_dead_builder_is_taken_over_at_once(tmp_path: Path) -> None:
    log, told = tmp_path / "log", []
    process = CONTEXT.Process(target=build_slowly, args=(tmp_path / "store", log, 600.0))
    process.start()
    wait_for(log)
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    began = time.monotonic()
    _, found = ArtifactStore(tmp_path / "store").get_or_make("toy", {}, lambda folder: (folder / "a.txt").write_text("made"), told.append)
    assert (found, told) == (False, [])
    assert time.monotonic() - began < 5


@pytest.mark.long
def test_whoever_waits_says_so(tmp_path: Path) -> None:
    log, told = tmp_path / "log", []
    process = CONTEXT.Process(target=build_slowly, args=(tmp_path / "store", log, 3.0))
    process.start()
    wait_for(log)
    _, found = ArtifactStore(tmp_path / "store").get_or_make("toy", {}, lambda folder: None, told.append)
    process.join(60)
    assert (found, told) == (True, ["toy: another process is making it; waiting"])


def test_a_store_of_another_format_is_refused(tmp_path: Path) -> None:
    ArtifactStore(tmp_path).prepare()
    (tmp_path / "store.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ArtifactError, match=r"another format \(\{'format': 99\}\); expected format 1.*FLUID_STORE"):
        ArtifactStore(tmp_path)


def test_a_store_that_cannot_be_written_says_so_but_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ArtifactStore(tmp_path)
    store.get_or_make("toy", {}, lambda folder: (folder / "a.txt").write_text("made"))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(tmp_path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with store.used(tmp_path):
        assert store.get_or_make("toy", {}, lambda folder: None)[1]
    with pytest.raises(ArtifactError, match=r"cannot be written \(Read-only file system\).*paths.artifacts"):
        store.get_or_make("toy", {"other": 1}, lambda folder: None)


def test_a_manifest_of_another_result_is_not_taken(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    store.get_or_make("toy", {"x": 1}, lambda folder: (folder / "a.txt").write_text("1"))
    place = {x: store.place("toy", stage_key("toy", {"x": x})) for x in (1, 2)}
    place[1].rename(place[2])
    with pytest.warns(UserWarning, match="its manifest is that of another result"):
        artifact, found = store.get_or_make("toy", {"x": 2}, lambda folder: (folder / "a.txt").write_text("2"))
    assert not found
    assert (artifact / "a.txt").read_text() == "2"


def test_nobody_collects_while_somebody_works_and_a_dead_user_is_forgotten(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    process = CONTEXT.Process(target=hold, args=(tmp_path, 600.0))
    process.start()
    wait_for(tmp_path / "held")
    with pytest.raises(ArtifactError, match=rf"{process.pid} is at work in the store"), store.undisturbed():
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    with store.undisturbed():
        assert not list((tmp_path / USERS).iterdir())
    assert (tmp_path / LOCKS).is_dir()


def test_a_hash_is_remembered_only_for_a_file_that_rested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fluid import artifacts

    path = tmp_path / "x"
    path.write_text("old")
    first = artifacts.hash_unchanged(path)
    path.write_text("new")  # same size, perhaps the same clock tick
    assert artifacts.hash_unchanged(path) != first
    monkeypatch.setattr(artifacts, "SETTLED_S", -1.0)
    calls = []
    monkeypatch.setattr(artifacts, "hash_file", lambda path: calls.append(path) or "hash")
    artifacts._hash_of_state.cache_clear()
    assert [artifacts.hash_unchanged(path) for _ in range(3)] == ["hash"] * 3
    assert len(calls) == 1
    artifacts._hash_of_state.cache_clear()
