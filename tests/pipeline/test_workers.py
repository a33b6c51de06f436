import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing import connection
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from joblib import parallel_config
from joblib.externals.loky import process_executor

from fluid.errors import ConfigError, FluidError
from fluid.pipeline import workers as room
from fluid.pipeline.processes import peak_memory_mb
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage, Work
from fluid.pipeline.store import ArtifactStore
from fluid.pipeline.workers import nothing, run_side_by_side

pytestmark = pytest.mark.long  # fresh processes take seconds to start


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refused() -> None:
    raise ConfigError("a value is wrong", expected="another")


def test_every_task_is_done_once_in_other_processes(tmp_path: Path) -> None:
    def task(number: int) -> None:
        (tmp_path / str(number)).write_text(str(os.getpid()))

    outcomes = list(run_side_by_side({str(n): partial(task, n) for n in range(5)}, 2))
    assert sorted(outcome.name for outcome in outcomes) == [str(n) for n in range(5)]
    assert str(os.getpid()) not in {file.read_text() for file in tmp_path.iterdir()}


def test_no_tasks() -> None:
    assert list(run_side_by_side({}, 2)) == []


def busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_the_cost_is_that_of_the_worker_and_what_is_below_it(tmp_path: Path) -> None:
    def task() -> None:
        busy(0.3)
        subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)

    costs = {name: cost for name, cost in run_side_by_side({"both": task, "idle": lambda: time.sleep(0.5)}, 2)}
    assert 0.6 <= costs["both"].cpu_s < 1.2
    assert costs["idle"].cpu_s < 0.2
    assert costs["idle"].seconds >= 0.5
    assert costs["both"].gpu_s == 0
    assert 10 < costs["both"].peak_mb < peak_memory_mb()  # its own, not that of the process it came from


def test_workers_have_one_thread_by_default(tmp_path: Path) -> None:
    list(run_side_by_side({"a": lambda: (tmp_path / "threads").write_text(str(torch.get_num_threads()))}, 2))
    assert (tmp_path / "threads").read_text() == "1"


def test_a_killed_worker_is_named_with_what_it_held() -> None:
    with pytest.raises(FluidError, match=r"killed.*T1"):
        list(run_side_by_side({"T1": killed}, 2))


def test_a_worker_that_took_the_place_of_an_idle_one_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or its death is seen only when the other worker ends, idle: joblib wakes its watcher before it begins the workers."""
    watched: list[int] = []

    def wait(objects: list[object], timeout: float | None = None) -> list[object]:
        watched.append(len(objects) - 2)  # besides results and news
        return cast("list[object]", connection.wait(cast("Any", objects), timeout))

    def begin_slowly(pool: Any) -> None:
        time.sleep(0.2)
        begin(pool)

    monkeypatch.setattr(room, "parallel_config", partial(parallel_config, idle_worker_timeout=1))
    begin = process_executor.ProcessPoolExecutor._adjust_process_count
    monkeypatch.setattr(process_executor.ProcessPoolExecutor, "_adjust_process_count", begin_slowly)
    monkeypatch.setattr(process_executor, "wait", wait)
    list(run_side_by_side({"T1": nothing}, 2))
    until = time.monotonic() + 60
    while watched[-1] > 0 and time.monotonic() < until:
        time.sleep(0.1)
    assert watched[-1] == 0  # both ended, idle
    watched.clear()
    with pytest.raises(FluidError, match=r"killed.*T1"):
        list(run_side_by_side({"T1": killed}, 2))
    assert 2 in watched
    assert [outcome.name for outcome in run_side_by_side({"T1": lambda: None}, 2)] == ["T1"]  # the next call has fresh workers


def test_an_error_of_a_task_comes_through_as_it_is() -> None:
    with pytest.raises(ConfigError, match="a value is wrong; expected another"):
        list(run_side_by_side({"T1": refused}, 2))


def random_stage(name: str, n_threads: int = 1) -> Stage:
    def build(folder: Path, work: Work) -> None:
        weights = torch.randn(300, 4000, generator=torch.Generator().manual_seed(len(name)))
        np.save(folder / "sums.npy", (weights @ weights.T).numpy())
        (folder / "threads").write_text(str(torch.get_num_threads()))
        work.report(1.0)

    return Stage("teacher", name, {"seed": 0}, build, "errors.py", n_threads)


class Recorder(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        self.lines.append((name, reused))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_number_of_workers_changes_no_byte(tmp_path: Path, n_threads: int) -> None:
    stages = {name: random_stage(name, n_threads) for name in ("T1", "T22", "T333")}
    digests = []
    for workers in (1, 2):
        runner = Runner(ArtifactStore(tmp_path / str(workers)), workers=workers)
        made = runner.make_all(stages)
        digests.append({name: artifact.digest for name, artifact in made.items()})
        assert {(artifact / "threads").read_text() for artifact in made.values()} == {str(n_threads)}
    assert digests[0] == digests[1]
    assert list(digests[0]) == list(stages)


def test_only_what_is_new_is_made_and_all_of_it_is_shown(tmp_path: Path) -> None:
    progress = Recorder()
    runner = Runner(ArtifactStore(tmp_path), progress, workers=2)
    runner.make(random_stage("T1"))
    runner.make_all({name: random_stage(name) for name in ("T1", "T22", "T333")})
    assert sorted(progress.lines) == [("T1", False), ("T1", True), ("T22", False), ("T333", False)]
    assert len(runner.records) == 4


def test_the_library_itself_keeps_its_threads(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    Runner(ArtifactStore(tmp_path)).make(random_stage("T1", 1 if before > 1 else 2))
    assert torch.get_num_threads() == before
