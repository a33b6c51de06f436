import pytest
import torch
from torch.testing import assert_close

from fluid.distillation import Consensus, combine, disagreement_variance, hard_class, scale_log_odds
from fluid.errors import ShapeError


def test_sharpening_by_hand_and_at_its_limits() -> None:
    probs = torch.tensor([0.0, 0.2, 0.5, 0.7, 1.0, torch.nan], dtype=torch.float64)
    expected = probs**3 / (probs**3 + (1 - probs) ** 3)
    assert_close(scale_log_odds(probs, 3.0), expected, equal_nan=True)
    assert scale_log_odds(probs, 1.0) is probs
    assert_close(scale_log_odds(probs, 1e6)[:5], torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0], dtype=torch.float64))
    assert_close(scale_log_odds(scale_log_odds(probs, 2.0), 0.5), probs, equal_nan=True)


def test_the_hard_class_is_the_limit_of_sharpening() -> None:
    probs = torch.tensor([0.0, 0.2, 0.499, 0.501, 1.0, torch.nan], dtype=torch.float64)
    assert_close(hard_class(probs), torch.round(scale_log_odds(probs, 1e6)), equal_nan=True)
    assert hard_class(torch.tensor([0.5])).item() == 1.0
    with pytest.raises(ValueError, match="probs"):
        hard_class(torch.tensor([1.5]))


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_the_factor_is_above_zero(factor: float) -> None:
    with pytest.raises(ValueError, match="factor is .*expected a finite number above 0"):
        scale_log_odds(torch.tensor([0.5]), factor)
    with pytest.raises(ValueError, match=r"probs has values outside \[0, 1\]"):
        scale_log_odds(torch.tensor([1.5]), 2.0)


def test_the_variance_is_the_one_that_the_consensus_saw() -> None:
    predictions = torch.randn(4, 50, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    consensus: Consensus = combine("mean", {"predictions": predictions}, ["regression"])
    found = disagreement_variance(consensus.soft_label, consensus.confidence)
    assert_close(found, predictions.var(dim=0, correction=0))


def test_no_confidence_is_no_known_variance() -> None:
    label, confidence = torch.tensor([[1.0], [2.0], [torch.nan]]), torch.tensor([[0.0], [1.0], [0.0]])
    assert_close(disagreement_variance(label, confidence), torch.tensor([[torch.nan], [0.0], [torch.nan]]), equal_nan=True)
    with pytest.raises(ShapeError, match="confidence has shape"):
        disagreement_variance(label, confidence[:2])
    with pytest.raises(ValueError, match=r"confidence has values outside \[0, 1\]"):
        disagreement_variance(label, confidence - 1)
