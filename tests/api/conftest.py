"""The Python interface on a small consortium, in an empty folder with a store of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Files

TINY = {"training": "tiny", "trainer": {"threads": 1}, "annotation": {"mc_samples": 0}, "intake": {"quorum": 5, "workers": 0}}
TYPED = ["training=tiny", "trainer.threads=1", "annotation.mc_samples=0", "intake.quorum=5", "intake.workers=0"]
NETWORK = {"hidden": 16, "layers": 2}
NETWORK_TYPED = ["model.hidden=16", "model.layers=2"]

Script = Callable[..., "subprocess.CompletedProcess[str]"]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a folder, by relative path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLUID_STORE", raising=False)
    return tmp_path


@pytest.fixture
def assay(files: Files, here: Path) -> Path:
    """Write the file of one company: every second molecule of the pool."""
    lines = files.pool.read_text().splitlines()
    path = here / "assay.csv"
    path.write_text("\n".join([lines[0], *lines[1::2]]) + "\n")
    return path


@pytest.fixture
def python(tmp_path: Path) -> Script:
    """Return a function that runs Python in an empty folder."""

    def run(*arguments: str, given: str | None = None, timeout_s: float = 100) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        environment.pop("FLUID_STORE", None)
        command = [sys.executable, *arguments]
        keep: dict[str, Any] = {"input": given, "capture_output": True, "text": True, "timeout": timeout_s, "check": False}
        return subprocess.run(command, cwd=tmp_path, env=environment, **keep)

    return run
