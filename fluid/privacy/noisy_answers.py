"""Noisy answers instead of noisy models: the mean of `K` teachers with normal noise on each public molecule, as PATE has it.

A molecule belongs to one company, and may change all answers of that company's teacher: each mean in [0, 1] by `1/K`. The answers to `M`
molecules are `M` normal noises; together they are one, of `√M` times the ratio of each. So the noise on each mean must have the standard
deviation `√M / (K μ)`, where `μ` is the ratio of an (ε, δ): it falls with the number of companies only, and there are few.

References:
    Papernot et al., *Scalable private learning with PATE*, ICLR 2018, arXiv:1802.08908 (votes of hundreds of teachers).
"""

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from fluid.errors import ConfigError, ShapeError
from fluid.privacy.accounting import Account
from fluid.privacy.mechanisms import Gaussian

CLOSE, LEAST_RATIO, LARGEST_RATIO = 1e-4, 1e-3, 20.0


@lru_cache(maxsize=64)
def ratio_of(epsilon: float, delta: float) -> float:
    """Return the ratio `μ` of the least normal noise that is (ε, δ)-differentially private, rounded down in the fourth digit.

    Raises:
        ConfigError: The ε is out of reach of the ratios that are tried.
    """

    def beyond(logarithm: float) -> float:
        return Account((Gaussian("answers", math.exp(logarithm)),)).epsilon(delta) - epsilon

    low, high = (math.log(ratio) for ratio in (LEAST_RATIO, LARGEST_RATIO))
    if beyond(low) > 0 or beyond(high) < 0:
        raise ConfigError(
            f"no normal noise is looked for that has ε {epsilon:g} at δ {delta:g}", expected="an ε from 0.002 to 280 at the usual δ"
        )
    return math.exp(brentq(beyond, low, high, xtol=CLOSE) - CLOSE)


def noise_of_mean(companies: int, molecules: int, epsilon: float, delta: float) -> float:
    """Return the standard deviation of the noise on the mean answer to each molecule, `√M / (K μ)`.

    Args:
        companies: `K`.
        molecules: `M`, public molecules that are answered.
        epsilon: ε of all answers together.
        delta: δ.
    """
    return math.sqrt(molecules) / (companies * ratio_of(epsilon, delta))


def companies_needed(noise: float, molecules: int, epsilon: float, delta: float) -> int:
    """Return how many companies it takes until the noise on each mean answer is no more than `noise`."""
    return math.ceil(noise_of_mean(1, molecules, epsilon, delta) / noise)


def molecules_allowed(noise: float, companies: int, epsilon: float, delta: float) -> int:
    """Return how many public molecules may be answered with a noise on each mean of no more than `noise`."""
    return math.floor((noise * companies * ratio_of(epsilon, delta)) ** 2)


def noisy_mean(answers: np.ndarray, noise: float, generator: np.random.Generator) -> np.ndarray:
    """Return the mean of probabilities `(K, M)` with noise, cut to [0, 1], `(M,)`.

    Args:
        answers: Probabilities.
        noise: Standard deviation, as of `noise_of_mean`.
        generator: Where noise comes from; simulations only, since a seed can be guessed.

    Raises:
        ShapeError: An answer is missing or no probability, so that a company could change a mean by more than `1/K`.
    """
    wrong = np.argwhere(~((answers >= 0) & (answers <= 1)))
    if len(wrong):
        company, molecule = wrong[0]
        said = f"the answer of company {company} about molecule {molecule} is {answers[company, molecule]}"
        raise ShapeError(said, expected="a probability")
    found: np.ndarray = np.clip(answers.mean(axis=0) + generator.normal(0.0, noise, answers.shape[1]), 0.0, 1.0)
    return found
