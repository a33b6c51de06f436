"""Whatever kills a run, the same command ends with the same bytes. `benchmarks/faults/run.py` is the long form."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fluid.artifacts import hash_file, open_artifact
from fluid.pipeline.store import ArtifactStore

LONGER = ["training.teacher.epochs=60", "training.teacher.patience=60", "trainer.checkpoint_s=0.2", "workers=1", "name=run"]
Start = Callable[[str], subprocess.Popen]


@pytest.fixture
def start(small: list[str], tmp_path: Path) -> Start:
    def begin(folder: str) -> subprocess.Popen:
        place = tmp_path / folder
        command = [sys.executable, "-m", "fluid", "simulate", *small, *LONGER, f"paths.runs={place}", f"paths.artifacts={place / 'store'}"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    return begin


def ended(process: subprocess.Popen) -> str:
    text, _ = process.communicate(timeout=200)
    assert process.returncode == 0, text
    return text


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
def test_killed_and_run_again_ends_with_the_same_bytes(start: Start, tmp_path: Path, words: tuple[str, ...]) -> None:
    ended(start("straight"))
    for word in words:
        killed_at(start("killed"), word)
    text = ended(start("killed"))
    assert "train teacher: T1 (already done)" in text
    assert results(tmp_path / "killed") == results(tmp_path / "straight")
    place = tmp_path / "killed"
    (place / "store" / "teacher" / ".half.x.part").mkdir()
    collect = [sys.executable, "-m", "fluid", "gc", f"paths.runs={place}", f"paths.artifacts={place / 'store'}"]
    subprocess.run(collect, cwd=tmp_path, check=True, capture_output=True)
    assert not list(place.rglob("*.part"))
    assert not list((place / "store" / "scratch").iterdir())
    assert results(place) == results(tmp_path / "straight")
