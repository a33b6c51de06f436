"""The interface in a real Jupyter kernel: the tutorial runs, errors are one line, an interrupted cell goes on where it stopped."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from jupyter_client.manager import KernelManager

from fluid.data.readers import EXPECTED
from tests.conftest import Files

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
FEWER = {"iloc[:900]": "iloc[:450]", "iloc[:1000]": "iloc[:200]", "n_trees=100": "n_trees=20", "n_bootstrap=50": "n_bootstrap=5"}
SLOW_TRAINING = """
import fluid
settings = ["model.hidden=16", "model.layers=2", "intake.quorum=5", "trainer.threads=1", "trainer.checkpoint_s=0.01",
            "training.teacher.patience=1000", "training.teacher.epochs={epochs}", "annotation.mc_samples=0"]
teacher = fluid.train_teacher({pool!r}, endpoints=["active"], company="T1", settings=settings)
"""
TELL_OF_CHECKPOINTS = """
from fluid.training import fit
read = fit.read_state
def told(*given):
    state = read(*given)
    print("went on from a checkpoint:", state is not None)
    return state
fit.read_state = told
"""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels find this checkout, and put the store where they work."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.delenv("FLUID_STORE", raising=False)


class Kernel:
    """A Jupyter kernel at work in a folder."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager()
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def reply(self, identity: str) -> dict[str, Any]:
        """Return how a cell ended."""
        while True:
            message = self.client.get_shell_msg(timeout=100)
            if message["parent_header"].get("msg_id") == identity:
                return dict(message["content"])

    def printed(self) -> str:
        """Return what has been printed so far."""
        texts = []
        while self.client.iopub_channel.msg_ready():
            content = self.client.get_iopub_msg(timeout=1)["content"]
            texts.append(content.get("text", ""))
        return "".join(texts)

    def run(self, code: str) -> dict[str, Any]:
        """Run a cell to its end."""
        return self.reply(self.client.execute(code))

    def end(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(environment: None, tmp_path: Path) -> Iterator[Kernel]:
    """Start a kernel in an empty folder."""
    kernel = Kernel(tmp_path)
    yield kernel
    kernel.end()


@pytest.mark.parametrize("file", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda file: file.stem)
def test_a_tutorial_runs_and_is_kept_without_outputs(file: Path, environment: None, tmp_path: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    for cell in cells:
        for words, instead in FEWER.items():
            cell.source = cell.source.replace(words, instead)
    nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in cells for output in cell.outputs]
    assert any("<table" in output.get("data", {}).get("text/html", "") for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)


def test_there_are_tutorials() -> None:
    assert (TUTORIALS / "first_federation.ipynb").is_file()


def test_an_error_is_one_line(kernel: Kernel) -> None:
    reply = kernel.run("import fluid\nfluid.train_teacher('nowhere.csv', company='T1')")
    assert reply["status"] == "error"
    assert [line for text in reply["traceback"] for line in text.splitlines()] == [
        f"InputError: nowhere.csv: the molecule file is not found; expected {EXPECTED}. Check the path."
    ]


@pytest.mark.slow
def test_an_interrupted_cell_leaves_nothing_and_goes_on(kernel: Kernel, files: Files, tmp_path: Path) -> None:
    store = tmp_path / "runs" / "store"
    code = SLOW_TRAINING.format(pool=str(files.pool), epochs=80)
    cell, began = kernel.client.execute(code), time.monotonic()
    while not list(store.glob("scratch/*/member_0")) and time.monotonic() - began < 100:
        time.sleep(0.05)
    time.sleep(0.3)
    kernel.manager.interrupt_kernel()
    reply = kernel.reply(cell)
    assert (reply["status"], reply["ename"]) == ("error", "Interrupted")
    lines = [line for text in reply["traceback"] for line in text.splitlines()]
    assert lines == ["Interrupted: interrupted; nothing is half-written. Make the same call again to go on from the last checkpoint."]
    assert not list(store.glob("teacher/*"))
    assert kernel.run(TELL_OF_CHECKPOINTS)["status"] == "ok"
    kernel.printed()
    assert kernel.run(code + "\nprint(len(teacher.predict(['CCO'])))")["status"] == "ok"
    time.sleep(0.5)
    assert "went on from a checkpoint: True" in kernel.printed()
    assert len(list(store.glob("teacher/*"))) == 1
    assert not list(store.glob("scratch/*"))
