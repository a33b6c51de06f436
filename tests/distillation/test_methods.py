"""What is special to one consensus method: values computed by hand, and wrong input."""

import math

import pytest
import torch
from scipy.stats import entropy
from torch.testing import assert_close

from fluid.distillation import check_method, combine
from fluid.distillation.consensus import binary_entropy, weighted_consensus
from fluid.errors import ConfigError, ShapeError
from tests.distillation.battery import example, run

ONE = ["classification"]


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 1, 1)


def test_mean_by_hand() -> None:
    consensus = combine("mean", {"predictions": column(0.2, 0.6, 0.7)}, ONE)
    assert_close(consensus.soft_label.item(), 0.5)
    assert_close(consensus.confidence.item(), 0.0)
    assert_close(consensus.support.item(), 3.0)


def test_similarity_by_hand() -> None:
    tensors = {"predictions": column(1.0, 0.0), "similarity": torch.tensor([[0.8], [0.2]], dtype=torch.float64)}
    assert_close(combine("similarity", tensors, ONE, power=2.0).soft_label.item(), 0.64 / 0.68)
    assert_close(combine("similarity", tensors, ONE, power=0.0).soft_label.item(), 0.5)
    assert combine("similarity", tensors, ONE, power=60.0).soft_label.item() > 1 - 1e-12
    weights = [0.64 / 0.68, 0.04 / 0.68]
    assert_close(combine("similarity", tensors, ONE).support.item(), 1 / sum(w * w for w in weights))


def test_uncertainty_by_hand() -> None:
    half, sure = math.log(2), 0.0
    tensors = {"predictions": column(0.5, 0.9), "epistemic": column(0.0, 0.0), "aleatoric": column(half, sure)}
    assert_close(combine("uncertainty", tensors, ONE).soft_label.item(), 0.9)
    tensors = {"predictions": column(1.0, 4.0), "epistemic": column(0.5, 1.0), "aleatoric": column(0.5, 2.0)}
    assert_close(combine("uncertainty", tensors, ["regression"]).soft_label.item(), (1 * 1 + 4 / 3) / (1 + 1 / 3))


def test_sharpness_by_hand() -> None:
    tensors = {"predictions": column(1.0, 0.0), "epistemic": column(0.1, 0.2), "aleatoric": column(0.1, 0.2)}
    sure = [1 - 0.2 / math.log(2), 1 - 0.4 / math.log(2)]
    for sharpness in (0.0, 1.0, 3.0):
        expected = sure[0] ** sharpness / (sure[0] ** sharpness + sure[1] ** sharpness)
        assert_close(combine("uncertainty", tensors, ONE, sharpness=sharpness).soft_label.item(), expected)


def test_a_teacher_that_knows_nothing_has_no_say_and_one_that_cannot_err_has_it_all() -> None:
    tensors = {"predictions": column(1.0, 5.0), "epistemic": column(0.0, math.inf), "aleatoric": column(1.0, 0.0)}
    assert_close(combine("uncertainty", tensors, ["regression"]).soft_label.item(), 1.0)
    tensors = {"predictions": column(1.0, 5.0), "epistemic": column(0.0, 0.0), "aleatoric": column(0.0, 1.0)}
    assert_close(combine("uncertainty", tensors, ["regression"]).soft_label.item(), 1.0, atol=1e-5, rtol=0)


def test_confidence_is_one_minus_scipys_entropy_in_bits() -> None:
    probs = torch.linspace(0.01, 0.99, 25, dtype=torch.float64)
    confidence = combine("mean", {"predictions": probs.reshape(1, -1, 1)}, ONE).confidence[:, 0]
    expected = [1 - entropy([p, 1 - p], base=2) for p in probs.tolist()]
    assert_close(confidence, torch.tensor(expected, dtype=torch.float64))


def test_confidence_is_one_at_certainty_and_zero_at_a_half() -> None:
    for value, confidence in ((0.0, 1.0), (1.0, 1.0), (0.5, 0.0)):
        assert_close(combine("mean", {"predictions": column(value, value)}, ONE).confidence.item(), confidence)


