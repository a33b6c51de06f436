import math

import pytest
import torch

from fluid.distillation import sharpen
from fluid.distillation.consensus import binary_entropy


def test_a_temperature_of_one_changes_no_bit() -> None:
    q = torch.rand(1000, 1, generator=torch.Generator().manual_seed(0))
    assert torch.equal(sharpen(q, 1.0), q)


def test_sharpening_by_hand() -> None:
    expected = [0.2**2 / (0.2**2 + 0.8**2), 0.5, 0.8**2 / (0.2**2 + 0.8**2)]
    assert sharpen(torch.tensor([0.2, 0.5, 0.8]), 0.5).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.9])
def test_below_one_entropy_falls_and_the_class_stays(temperature: float) -> None:
    q = torch.rand(500, 1, generator=torch.Generator().manual_seed(1))
    sharp = sharpen(q, temperature)
    assert bool((binary_entropy(sharp) <= binary_entropy(q) + 1e-6).all())
    assert torch.equal(sharp >= 0.5, q >= 0.5)


def test_certain_and_missing_labels_stay() -> None:
    sharp = sharpen(torch.tensor([0.0, 1.0, math.nan]), 0.3)
    assert sharp[:2].tolist() == [0.0, 1.0]
    assert math.isnan(sharp[2])


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_an_impossible_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="sharpen is"):
        sharpen(torch.tensor([0.4]), temperature)
