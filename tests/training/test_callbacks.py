from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fluid.training.callbacks import BestWeights, ReportProgress
from fluid.training.curve import CurvePoint, curve_points
from fluid.training.module import MONITOR

NAN = float("nan")


def module() -> Any:
    return SimpleNamespace(network=torch.nn.Linear(2, 1))


def trainer(**metrics: float) -> Any:
    return SimpleNamespace(
        callback_metrics={name.replace("_", "/"): torch.tensor(v) for name, v in metrics.items()}, current_epoch=1, max_epochs=4
    )


def test_the_curve_is_read_epoch_by_epoch_and_ends_where_training_ended() -> None:
    curve = torch.tensor([[3.0, 2.0], [1.0, NAN], [NAN, NAN]])
    assert curve_points(curve) == (CurvePoint(0, "train", 3.0), CurvePoint(0, "validation", 2.0), CurvePoint(1, "train", 1.0))
    assert curve_points(torch.full((2, 2), NAN)) == ()


@pytest.mark.parametrize(
    ("losses", "kept"),
    [([3, 1, 2], 1), ([1, 2, 3], 0), ([3, 2, 1], 2), ([1, 1, 1], 0), ([2, NAN, 1], 2), ([1, NAN, NAN], 0), ([NAN, NAN, 5], 2)],
)
def test_the_weights_of_the_first_lowest_loss_come_back(losses: list[float], kept: int) -> None:
    best, learner = BestWeights(), module()
    for epoch, loss in enumerate(losses):
        torch.nn.init.constant_(learner.network.weight, float(epoch))
        best.on_validation_end(trainer(**{MONITOR.replace("/", "_"): loss}), learner)
    best.on_train_end(trainer(), learner)
    assert learner.network.weight.unique().tolist() == [kept]


def test_without_validation_the_last_weights_stay() -> None:
    learner = module()
    torch.nn.init.constant_(learner.network.weight, 7.0)
    BestWeights().on_train_end(trainer(), learner)
    assert learner.network.weight.unique().tolist() == [7]


def test_progress_is_the_share_of_epochs_done() -> None:
    shares: list[float] = []
    ReportProgress(shares.append).on_train_epoch_end(trainer())
    assert shares == [0.5]
