"""Output that is closed, full, of another encoding, or read by somebody who has seen enough; a folder that is gone; no home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fluid.cli.streams import shown

FLUID = f"{sys.executable} -m fluid"


def shell(command: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command line in a shell; what an environment variable is given as empty is unset."""
    path = os.pathsep.join(path for path in sys.path if path)
    values = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env={name: value for name, value in values.items() if value}, capture_output=True,
        encoding="utf-8", errors="replace", check=False, timeout=100,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        (f"{FLUID} --help | head -n 0; exit ${{PIPESTATUS[0]}}", None, ""),
        (f"{FLUID} report --help | head -n 1; exit ${{PIPESTATUS[1]}}", 0, ""),
        (f"{FLUID} --version >&-", 0, ""),
        (f"{FLUID} report run=nowhere >&-", 2, "fluid: error: nowhere: "),
        (f"{FLUID} report run=nowhere >&- 2>&- <&-", 2, ""),
        (f"printf 'smiles,hit\\nCCO,1\\n' > a.csv; {FLUID} inspect a.csv molecules=false >&-", 0, ""),
        (f"{FLUID} --version > /dev/full", 1, "fluid: error: the disk is full (while writing)"),
        (f"mkdir gone && cd gone && rmdir ../gone && {FLUID} report run=x", 2, "fluid: error: the folder you work in is gone"),
    ],
)
def test_no_output_is_no_traceback(command: str, code: int | None, error: str, tmp_path: Path) -> None:
    done = shell(command, tmp_path)
    assert done.returncode == code or code is None
    assert done.stderr.startswith(error)
    assert done.stderr.count("\n") == bool(error)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        pytest.param({"LC_ALL": "C"}, marks=pytest.mark.slow),
        pytest.param({"HOME": ""}, marks=pytest.mark.slow),
        {"HOME": "/proc/none", "TERM": "dumb"},
    ],
)
def test_any_name_can_be_shown_anywhere(tmp_path: Path, environment: dict[str, str]) -> None:
    done = shell(f"{FLUID} report 'run=Präparat (1) 日本'; {FLUID} collect $'folder=caf\\xe9'", tmp_path, **environment)
    assert done.returncode == 2
    assert done.stderr.count("fluid: error: ") == 2  # matplotlib has its own words for a home that cannot be written
    assert "Traceback" not in done.stderr


def test_signs_that_steer_a_terminal_are_shown_as_numbers() -> None:
    assert shown("a\x1b[31m\n b\u202ec\udce9 é日\t") == "a\\x1b[31m b\\u202ec\\udce9 é日"
    assert len(shown("x" * 10**6)) < 5000
