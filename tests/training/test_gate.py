import numpy as np
import pytest
from sklearn.metrics import log_loss

from fluid.data.endpoints import Endpoint
from fluid.errors import QuorumError
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.training.gate import choose_blend, prediction_loss
from tests.training.conftest import ENDPOINTS, Task

BOTH = (*ENDPOINTS, Endpoint.parse("logd [log]"))


def test_the_loss_is_the_mean_over_endpoints() -> None:
    mean = np.array([[0.2, 1.0], [0.9, 2.0], [0.5, 0.0], [0.4, 9.0]], dtype=np.float32)
    target = np.array([[0, 1.5], [1, np.nan], [1, 0.5], [np.nan, 3.0]])
    classes = log_loss([0, 1, 1], mean[:3, 0].astype(float))
    known = target[[0, 2, 3], 1]
    values = np.mean((mean[[0, 2, 3], 1] - known) ** 2) / known.var()
    assert prediction_loss(BOTH, mean, target) == pytest.approx((classes + values) / 2, rel=1e-6)
    assert prediction_loss(BOTH, mean, np.where([True, False], target, np.nan)) == pytest.approx(classes, rel=1e-6)
    assert np.isnan(prediction_loss(BOTH, mean, np.full((4, 2), np.nan)))
    assert np.isfinite(prediction_loss(ENDPOINTS, np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])))


def model(task: Task, rows: np.ndarray, labels: np.ndarray, power: float = 8.0) -> NeighbourPredictor:
    said = labels.astype(np.float32)
    return NeighbourPredictor(task.molecules.bits[rows], said, np.ones_like(said), ENDPOINTS, NeighbourSpec(similarity_power=power))


def test_the_better_model_is_chosen(task: Task) -> None:
    known, asked = np.arange(180), np.arange(180, 260)
    good, bad = model(task, known, task.labels[known]), model(task, known, 1 - task.labels[known])
    bits, data = task.molecules.bits[known], (task.molecules.take(asked), task.labels[asked])
    assert choose_blend(good, bad, bits, *data).gate.most == 1.0
    assert choose_blend(bad, good, bits, *data).gate.most == 0.0
    assert choose_blend(good, good, bits, *data).gate.most == 0.0  # of equal ones the general model alone


def test_a_model_that_is_good_nearby_only_gets_a_ramp(task: Task) -> None:
    known, asked = np.arange(180), np.arange(180, 260)
    good, bits = model(task, known, task.labels[known]), task.molecules.bits[known]
    support = choose_blend(good, good, bits, task.molecules.take(asked), task.labels[asked]).support(task.molecules.take(asked))
    near = support >= np.median(support)
    wanted = np.where(near[:, None], task.labels[asked], 0.5)  # far away the general model, which says 1/2, is right
    half = model(task, known[:1], np.array([[0.5]]), power=0.0)
    sharp = model(task, known, task.labels[known], power=30.0)
    blend = choose_blend(sharp, half, bits, task.molecules.take(asked), wanted)
    losses = [prediction_loss(ENDPOINTS, one.predict(task.molecules.take(asked)).mean, wanted) for one in (blend, sharp, half)]
    assert losses[0] < min(losses[1:])
    assert blend.gate.low > 0
    assert blend.gate.most > 0.5


def test_nothing_to_choose_on(task: Task) -> None:
    one = model(task, np.arange(5), task.labels[:5])
    with pytest.raises(QuorumError, match="nothing to choose a gate on"):
        choose_blend(one, one, one.bits, task.molecules.take(np.arange(3)), np.full((3, 1), np.nan))
