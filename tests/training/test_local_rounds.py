"""Local rounds whose weights are left alone are one training; local rounds whose weights are replaced go on from those."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.seeding import isolate
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.fit import Fit, fit_network
from fluid.training.loader import Examples
from fluid.training.local_rounds import LocalRounds, MakeModule
from fluid.training.module import TeacherModule
from fluid.training.proximal import ProximalModule
from tests.training.conftest import ENDPOINTS, Task

CONFIG = TrainingConfig(epochs=4, batch_size=32, learning_rate=5e-3, patience=10)
TRAINER = TrainerSpec(threads=1)
SEED = 5


def network(encoder: str = "gine") -> Network:
    with isolate(0, "weights"):
        return Network(NetworkSpec(encoder, hidden=12, layers=2), ENDPOINTS)


def examples(task: Task, start: int, stop: int) -> Examples:
    rows = np.arange(start, stop)
    return Examples(task.molecules.take(rows).graphs, task.labels[rows], np.ones_like(task.labels[rows]))


def local_rounds(task: Task, make: MakeModule = TeacherModule, encoder: str = "gine", trainer: TrainerSpec = TRAINER) -> LocalRounds:
    return LocalRounds(network(encoder), make, ENDPOINTS, examples(task, 0, 150), examples(task, 150, 220), CONFIG, trainer, SEED)


def equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def straight(task: Task, encoder: str = "gine") -> Network:
    whole = network(encoder)
    fit_network(Fit(whole, TeacherModule, ENDPOINTS, examples(task, 0, 150), examples(task, 0, 0), CONFIG, TRAINER, SEED))
    return whole


@pytest.mark.parametrize("encoder", ["gine", "dmpnn"])
@pytest.mark.parametrize("ends", [(4,), (2, 4), (1, 2, 3, 4)])
def test_legs_are_one_training_bit_by_bit(task: Task, encoder: str, ends: tuple[int, ...]) -> None:
    found = local_rounds(task, encoder=encoder)
    for end in ends:
        found.run(end)
    assert equal(found.weights(), straight(task, encoder).state_dict())


def test_validation_between_legs_changes_nothing_and_is_that_of_training(task: Task) -> None:
    found, whole = local_rounds(task), network()
    points = fit_network(Fit(whole, TeacherModule, ENDPOINTS, examples(task, 0, 150), examples(task, 150, 220), CONFIG, TRAINER, SEED))
    losses = []
    for end in (1, 2, 3, 4):
        found.run(end)
        losses.append(found.validation_loss())
    assert losses == pytest.approx([point.loss for point in points if point.split == "validation"], abs=1e-6)
    assert equal(found.weights(), straight(task).state_dict())
    trained = [float(loss) for loss in found.module.curve[:, 0]]
    assert trained == [point.loss for point in points if point.split == "train"]


def test_replaced_weights_are_where_the_next_leg_begins(task: Task) -> None:
    found, other = local_rounds(task), local_rounds(task)
    found.run(2)
    other.run(2)
    other.network.load_state_dict({name: value * 0 for name, value in found.weights().items()})
    found.run(4)
    other.run(4)
    assert not equal(found.weights(), other.weights())


def test_a_finished_leg_is_read_from_its_file(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = local_rounds(task)
    for end in (2, 4):
        first.run(end, tmp_path / str(end))
    (tmp_path / "4").unlink()
    again = local_rounds(task)
    began: list[int] = []
    train = LocalRounds._train
    monkeypatch.setattr(LocalRounds, "_train", lambda self, until: began.append(until) or train(self, until))
    for end in (2, 4):
        again.run(end, tmp_path / str(end))
    assert began == [4]
    assert equal(again.weights(), first.weights())
    assert torch.equal(again.module.curve.nan_to_num(), first.module.curve.nan_to_num())


def test_without_held_out_examples_there_is_no_loss(task: Task) -> None:
    alone = LocalRounds(network(), TeacherModule, ENDPOINTS, examples(task, 0, 40), examples(task, 0, 0), CONFIG, TRAINER, SEED)
    assert np.isnan(alone.validation_loss())


def test_several_devices_are_refused(task: Task) -> None:
    with pytest.raises(ConfigError, match="runs on 1 device, not 2"):
        local_rounds(task, trainer=TrainerSpec(devices=2))


def test_a_leg_of_no_epoch_is_refused(task: Task) -> None:
    found = local_rounds(task)
    found.run(2)
    with pytest.raises(ConfigError, match="a local round until epoch 0 follows one until epoch 2; expected a later epoch"):
        found.run(0)


def test_no_pull_is_plain_training_bit_by_bit(task: Task) -> None:
    pulled = local_rounds(task, partial(ProximalModule, mu=0.0))
    pulled.run(2)
    pulled.run(4)
    assert equal(pulled.weights(), straight(task).state_dict())


def test_a_strong_pull_keeps_the_weights_near(task: Task) -> None:
    start = network().state_dict()

    def moved(mu: float) -> float:
        found = local_rounds(task, partial(ProximalModule, mu=mu))
        found.run(2)
        names = [name for name, _ in found.network.named_parameters()]
        return sum(float(((found.weights()[name] - start[name]) ** 2).sum()) for name in names)

    distances = [moved(mu) for mu in (0.0, 1.0, 100.0)]
    assert distances == sorted(distances, reverse=True)
    assert distances[2] < 0.2 * distances[0]


def test_the_pull_by_hand(task: Task) -> None:
    module = ProximalModule(network(), ENDPOINTS, CONFIG, 10, mu=3.0)
    assert float(module.distance().detach()) == 0.0
    module.drop_anchor()
    first = module.weights[0]
    with torch.no_grad():
        first[0] += 2.0
    n = first[0].numel()
    assert float(module.distance().detach()) == pytest.approx(4.0 * n, rel=1e-6)
    (0.5 * module.mu * module.distance()).backward()
    assert first.grad is not None
    torch.testing.assert_close(first.grad[0], torch.full_like(first[0], 3.0 * 2.0))
