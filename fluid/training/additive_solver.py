"""By which solver the weights of an additive model are found: one after the other on the CPU, or together on the trainer's device."""

from collections.abc import Callable
from functools import partial

import torch

from fluid.models.additive_spec import AdditiveSpec
from fluid.training.additive_problem import Problem, Solve, one_by_one
from fluid.training.config import TrainerSpec


def on_device(spec: AdditiveSpec, trainer: TrainerSpec) -> bool:
    """Return whether the settings ask for the solver that works on the trainer's device."""
    has_gpu = trainer.accelerator == "gpu" or (trainer.accelerator == "auto" and torch.cuda.is_available())
    return spec.solver == "lightning" or (spec.solver == "auto" and has_gpu)


def solver_of(spec: AdditiveSpec, trainer: TrainerSpec) -> Callable[[Problem], Solve]:
    """Return the solver that the settings ask for; Lightning is imported only where it is used."""
    if not on_device(spec, trainer):
        return one_by_one
    from fluid.training.additive_module import solve_together

    return partial(solve_together, strengths=spec.strengths, trainer=trainer)
