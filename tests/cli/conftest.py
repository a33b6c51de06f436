"""The command line as a user calls it, on a small consortium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluid.cli.main import main
from fluid.reporting import comparison
from fluid.reporting.figures import bars, panels
from fluid.reporting.style import as_svg
from tests.conftest import Files

SMALL = [
    "data=files", "data.validation_share=0.15", "intake.endpoints=[active]", "intake.quorum=5", "intake.workers=0",
    "companies=size", "companies.n=3", "companies.size_exponent=0.3", "companies.min_size=20", "companies.min_per_class=5",
    "training=tiny", "model.hidden=16", "model.layers=2", "trainer.threads=1",
    "annotation.mc_samples=0", "evaluation.n_bootstrap=5", "evaluation.forest=false", "workers=1",
]  # fmt: skip

Call = Callable[..., tuple[int, str, str]]
DRAWING = (bars, comparison, panels)

EVIDENCE = "annotation.domain=evidence"
TOGETHER = {
    "consensus/evidence.yaml": (EVIDENCE,),
    "distillation/experts.yaml": (EVIDENCE, "hybrid=own_expert"),
    "distillation/regions.yaml": (EVIDENCE, "hybrid=own_expert"),
    "distillation/distilled_experts.yaml": (EVIDENCE,),
    "distillation/summed_gradients.yaml": ("hybrid=gate",),
    "distillation/wide_experts.yaml": (EVIDENCE, "hybrid=own_expert"),
    "hybrid/own_expert.yaml": (EVIDENCE, "distillation=experts"),
}
"""Choices that are refused alone, with what they need."""


@pytest.fixture(scope="session", autouse=True)
def own_store() -> Iterator[None]:
    """Let no run of a test use the store of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FLUID_STORE", raising=False)
        yield


@pytest.fixture
def fluid(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Return a function that runs `fluid` in an empty folder and returns exit code, output and error text."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module", autouse=True)
def undrawn() -> Iterator[None]:
    """Leave the figures of reports empty, for tests that look at none: drawing takes longer than a small federation."""
    with pytest.MonkeyPatch.context() as patch:
        for module in DRAWING:
            patch.setattr(module, "as_svg", lambda draw, width, height: "<svg></svg>")
        yield


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the figures of reports all the same."""
    for module in DRAWING:
        monkeypatch.setattr(module, "as_svg", as_svg)


@pytest.fixture(scope="session")
def small(files: Files) -> list[str]:
    """Return the settings of a small federation."""
    paths = [f"data.pool={files.pool}", f"data.transfer={files.transfer}"]
    return [*SMALL, *paths, f"data.test_in_domain={files.test}", f"data.test_external={files.external}"]
