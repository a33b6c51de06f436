"""What many noisy releases tell together, by the distribution of their privacy loss (Sommer, Meiser & Mohammadi 2019)."""

import math
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fluid.errors import ConfigError
from fluid.privacy.mechanisms import Gaussian, Mechanism, Perturbation

if TYPE_CHECKING:
    from dp_accounting.pld.privacy_loss_distribution import PrivacyLossDistribution

STEP, MOST_STEPS = 1e-4, 50_000
"""Losses are rounded up to multiples of this, or of more if there would be too many of them."""
TAIL = 1e-15
"""Probability of the losses that are taken for infinite."""
REACH = 8.2
"""Standard deviations within which all but `TAIL` of a normal distribution lies."""
POINTS = 1000
LARGEST = 500.0
"""An ε beyond which nothing is told from no protection."""
CLOSE, LEAST_RATIO, LARGEST_RATIO = 1e-3, 1e-4, 1e3
MISSING = "Install it: pip install 'fluid[privacy]'."


class Account:
    """What an attacker can learn of one molecule from several releases.

    Args:
        mechanisms: How each was made.
    """

    def __init__(self, mechanisms: Sequence[Mechanism]) -> None:
        self.mechanisms = tuple(mechanisms)

    @cached_property
    def loss(self) -> "PrivacyLossDistribution":
        """The distribution of the privacy loss, never less than it is; `mechanisms` must not be empty."""
        return compose(self.mechanisms)

    def delta(self, epsilon: float) -> float:
        """Return the smallest δ with which the releases together are (ε, δ)-differentially private."""
        return float(self.loss.get_delta_for_epsilon(epsilon)) if self.mechanisms else 0.0

    def epsilon(self, delta: float) -> float:
        """Return the smallest ε with which the releases together are (ε, δ)-differentially private; 0 where nothing was released."""
        return float(self.loss.get_epsilon_for_delta(delta)) if self.mechanisms else 0.0

    @cached_property
    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """ε `(N,)` and the δ that belongs to each `(N,)`."""
        top = min(self.epsilon(1e-12), LARGEST)
        epsilons = np.linspace(0, top, POINTS)
        return epsilons, np.asarray(self.loss.get_delta_for_epsilon(epsilons.tolist()))

    def tpr(self, fpr: float, molecules: int = 1) -> float:
        """Return a true-positive rate that no test for molecules in the data can exceed.

        For all ε, `TPR ≤ e^ε FPR + δ(ε)` and `1 − FPR ≤ e^ε (1 − TPR) + δ(ε)` (Wasserman & Zhou 2010, doi:10.1198/jasa.2009.tm08651).
        For a group, data sets with none and all of its molecules are linked by a chain of neighbours (Dong, Roth & Su 2022,
        doi:10.1111/rssb.12454, theorem 2.14).

        Args:
            fpr: False-positive rate.
            molecules: How many are in the data together or not at all.
        """
        if not self.mechanisms:
            return fpr
        epsilons, deltas = self.curve
        for _ in range(molecules):
            above = np.exp(epsilons) * fpr + deltas
            below = 1 - np.exp(-epsilons) * (1 - fpr - deltas)
            fpr = float(min(above.min(), below.min(), 1.0))
        return fpr


def compose(mechanisms: Sequence[Mechanism]) -> "PrivacyLossDistribution":
    """Return the distribution of the privacy loss of all mechanisms together, each of which may look at what came before.

    Normal noises are one normal noise, of which the squares of the ratios add up.

    Raises:
        ConfigError: The package that keeps the account is not installed.
    """
    perturbed = [one for one in mechanisms if isinstance(one, Perturbation)]
    gaussian = math.fsum(one.ratio**2 for one in mechanisms if isinstance(one, Gaussian)) ** 0.5
    ratios = [one.ratio for one in perturbed] + [gaussian] * (gaussian > 0)
    widest = sum(highest_loss(ratio) for ratio in ratios) + sum(one.excess for one in perturbed)
    step = max(STEP, widest / MOST_STEPS)
    parts = [_of_perturbation(one.ratio, one.excess, step) for one in perturbed] + ([_of_gaussian(gaussian, step)] if gaussian else [])
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.compose(part, TAIL)
    return whole


def largest_ratio(spent: Callable[[float], float], epsilon: float) -> float:
    """Return the largest ratio that spends no more than ε, within `CLOSE` of it.

    Args:
        spent: The ε of a ratio, which rises with it; that of `LEAST_RATIO` is not above `epsilon`.
        epsilon: ε.
    """
    low, high = LEAST_RATIO, LARGEST_RATIO
    while high / low > 1 + CLOSE:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if spent(middle) <= epsilon else (low, middle)
    return low


def highest_loss(ratio: float) -> float:
    """Return the loss that normal noise exceeds with a probability of `TAIL` only."""
    return ratio**2 / 2 + REACH * ratio


@cache
def _of_gaussian(ratio: float, step: float) -> "PrivacyLossDistribution":
    found: PrivacyLossDistribution = _library().from_gaussian_mechanism(1 / ratio, value_discretization_interval=step)
    return found


@cache
def _of_perturbation(ratio: float, excess: float, step: float) -> "PrivacyLossDistribution":
    """Return the distribution of `max(0, G) + excess`, rounded up, with `G ~ N(ratio²/2, ratio²)`; the true loss is never above it."""
    from dp_accounting.pld.pld_pmf import DensePLDPmf
    from scipy.stats import norm

    first, last = math.ceil(excess / step), math.ceil((highest_loss(ratio) + excess) / step)
    below = norm.cdf((np.arange(first, last + 1) * step - excess - ratio**2 / 2) / ratio)
    pmf = DensePLDPmf(step, first, np.diff(below, prepend=0.0), float(norm.sf(REACH)), True)
    found: PrivacyLossDistribution = _library().PrivacyLossDistribution(pmf)
    return found


def _library() -> Any:
    try:
        from dp_accounting.pld import privacy_loss_distribution
    except ImportError:
        raise ConfigError("differential privacy is accounted for by dp-accounting, which is not here", remedy=MISSING) from None
    return privacy_loss_distribution
