"""A likelihood-ratio attack that is unsure of what few shadows tell: each molecule's mean and spread have priors learnt from all others.

References:
    Brännvall, 2026, arXiv:2603.11799 (BaVarIA: conjugate normal-inverse-gamma priors, a Student's t as predictive distribution); how the
    prior of the spreads is learnt: Smyth, *Stat. Appl. Genet. Mol. Biol.* 3, 2004, doi:10.2202/1544-6115.1027, section 6.2.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma
from scipy.stats import t

from fluid.privacy.attack import Attack
from fluid.privacy.attacks.lira import MADE_UP, can_shadow, over_endpoints
from fluid.privacy.made_up import Beside, beside_shadows
from fluid.privacy.scene import Scene

SURE = 1e4
"""Degrees of freedom of the prior where all molecules spread alike."""
TRUST = 1.0
"""How many shadows the prior of a mean counts for."""
SMALLEST = 1e-12


class Spread(NamedTuple):
    """The prior of a variance: a scaled inverse chi-squared of so many degrees of freedom, around a variance."""

    freedom: float
    variance: float


def spread_prior(variances: np.ndarray, freedom: float) -> Spread:
    """Return the prior of variances from estimates of them `(N,)` of so many degrees of freedom each, by moments of their logarithms."""
    logs = np.log(np.maximum(variances, SMALLEST)) - digamma(freedom / 2) + np.log(freedom / 2)
    beyond = float(logs.var(ddof=1)) - float(polygamma(1, freedom / 2))
    own = SURE if beyond <= float(polygamma(1, SURE / 2)) else float(brentq(lambda d: float(polygamma(1, d / 2)) - beyond, 1e-3, SURE))
    return Spread(own, float(np.exp(logs.mean() + digamma(own / 2) - np.log(own / 2))))


def log_predictive(margin: np.ndarray, seen: np.ndarray, chosen: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return the log-density of margins `(N,)` after those of some shadows `(S, N)`.

    With the prior `σ² ~ Inv-χ²(ν₀, s₀²)`, `μ | σ² ~ N(m₀, σ² / κ₀)` and `n` shadows of mean `m` and squares `q` around it:
    `κ = κ₀ + n`, `ν = ν₀ + n`, `ν s² = ν₀ s₀² + q + κ₀ n (m − m₀)² / κ`, and a margin is Student's t of `ν` degrees of freedom around
    `(κ₀ m₀ + n m) / κ`, scaled by `s √(1 + 1/κ)`.

    Args:
        margin: Of the company.
        seen: Of the shadows.
        chosen: Which of them count for which molecule `(S, N)` bool.
        middle: Prior means `m₀` `(N,)`.
    """
    n = chosen.sum(axis=0)
    mean = np.where(chosen, seen, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(chosen, (seen - mean) ** 2, 0.0).sum(axis=0)
    several = n > 1
    prior = spread_prior(squares[several] / (n[several] - 1), float(n[several].mean()) - 1) if several.sum() > 2 else Spread(1.0, 1.0)
    kappa, freedom = TRUST + n, prior.freedom + n
    scale = (prior.freedom * prior.variance + squares + TRUST * n * (mean - middle) ** 2 / kappa) / freedom
    found: np.ndarray = t.logpdf(margin, freedom, (TRUST * middle + n * mean) / kappa, np.sqrt(scale * (1 + 1 / kappa)))
    return found


def t_ratio(beside: Beside) -> np.ndarray:
    """Return the log-likelihood ratios of the company's margins; a prior mean is that of all of a molecule's shadows, shifted by kind."""
    centre = beside.margins.mean(axis=0)
    shifts = [float((beside.margins - centre)[kind].mean()) for kind in (beside.inside, ~beside.inside)]
    parts = zip((beside.inside, ~beside.inside), shifts, strict=True)
    inside, outside = (log_predictive(beside.own, beside.margins, chosen, centre + shift) for chosen, shift in parts)
    found: np.ndarray = inside - outside
    return found


def bavaria(scene: Scene) -> np.ndarray:
    """Return the mean over endpoints of each candidate's log-likelihood ratio `(N,)`."""
    return over_endpoints(scene, beside_shadows, t_ratio)


ATTACK = Attack(
    "bavaria",
    1,
    MADE_UP,
    "The same as lira, with a mean and a spread of its own for each molecule, held back by what all others have.",
    can_shadow,
    bavaria,
    needs_label=True,
    informed=True,
)
