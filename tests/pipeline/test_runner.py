import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fluid.cli.failures import is_disk_full
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.checkpoint import save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner, Task, titles
from fluid.pipeline.stage import Stage, Work
from fluid.pipeline.store import SCRATCH, ArtifactStore


def stage(build: Callable[[Path, Work], None] | None = None, **inputs: object) -> Stage:
    def write(folder: Path, work: Work) -> None:
        (folder / "a.txt").write_text("done")
        work.report(1.0)

    return Stage("split", "companies", inputs or {"seed": 0}, build or write, "errors.py")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


def test_a_stage_is_built_once(runner: Runner) -> None:
    first, second = runner.make(stage()), runner.make(stage())
    assert first.digest == second.digest
    assert [record.reused for record in runner.records] == [False, True]
    assert runner.make(stage(seed=1)).key != first.key


def test_the_watch_is_told_everything(tmp_path: Path) -> None:
    told: list[object] = []

    class Progress(SilentProgress):
        def start(self, stage: str, name: str) -> None:
            told.append(("start", stage, name))

        def advance(self, share: float) -> None:
            told.append(share)

        def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
            told.append(("done", reused))

    Runner(ArtifactStore(tmp_path), Progress()).make(stage())
    assert told == [("start", "split", "companies"), 1.0, ("done", False)]


def test_a_place_of_the_users_choice(runner: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = runner.make_at(stage(), out)
    assert (out / "a.txt").read_text() == "done"
    assert runner.make_at(stage(), out).digest == made.digest
    assert [record.reused for record in runner.records] == [False, True]
    with pytest.raises(ConfigError, match="already holds other results.*overwrite=true"):
        runner.make_at(stage(seed=1), out)
    assert runner.make_at(stage(seed=1), out, overwrite=True).key != made.key


def test_an_empty_folder_may_be_filled_and_a_file_may_not(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    runner.make_at(stage(), tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="already holds other results"):
        runner.make_at(stage(), tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_text() == "mine"


def no_room(folder: Path, work: Work) -> None:
    (folder / "half.txt").write_text("half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "half.txt"))


@pytest.mark.parametrize("failure", [no_room])
def test_a_failed_stage_leaves_nothing_half_written(runner: Runner, tmp_path: Path, failure: Callable[[Path, Work], None]) -> None:
    runner.make(stage(seed=5))
    with pytest.raises(OSError, match="No space left"):
        runner.make(stage(failure))
    with pytest.raises(OSError, match="No space left"):
        runner.make_at(stage(failure), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [file.name for file in (tmp_path / "store").rglob("half.txt")] == []
    assert runner.make(stage()).folder.is_dir()  # the store goes on working


def large_array(folder: Path, work: Work) -> None:
    np.save(folder / "large.npy", np.ones(10**6))


def large_network(folder: Path, work: Work) -> None:
    endpoints = (Endpoint("active"),)
    ones, zeros = np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.float32)
    network = Network(NetworkSpec(hidden=256, layers=3), endpoints)
    save_predictor(folder, GraphEnsemble((network,), endpoints, ones, location=zeros, scale=ones))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("large", [large_array, large_network])
def test_a_disk_that_is_really_full(tmp_path: Path, large: Callable[[Path, Work], None]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        runner = Runner(ArtifactStore(disk / "store"))
        kept = runner.make(stage())

        with pytest.raises(OSError) as failure:
            runner.make(stage(large, seed=2))
        assert is_disk_full(failure.value)
        assert runner.make(stage()).digest == kept.digest
        assert not list(disk.rglob("*.part"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_scratch_survives_an_interrupted_stage_and_goes_when_it_is_done(runner: Runner) -> None:
    found: list[bool] = []

    def interrupted(folder: Path, work: Work) -> None:
        piece = work.scratch / "piece"
        found.append(piece.exists())
        work.scratch.mkdir(parents=True, exist_ok=True)
        piece.touch()
        if len(found) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.make(stage(interrupted))
    runner.make(stage(interrupted))
    assert found == [False, True]
    assert not list((runner.store.root / SCRATCH).iterdir())


def test_scratch_belongs_to_the_inputs(runner: Runner) -> None:
    places: list[Path] = []
    for seed in (1, 2):
        runner.make(stage(lambda folder, work: places.append(work.scratch), seed=seed))
    assert len(set(places)) == 2


def test_two_kinds_of_task_for_one_name_are_told_apart() -> None:
    tasks = [Task("consensus", "consensus", int), Task("evaluate", "consensus", int), Task("teacher", "T1", int)]
    assert titles(tasks) == ["consensus consensus", "evaluate consensus", "T1"]
