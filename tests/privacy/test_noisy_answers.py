import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from fluid.errors import ConfigError, ShapeError
from fluid.privacy.accounting import Account
from fluid.privacy.mechanisms import Gaussian
from fluid.privacy.noisy_answers import companies_needed, molecules_allowed, noise_of_mean, noisy_mean, ratio_of

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "privacy.md"


@pytest.mark.parametrize("epsilon", [8.0, 1.0])
def test_the_ratio_is_that_of_the_closed_form(epsilon: float) -> None:
    ratio = ratio_of(epsilon, 1e-5)
    delta = norm.cdf(ratio / 2 - epsilon / ratio) - math.exp(epsilon) * norm.cdf(-ratio / 2 - epsilon / ratio)  # Balle & Wang 2018
    assert 0.99e-5 < delta <= 1e-5


def test_all_answers_together_have_the_epsilon() -> None:
    noise = noise_of_mean(8, 100, 3.0, 1e-5)
    each = Gaussian("the answer to one molecule", 1 / 8 / noise)
    assert 2.99 < Account([each] * 100).epsilon(1e-5) <= 3.0


def test_noise_falls_with_companies_and_grows_with_molecules() -> None:
    one = noise_of_mean(1, 1, 8.0, 1e-5)
    assert noise_of_mean(4, 900, 8.0, 1e-5) == pytest.approx(one * 30 / 4)
    needed = companies_needed(0.1, 900, 8.0, 1e-5)
    assert noise_of_mean(needed, 900, 8.0, 1e-5) <= 0.1 < noise_of_mean(needed - 1, 900, 8.0, 1e-5)
    allowed = molecules_allowed(0.5, 16, 8.0, 1e-5)
    assert noise_of_mean(16, allowed, 8.0, 1e-5) <= 0.5 < noise_of_mean(16, allowed + 1, 8.0, 1e-5)


@pytest.mark.parametrize("epsilon", [8, 3, 1])
def test_the_page_of_results_has_these_figures(epsilon: int) -> None:
    about = (float(epsilon), 1e-5)
    cells = (
        str(epsilon), f"{noise_of_mean(8, 30_000, *about):.1f}", f"{companies_needed(0.1, 30_000, *about):,}",
        f"{molecules_allowed(0.1, 8, *about)}", f"{noise_of_mean(1, 30_000, *about):.0f}",
    )  # fmt: skip
    assert re.search(r"\| " + r" \| ".join(map(re.escape, cells)) + r" \|", RESULTS.read_text(encoding="utf-8"))


def test_noise_is_added_to_the_mean_and_few_companies_are_drowned() -> None:
    answers = np.vstack([np.linspace(0, 1, 2001)] * 8)
    assert noisy_mean(answers, 0.0, np.random.default_rng(0)) == pytest.approx(answers[0])
    quiet, loud = (noisy_mean(answers, noise, np.random.default_rng(0)) for noise in (0.02, 13.0))
    assert np.std(quiet - answers[0]) == pytest.approx(0.02, rel=0.1)
    assert np.corrcoef(quiet, answers[0])[0, 1] > 0.99
    assert abs(np.corrcoef(loud, answers[0])[0, 1]) < 0.1  # as good as tossing coins
    assert np.isin(loud, (0.0, 1.0)).mean() > 0.9


@pytest.mark.parametrize("wrong", [np.nan, 1.5, -0.1])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    answers = np.full((2, 3), 0.5)
    answers[1, 2] = wrong
    with pytest.raises(ShapeError, match="the answer of company 1 about molecule 2 is .*; expected a probability"):
        noisy_mean(answers, 1.0, np.random.default_rng(0))


def test_an_epsilon_out_of_reach_is_refused() -> None:
    with pytest.raises(ConfigError, match="no normal noise is looked for that has ε 0.0001 at δ 1e-05"):
        ratio_of(0.0001, 1e-5)