def test_values_on_which_teachers_agree_are_certain() -> None:
    predictions = torch.tensor([[[1.0], [5.0]], [[1.0], [7.0]]], dtype=torch.float64)
    confidence = combine("mean", {"predictions": predictions}, ["regression"]).confidence[:, 0]
    assert_close(confidence, torch.tensor([1.0, 1 / (1 + 1.0 / 6.25)], dtype=torch.float64))  # labels 1 and 6: s² = 6.25


def test_entropy_limits() -> None:
    assert_close(binary_entropy(torch.tensor([0.0, 1.0, 0.5])), torch.tensor([0.0, 0.0, math.log(2)]))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"similarity": torch.rand(3, 30)}, ShapeError, "similarity has shape"),
        ({"similarity": torch.full((4, 30), 1.5)}, ValueError, r"similarity has values outside \[0, 1\]"),
        ({"predictions": torch.rand(4, 30)}, ShapeError, "predictions has shape"),
        ({"predictions": torch.rand(4, 30, 3) + 0.6}, ValueError, "predictions has values outside"),
    ],
)
def test_wrong_tensors(change: dict[str, torch.Tensor], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run("similarity", {**example(), **change})


def test_wrong_uncertainty() -> None:
    with pytest.raises(ValueError, match="epistemic has values outside"):
        run("uncertainty", {**example(), "epistemic": -torch.ones(4, 30, 3)})
    with pytest.raises(ShapeError, match="aleatoric has shape"):
        run("uncertainty", {**example(), "aleatoric": torch.ones(4, 30, 2)})


def test_wrong_weights() -> None:
    with pytest.raises(ShapeError, match="weights has shape"):
        weighted_consensus(torch.rand(2, 3, 1), torch.rand(2, 3), torch.tensor([True]))
    with pytest.raises(ShapeError, match="is_class has shape"):
        weighted_consensus(torch.rand(2, 3, 1), torch.rand(2, 3, 1), torch.tensor([True, False]))


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("magic", {}, "consensus.method is 'magic'; expected one of mean, similarity"),
        ("mean", {"trim": 0.1}, r"'mean' does not take the options \['trim'\]; expected any of power"),
        ("similarity", {"power": -1.0}, "power is -1.*expected a finite number of 0 or more"),
        ("similarity", {"power": math.nan}, "power is nan"),
        ("similarity", {"power": math.inf}, "power is inf"),
        ("similarity", {"power": "high"}, "power is 'high'; expected a finite number of 0 or more"),
        ("similarity", {"power": True}, "power is True"),
        ("uncertainty", {"sharpness": -1.0}, "sharpness is -1.*expected a finite number of 0 or more"),
        ("uncertainty", {"sharpness": math.nan}, "sharpness is nan"),
        ("inverse_variance", {"floor": 0.0}, "floor is 0.*expected a finite number above 0"),
        ("entropy", {"epistemic_power": -1.0}, "epistemic_power is -1"),
        ("log_opinion_pool", {"clip": 0.5}, r"clip is 0.5; expected a number above 0, up to 0.49"),
        ("trimmed_mean", {"trim": 0.5}, "trim is 0.5; expected a number from 0 to 0.49"),
        ("geometric_median", {"iterations": 2.5}, "iterations is 2.5; expected a whole number of 1 or more"),
        ("cronus", {"ratio": 0.5}, "ratio is 0.5; expected a finite number of 1 or more"),
        ("dawid_skene", {"evidence": 2.0}, "evidence is 2.0; expected a number from 0 to 1"),
        ("stacking", {"ridge": 0.0}, "ridge is 0.0; expected a finite number above 0"),
        ("era", {"temperature": 0.0}, "temperature is 0.0; expected a finite number above 0"),
        ("mean", {"sharpen": -1.0}, "sharpen is -1.0; expected a finite number above 0"),
        ("mean", {"max_entropy": 1.5}, "max_entropy is 1.5; expected a number from 0 to 1"),
        (
            "mean",
            {"teacher_temperature": 0.0},
            "teacher_temperature is 0.0; expected 'learnt', a finite number above 0, or one per teacher",
        ),
        ("mean", {"teacher_temperature": [1.0, -2.0]}, r"teacher_temperature is \[1.0, -2.0\]"),
        ("mean", {"teacher_temperature": "guess"}, "teacher_temperature is 'guess'"),
    ],
)
def test_wrong_methods_are_found_before_there_is_anything_to_combine(method: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_method(method, options)
