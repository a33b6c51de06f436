import sys

import numpy as np
import pytest
from scipy.stats import norm

from fluid.errors import ConfigError
from fluid.privacy import accounting
from fluid.privacy.accounting import Account
from fluid.privacy.mechanisms import Gaussian, Perturbation


def gaussian_delta(ratio: float, epsilon: float) -> float:
    """Balle & Wang 2018, arXiv:1805.06530, theorem 8."""
    return float(norm.cdf(ratio / 2 - epsilon / ratio) - np.exp(epsilon) * norm.cdf(-ratio / 2 - epsilon / ratio))


def gaussian_tpr(ratio: float, fpr: float) -> float:
    """Dong, Roth & Su 2022, doi:10.1111/rssb.12454, equation 6."""
    return float(norm.cdf(norm.ppf(fpr) + ratio))


@pytest.mark.parametrize("ratio", [0.3, 1.0, 3.0])
def test_normal_noise_is_as_in_closed_form(ratio: float) -> None:
    account = Account([Gaussian("a", 0.6 * ratio), Gaussian("b", 0.8 * ratio)])
    for epsilon in (0.0, 0.5, 2.0):
        assert account.delta(epsilon) == pytest.approx(gaussian_delta(ratio, epsilon), rel=1e-3)
    assert gaussian_delta(ratio, account.epsilon(1e-5)) == pytest.approx(1e-5, rel=1e-3)
    for fpr in (0.001, 0.01, 0.3):
        assert account.tpr(fpr) == pytest.approx(gaussian_tpr(ratio, fpr), rel=1e-3)


def test_a_group_is_as_many_times_the_shift() -> None:
    account = Account([Gaussian("a", 0.2)])
    assert account.tpr(0.001, 10) == pytest.approx(gaussian_tpr(2.0, 0.001), rel=1e-2)
    assert account.tpr(0.001, 1) < account.tpr(0.001, 2) < account.tpr(0.001, 10)


@pytest.mark.parametrize(("noise", "strength"), [(1.0, 1.0), (0.5, 0.1), (3.0, 10.0)])
def test_a_perturbed_objective_is_normal_noise_beyond_its_excess(noise: float, strength: float) -> None:
    one = Perturbation("w", noise, strength, 0.5)
    account = Account([one])
    for beyond in (0.01, 0.5, 2.0):
        assert account.delta(one.excess + beyond) == pytest.approx(gaussian_delta(1 / noise, beyond), rel=5e-3)


def test_two_perturbed_objectives_are_the_convolution_of_their_losses() -> None:
    first, second, epsilon = Perturbation("w", 1.0, 0.5, 0.5), Perturbation("v", 0.8, 0.2, 0.5), 3.0
    generator = np.random.default_rng(0)
    losses = sum(np.maximum(0, one.ratio**2 / 2 + one.ratio * generator.normal(size=2_000_000)) + one.excess for one in (first, second))
    found = np.maximum(0, 1 - np.exp(epsilon - losses))
    assert Account([first, second]).delta(epsilon) == pytest.approx(found.mean(), abs=4 * found.std() / np.sqrt(len(found)))


def renyi_epsilon(one: Perturbation, times: int, delta: float) -> float:
    """ε by Rényi divergences, `E e^{aM}` of the bound `M` on the loss in closed form (Mironov 2017, arXiv:1702.07476, proposition 3)."""
    orders, s = np.linspace(0.5, 30, 400), one.ratio
    moment = norm.cdf(-s / 2) + np.exp(s**2 / 2 * orders * (orders + 1)) * norm.cdf(s / 2 + orders * s)
    return float(np.min(times * (one.excess + np.log(moment) / orders) + np.log(1 / delta) / orders))


@pytest.mark.parametrize("times", [1, 6])
def test_the_account_is_within_that_by_renyi_divergences(times: int) -> None:
    one = Perturbation("w", 1.5, 0.5, 0.5)
    tight, loose = Account([one] * times).epsilon(1e-5), renyi_epsilon(one, times, 1e-5)
    assert 0.75 * loose < tight < loose


def density(weights: np.ndarray, signs: np.ndarray, noise: float, strength: float) -> np.ndarray:
    """The density of the released weight in one dimension, rows of 1: that of the random term it came from, times the derivative."""
    margin = signs * weights[:, None]
    term = np.clip(1 - margin / 2, 0, 1) @ signs - weights / strength
    density: np.ndarray = norm.pdf(term, scale=noise) * (((margin > 0) & (margin < 2)).sum(axis=1) / 2 + 1 / strength)
    return density


def true_delta(noise: float, strength: float, others: int, epsilon: float, added: bool) -> float:
    """The hockey-stick divergence between neighbours: `others` molecules of class 1, and one of class 0 beside them, or not."""
    signs, reach = np.append(np.ones(others), -1.0), strength * (others + 1 + 9 * noise)
    weights = np.linspace(-reach, reach, 40_001)
    pair = [density(weights, one, noise, strength) for one in (signs, signs[:-1])]
    above, below = pair if added else pair[::-1]
    return float(np.trapezoid(np.maximum(0.0, above - np.exp(epsilon) * below), weights))


@pytest.mark.parametrize("added", [True, False])
@pytest.mark.parametrize(("noise", "strength", "others"), [(1.0, 0.5, 0), (1.0, 2.0, 12), (0.6, 5.0, 30), (2.0, 1.0, 3)])
def test_no_pair_of_data_sets_tells_more_than_the_account(noise: float, strength: float, others: int, added: bool) -> None:
    account = Account([Perturbation("w", noise, strength, 0.5)])
    for epsilon in (0.1, 1.0, 3.0):
        assert true_delta(noise, strength, others, epsilon, added) <= account.delta(epsilon) + 1e-8


def test_a_mechanism_with_half_of_its_noise_is_caught() -> None:
    account = Account([Perturbation("w", 1.0, 5.0, 0.5)])
    assert true_delta(0.5, 5.0, 3, 3.0, True) > 2 * account.delta(3.0)


def test_more_noise_more_penalty_and_fewer_releases_tell_less() -> None:
    base = [Perturbation("w", 1.0, 1.0, 0.5), Gaussian("e", 0.5)]
    less = [
        [base[0]],
        [Perturbation("w", 1.2, 1.0, 0.5), base[1]],
        [Perturbation("w", 1.0, 0.5, 0.5), base[1]],
        [base[0], Gaussian("e", 0.4)],
    ]
    assert all(Account(one).epsilon(1e-5) < Account(base).epsilon(1e-5) for one in less)
    assert Account(base).epsilon(1e-5) == pytest.approx(Account(base[::-1]).epsilon(1e-5), rel=1e-6)


def test_nothing_released_tells_nothing() -> None:
    account = Account([])
    assert (account.epsilon(1e-5), account.delta(0.0), account.tpr(0.001, 10)) == (0.0, 0.0, 0.001)


def test_a_great_loss_is_still_accounted_for() -> None:
    assert Account([Gaussian("a", 100.0)]).epsilon(1e-5) == pytest.approx(5400, rel=0.02)
    assert Account([Gaussian("a", 100.0)]).tpr(0.001) == pytest.approx(1.0)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dp_accounting.pld", None)
    with pytest.raises(ConfigError, match=r"dp-accounting, which is not here\. Install it: pip install 'fluid\[privacy\]'"):
        accounting.compose([Gaussian("a", 0.123)])
