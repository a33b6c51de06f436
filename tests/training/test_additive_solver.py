"""Which solver is taken: on a CPU the one that always was."""

from dataclasses import replace

import pytest

from fluid.models.additive_spec import AdditiveSpec
from fluid.training.additive_problem import one_by_one
from fluid.training.additive_solver import solver_of
from fluid.training.config import TrainerSpec

TRAINER = TrainerSpec(threads=1)


def test_on_a_cpu_nothing_asks_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    auto = AdditiveSpec()
    assert solver_of(auto, TRAINER) is one_by_one
    assert solver_of(auto, replace(TRAINER, accelerator="gpu")) is not one_by_one
    assert solver_of(replace(auto, solver="convex"), replace(TRAINER, accelerator="gpu")) is one_by_one
    for found in (True, False):
        monkeypatch.setattr("torch.cuda.is_available", lambda found=found: found)
        assert (solver_of(auto, replace(TRAINER, accelerator="auto")) is one_by_one) is not found
