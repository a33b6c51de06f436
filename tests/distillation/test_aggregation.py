import math

import pytest
import torch

from fluid.distillation.aggregation import mean_logits, sharpen
from fluid.distillation.consensus import binary_entropy
from fluid.errors import ShapeError

CLASS, VALUE = torch.tensor([True]), torch.tensor([False])


def probs(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None]


def test_a_temperature_of_one_changes_no_bit() -> None:
    q = torch.rand(1000, 1, generator=torch.Generator().manual_seed(0))
    assert torch.equal(sharpen(q, CLASS, 1.0), q)


def test_sharpening_by_hand() -> None:
    q = probs(0.2, 0.5, 0.8)
    expected = [0.2**2 / (0.2**2 + 0.8**2), 0.5, 0.8**2 / (0.2**2 + 0.8**2)]
    assert sharpen(q, CLASS, 0.5).squeeze(1).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.9])
def test_below_one_entropy_falls_and_the_class_stays(temperature: float) -> None:
    q = torch.rand(500, 1, generator=torch.Generator().manual_seed(1))
    sharp = sharpen(q, CLASS, temperature)
    assert bool((binary_entropy(sharp) <= binary_entropy(q) + 1e-6).all())
    assert torch.equal(sharp >= 0.5, q >= 0.5)


def test_certain_and_missing_labels_stay() -> None:
    sharp = sharpen(probs(0.0, 1.0, math.nan), CLASS, 0.3).squeeze(1)
    assert sharp[:2].tolist() == [0.0, 1.0]
    assert math.isnan(sharp[2])


def test_values_are_left_alone() -> None:
    q = torch.tensor([[0.8, 7.0], [0.4, -3.0]])
    both = torch.tensor([True, False])
    assert torch.equal(sharpen(q, both, 0.2)[:, 1], q[:, 1])


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_an_impossible_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature is"):
        sharpen(probs(0.4), CLASS, temperature)


def test_wrong_shapes_and_ranges_are_refused() -> None:
    with pytest.raises(ShapeError, match="is_class has shape"):
        sharpen(probs(0.4), torch.tensor([True, False]), 0.5)
    with pytest.raises(ValueError, match="soft_label has values outside"):
        sharpen(probs(1.4), CLASS, 0.5)
    with pytest.raises(ShapeError, match="predictions has shape"):
        mean_logits(probs(0.4), CLASS)


def test_the_mean_of_logits_by_hand() -> None:
    p = torch.tensor([[[0.9]], [[0.6]]])
    logit = (math.log(0.9 / 0.1) + math.log(0.6 / 0.4)) / 2
    assert mean_logits(p, CLASS).item() == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)
    assert mean_logits(torch.tensor([[[3.0]], [[5.0]]]), VALUE).item() == 4.0


def test_equal_models_say_what_each_says() -> None:
    p = torch.rand(50, 1, generator=torch.Generator().manual_seed(2)) * 0.98 + 0.01
    torch.testing.assert_close(mean_logits(p.expand(4, -1, -1), CLASS), p, rtol=1e-6, atol=1e-7)
