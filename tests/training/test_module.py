import math

import pytest
import torch

from fluid.distillation import LossSpec
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.training.config import FineTuning, TrainingConfig
from fluid.training.module import StudentModule, TeacherModule, warmup_cosine
from tests.training.conftest import ENDPOINTS


def module(kind: type = TeacherModule, **config: object) -> TeacherModule:
    return kind(Network(NetworkSpec(hidden=8, layers=1), ENDPOINTS), ENDPOINTS, TrainingConfig(**config), 100)  # type: ignore[arg-type]


def test_the_schedule_rises_and_falls_as_the_formula_says() -> None:
    factors = [warmup_cosine(step, 100, 0.1) for step in range(101)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factors[10:] == pytest.approx([0.5 * (1 + math.cos(math.pi * (i - 10) / 90)) for i in range(10, 101)])
    assert max(factors) == 1
    assert warmup_cosine(500, 100, 0.1) == pytest.approx(0)
    assert warmup_cosine(0, 1, 0.0) == 1


def test_only_matrices_decay() -> None:
    made = module(weight_decay=0.3)
    decayed, plain = made.configure_optimizers()["optimizer"].param_groups
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    assert all(p.ndim > 1 for p in decayed["params"])
    assert all(p.ndim == 1 for p in plain["params"])
    assert len(decayed["params"]) + len(plain["params"]) == len(list(made.network.parameters()))


def test_gradients_are_clipped_to_the_norm() -> None:
    made = module(gradient_clip=2.5)
    for parameter in made.network.parameters():
        parameter.grad = torch.ones_like(parameter)
    made.clip_norm()
    total = torch.sqrt(sum((p.grad**2).sum() for p in made.network.parameters()))  # type: ignore[operator,arg-type]
    assert total.item() == pytest.approx(2.5, rel=1e-4)


def test_teachers_learn_measured_labels_whatever_students_do() -> None:
    assert module(TeacherModule, loss=LossSpec("mse_logits")).objective.of_classes.spec == LossSpec()
    assert module(StudentModule, loss=LossSpec("mse_logits")).objective.of_classes.spec.classes == "mse_logits"


def test_the_share_of_measured_labels_moves_in_a_line() -> None:
    fine_tuning = FineTuning(alpha=1.0, alpha_start=0.2)
    assert [fine_tuning.alpha_at(epoch, 5) for epoch in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert fine_tuning.alpha_at(0, 1) == 0.2


def test_a_frozen_encoder_neither_learns_nor_drops_out() -> None:
    made = module(fine_tuning=FineTuning(frozen=True))
    assert not any(part.training for part in made.network.encoder.modules())
    made.train()
    assert not any(part.training for part in made.network.encoder.modules())
    assert made.network.head.training
    assert {id(weight) for weight in made.weights} == {id(weight) for weight in made.network.head.parameters()}


def test_the_penalty_is_half_the_squared_distance_from_the_start() -> None:
    made = module(fine_tuning=FineTuning(pull=3.0))
    assert made.penalty() == 0
    with torch.no_grad():
        made.network.head.out.bias += 0.5
    penalty = made.penalty()
    assert penalty is not None
    assert penalty.item() == pytest.approx(1.5 * 0.25 * len(made.network.head.out.bias))
