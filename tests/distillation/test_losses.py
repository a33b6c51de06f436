"""One battery for every loss, then values from torch, scipy or by hand."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from scipy.stats import norm
from torch import Tensor
from torch.nn import functional as F
from torch.testing import assert_close

from fluid.distillation import LOSSES, gaussian_nll, kl_distillation, mse_logits, soft_bce
from fluid.errors import ShapeError

B, T = 12, 3
Loss = Callable[..., Tensor]


def variance_at_one(mean: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Stand for `gaussian_nll` in the battery."""
    return gaussian_nll(mean, torch.zeros_like(mean), target, weight)


def softened(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Stand for `kl_distillation` at another temperature in the battery."""
    return kl_distillation(logits, target, weight, temperature=3.0)


BATTERY = [*LOSSES.values(), softened, variance_at_one]


@pytest.fixture
def logits() -> Tensor:
    return torch.randn(B, T, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()


@pytest.fixture
def target() -> Tensor:
    return torch.rand(B, T, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def weight() -> Tensor:
    return torch.rand(B, T, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("loss", BATTERY)
class TestEvery:
    def test_is_the_weighted_mean_of_its_elements(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        elements = torch.stack([loss(logits[b : b + 1, t : t + 1], target[b : b + 1, t : t + 1]) for b in range(B) for t in range(T)])
        expected = (elements * weight.flatten()).sum() / weight.sum()
        assert_close(loss(logits, target, weight), expected)

    def test_missing_targets_do_not_count(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        gone = target.clone()
        gone[4:] = torch.nan
        assert_close(loss(logits, gone), loss(logits[:4], target[:4]))
        loss(logits, gone).backward()
        assert logits.grad is not None
        assert torch.all(logits.grad[4:] == 0)
        assert torch.isfinite(logits.grad).all()

    def test_nothing_to_learn_is_zero_with_zero_gradient(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        for value in (loss(logits, torch.full_like(target, torch.nan)), loss(logits, target, torch.zeros_like(target))):
            assert value == 0
            value.backward()
        assert logits.grad is not None
        assert torch.all(logits.grad == 0)

    def test_the_size_of_weights_does_not_matter(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        assert_close(loss(logits, target, weight), loss(logits, target, 7 * weight))

    def test_the_order_of_molecules_does_not_matter(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        order = torch.randperm(B, generator=torch.Generator().manual_seed(3))
        assert_close(loss(logits[order], target[order], weight[order]), loss(logits, target, weight))

    def test_weight_one_is_no_weight(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        assert_close(loss(logits, target, torch.ones_like(target)), loss(logits, target))

    def test_weight_zero_is_a_missing_target(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        some = weight > 0.5
        assert_close(loss(logits, target, weight * some), loss(logits, target.masked_fill(~some, torch.nan), weight))

    def test_no_molecules_is_zero(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        assert loss(logits[:0], target[:0]) == 0

    def test_learning_by_it_approaches_what_was_asked(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        losses, x = [], logits.detach().clone().requires_grad_()
        for _ in range(20):
            value = loss(x, target)
            (step,) = torch.autograd.grad(value, x)
            x = (x - 5 * step).detach().requires_grad_()
            losses.append(value.item())
        assert all(after < before for before, after in pairwise(losses))

    def test_float32_is_near_float64(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        single = loss(logits.float(), target.float(), weight.float())
        assert single.dtype == torch.float32
        assert_close(single.double(), loss(logits, target, weight), rtol=1e-4, atol=1e-5)

    def test_gradients_are_those_of_finite_differences(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        assert torch.autograd.gradcheck(lambda x: loss(x, target, weight), (logits,))

    def test_certain_labels_and_large_logits_stay_finite(self, loss: Loss, target: Tensor) -> None:
        large = torch.full((B, T), 80.0, dtype=torch.float64, requires_grad=True)
        value = loss(large, target.round())
        value.backward()
        assert torch.isfinite(value)
        assert large.grad is not None
        assert torch.isfinite(large.grad).all()

    def test_shapes(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        with pytest.raises(ShapeError, match=r"target has shape \(11, 3\); expected \(12, 3\)"):
            loss(logits, target[1:])
        with pytest.raises(ShapeError, match="weight has shape"):
            loss(logits, target, target[:, :1])


@pytest.mark.parametrize("loss", [soft_bce, kl_distillation, softened, mse_logits])
def test_the_best_answer_is_the_soft_label(loss: Loss, target: Tensor) -> None:
    best = torch.logit(target)
    for step in (-0.1, 0.1):
        assert loss(best, target) < loss(best + step, target)


def test_soft_bce_is_torchs(logits: Tensor, target: Tensor, weight: Tensor) -> None:
    assert_close(soft_bce(logits, target), F.binary_cross_entropy_with_logits(logits, target))
    expected = (F.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum() / weight.sum()
    assert_close(soft_bce(logits, target, weight), expected)


def test_kl_is_torchs_on_two_classes(logits: Tensor, target: Tensor) -> None:
    for temperature in (1.0, 2.5):
        both = torch.stack([logits, torch.zeros_like(logits)], -1) / temperature
        theirs = torch.stack([torch.logit(target), torch.zeros_like(target)], -1) / temperature
        expected = F.kl_div(both.log_softmax(-1), theirs.softmax(-1), reduction="sum") / (B * T) * temperature**2
        assert_close(kl_distillation(logits, target, temperature=temperature), expected)


def test_a_high_temperature_approaches_the_squared_error_on_logits(logits: Tensor, target: Tensor) -> None:
    assert_close(8 * kl_distillation(logits, target, temperature=1e3), mse_logits(logits, target), rtol=1e-3, atol=1e-3)


def test_mse_logits_is_torchs(logits: Tensor, target: Tensor) -> None:
    assert_close(mse_logits(logits, target), F.mse_loss(logits, torch.logit(target)))


def test_gaussian_nll_is_scipys_without_its_constant(logits: Tensor, target: Tensor) -> None:
    log_variance = torch.linspace(-2, 2, B * T, dtype=torch.float64).reshape(B, T)
    density = norm.logpdf(target.numpy(), logits.detach().numpy(), (log_variance / 2).exp().numpy())
    assert_close(
        gaussian_nll(logits, log_variance, target).item(),
        float(-density.mean() - 0.5 * torch.log(torch.tensor(2 * torch.pi))),
        rtol=1e-6,
        atol=1e-6,
    )
    with pytest.raises(ShapeError, match="log_variance has shape"):
        gaussian_nll(logits, log_variance[:1], target)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature_must_be_positive(logits: Tensor, target: Tensor, temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature is .*expected a finite number above 0"):
        kl_distillation(logits, target, temperature=temperature)
