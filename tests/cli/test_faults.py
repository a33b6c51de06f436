"""Whatever kills a run, the same command ends with the same bytes. `benchmarks/faults/run.py` is the long form."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from fluid.artifacts import hash_file, open_artifact
from fluid.pipeline.store import ArtifactStore
from tests.cli.conftest import Call

LONGER = ["training.teacher.epochs=60", "training.teacher.patience=60", "trainer.checkpoint_s=0.2", "workers=1", "name=run"]


@dataclass(frozen=True)
class Runs:
    """Runs with the settings of a small federation; each folder has runs and a store of its own."""

    settings: list[str]
    folder: Path
    fluid: Call

    def places(self, folder: str) -> list[str]:
        place = self.folder / folder
        return [f"paths.runs={place}", f"paths.artifacts={place / 'store'}"]

    def start(self, folder: str) -> subprocess.Popen:
        """Begin in a process of its own, which can be killed."""
        command = [sys.executable, "-m", "fluid", "simulate", *self.settings, *LONGER, *self.places(folder)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def end(self, folder: str) -> str:
        """Run to the end in this process, and return what is printed."""
        code, out, error = self.fluid("simulate", *self.settings, *LONGER, *self.places(folder))
        assert code == 0, error
        return out


@pytest.fixture
def runs(small: list[str], tmp_path: Path, fluid: Call) -> Runs:
    return Runs(small, tmp_path, fluid)


def killed_at(process: subprocess.Popen, word: str) -> None:
    """Kill a run with all its children when its output says a word."""
    with process:
        assert process.stdout
        assert any(word in line for line in process.stdout), f"the run ended before it said {word!r}"
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def results(place: Path) -> dict[str, str]:
    found = {f"{stage}/{folder.name}": open_artifact(folder).digest for stage, folder in ArtifactStore(place / "store").results()}
    return found | {name: hash_file(place / "run" / name) for name in ("metrics.csv", "consensus/consensus.parquet")}


MOMENTS = ("standardise: pool", "train teacher: T1", "distil student", "train hybrid: H2")


@pytest.mark.parametrize("words", [MOMENTS[1:2], pytest.param(MOMENTS, marks=pytest.mark.slow)], ids=["once", "again and again"])
def test_killed_and_run_again_ends_with_the_same_bytes(runs: Runs, fluid: Call, tmp_path: Path, words: tuple[str, ...]) -> None:
    runs.end("straight")
    for word in words:
        killed_at(runs.start("killed"), word)
    text = runs.end("killed")
    assert "train teacher: T1 (already done)" in text
    assert results(tmp_path / "killed") == results(tmp_path / "straight")
    place = tmp_path / "killed"
    (place / "store" / "teacher" / ".half.x.part").mkdir()
    assert fluid("gc", *runs.places("killed"))[0] == 0
    assert not list(place.rglob("*.part"))
    assert not list((place / "store" / "scratch").iterdir())
    assert results(place) == results(tmp_path / "straight")
