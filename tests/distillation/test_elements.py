"""Bounds of values: against scipy in both tails, their limits, derivatives and symmetry."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from fluid.distillation import DistillationLoss, LossSpec
from fluid.distillation.element_losses import ELEMENT_LOSSES, ElementLoss
from fluid.distillation.elements import gaussian, gaussian_bound, huber, reached, squared_error
from fluid.errors import ConfigError, ShapeError

NUMBERS = st.floats(-1e3, 1e3)
SIDES = st.sampled_from([-1.0, 1.0])
VALUES = ("gaussian_nll", "heteroscedastic", "huber", "mse")


def one(*numbers: float) -> tuple[Tensor, ...]:
    return tuple(torch.tensor([[number]], dtype=torch.float64) for number in numbers)


@settings(max_examples=200, deadline=None)
@given(mean=NUMBERS, log_variance=st.floats(-8, 8), bound=NUMBERS, side=SIDES)
def test_the_likelihood_of_a_bound_is_scipys(mean: float, log_variance: float, bound: float, side: float) -> None:
    found = gaussian_bound(*one(mean, log_variance, bound, side)).item()
    scale = math.exp(0.5 * log_variance)
    wanted = -(stats.norm.logsf(bound, mean, scale) if side > 0 else stats.norm.logcdf(bound, mean, scale))
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(mean=NUMBERS, log_variance=st.floats(-8, 8), bound=NUMBERS, side=SIDES)
def test_negated_values_bounds_and_sides_give_the_same_loss(mean: float, log_variance: float, bound: float, side: float) -> None:
    torch.testing.assert_close(
        gaussian_bound(*one(mean, log_variance, bound, side)), gaussian_bound(*one(-mean, log_variance, -bound, -side))
    )


@settings(max_examples=50, deadline=None)
@given(mean=NUMBERS, log_variance=st.floats(-8, 8), bound=NUMBERS)
def test_a_value_is_on_one_of_both_sides(mean: float, log_variance: float, bound: float) -> None:
    below, above = (torch.exp(-gaussian_bound(*one(mean, log_variance, bound, side))).item() for side in (-1.0, 1.0))
    assert below + above == pytest.approx(1.0, abs=1e-12)


def test_a_bound_far_away_costs_nothing_and_pulls_at_nothing() -> None:
    mean, log_variance = torch.zeros(4, 1, requires_grad=True), torch.zeros(4, 1, requires_grad=True)
    bound, side = torch.tensor([[-1e4], [1e4], [-1e15], [1e15]]), torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    loss = gaussian_bound(mean, log_variance, bound, side)
    loss.sum().backward()
    assert torch.equal(loss, torch.zeros(4, 1))
    for plane in (mean, log_variance):
        assert plane.grad is not None
        assert torch.equal(plane.grad, torch.zeros(4, 1))


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_without_spread_it_is_a_step(side: float) -> None:
    """At σ → 0: nothing on the right side, the squared distance over 2σ² on the wrong one, to first order."""
    for distance in (0.5, 3.0):
        small = 2 * math.log(1e-3)
        assert gaussian_bound(*one(side * distance, small, 0.0, side)).item() == 0
        assert gaussian_bound(*one(-side * distance, small, 0.0, side)).item() == pytest.approx(0.5 * (distance / 1e-3) ** 2, rel=1e-3)


def test_single_precision_is_finite_in_both_tails() -> None:
    mean, log_variance = (plane.requires_grad_() for plane in (torch.linspace(-2e3, 2e3, 4001)[:, None], torch.full((4001, 1), -8.0)))
    for side in (-1.0, 1.0):
        loss = gaussian_bound(mean, log_variance, torch.zeros(4001, 1), torch.full((4001, 1), side))
        found = torch.autograd.grad(loss.sum(), (mean, log_variance))
        assert all(bool(torch.isfinite(plane).all()) for plane in (loss, *found))
        wanted = -stats.norm.logcdf(side * mean.detach().numpy().astype(np.float64) * math.exp(4))
        np.testing.assert_allclose(loss.detach().numpy(), wanted, rtol=1e-4, atol=1e-7)
        far = side * mean.detach()[:, 0] < -0.2  # there the slope is the distance in σ, over σ
        torch.testing.assert_close(found[0][far], -side * math.exp(8) * (mean.detach()[far].abs()), rtol=1e-2, atol=0)
    half = gaussian_bound(
        torch.ones(1, 1, dtype=torch.bfloat16), torch.zeros(1, 1, dtype=torch.bfloat16), torch.zeros(1, 1), torch.ones(1, 1)
    )
    assert half.dtype == torch.float32


def test_derivatives_are_those_of_finite_differences() -> None:
    draw = torch.Generator().manual_seed(0)
    mean, log_variance, bound = (3 * torch.randn(9, 2, generator=draw, dtype=torch.float64) for _ in range(3))
    side = torch.where(torch.rand(9, 2, generator=draw) < 0.5, -1.0, 1.0).double()
    given_ = (mean.requires_grad_(), log_variance.requires_grad_(), bound, side)
    assert torch.autograd.gradcheck(gaussian_bound, given_)


@settings(max_examples=50, deadline=None)
@given(mean=NUMBERS, bound=NUMBERS, side=SIDES)
def test_distances_count_on_the_wrong_side_only(mean: float, bound: float, side: float) -> None:
    said, limit, which = one(mean, bound, side)
    target, wrong = reached(said, limit, which), max(0.0, side * (bound - mean))
    assert squared_error(said, target).item() == pytest.approx(wrong**2)
    assert huber(said, target, 1.0).item() == pytest.approx(0.5 * wrong**2 if wrong < 1 else wrong - 0.5)


def batch() -> tuple[Tensor, ...]:
    draw = torch.Generator().manual_seed(3)
    mean, log_variance, target = (torch.randn(12, 2, generator=draw, dtype=torch.float64) for _ in range(3))
    censored = torch.randint(-1, 2, (12, 2), generator=draw).double()
    target[4, 0] = torch.nan
    return mean, log_variance, target, censored


@pytest.mark.parametrize("name", VALUES)
def test_a_loss_mixes_values_and_bounds_by_hand(name: str) -> None:
    mean, log_variance, target, censored = batch()
    loss = DistillationLoss(LossSpec(values=name), "regression")
    found = loss(mean, target, log_variance=log_variance, censored=censored)
    known = ~target.isnan()
    if name in ("gaussian_nll", "heteroscedastic"):
        scale = torch.exp(0.5 * log_variance)
        exact = 0.5 * (log_variance + ((target - mean) / scale) ** 2)
        bounds = torch.from_numpy(-stats.norm.logcdf((censored * (mean - target) / scale).numpy()))
    else:
        wrong = (censored * (target - mean)).clamp(min=0)
        exact, bounds = ((0.5 if name == "huber" else 1) * (plane**2) for plane in (target - mean, wrong))
        if name == "huber":
            exact, bounds = (torch.where(d < 1, 0.5 * d**2, d - 0.5) for d in ((target - mean).abs(), wrong))
    torch.testing.assert_close(found, torch.where(censored == 0, exact, bounds)[known].mean())


@pytest.mark.parametrize("name", VALUES)
def test_no_bound_among_the_labels_changes_no_bit(name: str) -> None:
    mean, log_variance, target, censored = (plane.float() for plane in batch())
    loss = DistillationLoss(LossSpec(values=name), "regression")
    found = [loss(mean, target, log_variance=log_variance, censored=given_) for given_ in (None, torch.zeros_like(censored))]
    assert torch.equal(*found)


def test_beside_soft_labels_bounds_are_those_of_measured_ones() -> None:
    mean, log_variance, target, censored = batch()
    loss, soft = DistillationLoss(LossSpec(values="mse"), "regression"), torch.zeros_like(mean)
    parts = [loss(mean, soft), DistillationLoss(kind="regression")(mean, target, log_variance=log_variance, censored=censored)]
    found = loss(mean, soft, log_variance=log_variance, hard=target, alpha=0.25, censored=censored)
    known = float((~target.isnan()).sum())
    torch.testing.assert_close(found, (0.75 * parts[0] * 24 + 0.25 * parts[1] * known) / (0.75 * 24 + 0.25 * known))


def test_ranking_leaves_bounds_out() -> None:
    mean, log_variance, target, censored = batch()
    loss = DistillationLoss(LossSpec(ranking=1.0), "regression")
    found = loss(mean, target, log_variance=log_variance, censored=censored)
    torch.testing.assert_close(found, loss(mean, target.masked_fill(censored != 0, torch.nan), log_variance=log_variance))


def test_what_cannot_be_a_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mean, log_variance, target, censored = batch()
    with pytest.raises(ValueError, match="censored is given for classes"):
        DistillationLoss()(mean, target.clamp(0, 1), censored=censored)
    with pytest.raises(ShapeError, match="censored"):
        DistillationLoss(kind="regression")(mean, target, log_variance=log_variance, censored=censored[:3])
    monkeypatch.setitem(ELEMENT_LOSSES.own, "mse", ElementLoss(ELEMENT_LOSSES["mse"].elements, classes=False))
    with pytest.raises(
        ConfigError, match="loss 'mse' cannot learn bounds; expected gaussian_nll or heteroscedastic or huber. Or set intake"
    ):
        DistillationLoss(LossSpec(values="mse"), "regression")(mean, target, censored=censored)


def test_a_bound_at_the_answer_weighs_as_much_as_the_toss_of_a_coin() -> None:
    assert gaussian_bound(*one(2.0, 1.0, 2.0, 1.0)).item() == pytest.approx(math.log(2))
    assert gaussian(*one(2.0, 0.0, 2.0)).item() == 0
