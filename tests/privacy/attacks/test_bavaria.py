import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import invgamma, norm
from scipy.stats import t as student

from fluid.privacy.attacks.bavaria import ATTACK, log_predictive, spread_prior, t_ratio
from fluid.privacy.attacks.lira import normal_ratio
from fluid.privacy.made_up import Beside
from fluid.privacy.scene import Answers, Scene
from fluid.privacy.shadows import Taught, train_shadows
from fluid.privacy.statistics import auc


def made(shadows: int, n: int = 3000, spread: float = 0.0) -> tuple[Beside, np.ndarray]:
    """Margins that move by 1 when a molecule is learnt, around a hardness and with a spread of its own for each molecule."""
    draw = np.random.default_rng(shadows)
    hardness, width = draw.normal(0, 3, n), np.exp(draw.normal(0, spread, n))
    inside = np.argsort(np.argsort(draw.random((shadows, n)), axis=0), axis=0) < shadows // 2
    member = np.arange(n) < n // 2
    margins = hardness + inside + width * draw.normal(0, 1, (shadows, n))
    own = hardness + member + width * draw.normal(0, 1, n)
    return Beside(np.arange(n), own, margins, inside, Taught(np.empty((0, 0)), np.empty(0))), member


def test_the_prior_of_spreads_is_found_again() -> None:
    draw = np.random.default_rng(0)
    variances = 5 * 2.0 / draw.chisquare(5, 20_000)
    found = spread_prior(variances * draw.chisquare(7, 20_000) / 7, 7)
    assert found.freedom == pytest.approx(5, rel=0.1)
    assert found.variance == pytest.approx(2.0, rel=0.05)
    alike = spread_prior(2.0 * draw.chisquare(7, 20_000) / 7, 7)
    assert alike.freedom > 100


def test_the_density_is_the_integral_over_means_and_spreads() -> None:
    """By numbers: ∫ N(x; m_n, σ²(1 + 1/κ)) p(σ² | shadows) dσ², with the prior that is learnt of two other molecules."""
    seen = np.array([[0.1, 1.0, -1.0], [0.5, 2.0, 0.3], [0.7, 0.2, 1.1]])
    chosen, middle = np.ones((3, 3), dtype=bool), np.array([0.2, 0.9, 0.0])
    prior = spread_prior(seen.var(axis=0, ddof=1), 2)
    m, q, kappa = seen[:, 0].mean(), 3 * seen[:, 0].var(), 4.0
    shape, rate = (prior.freedom + 3) / 2, (prior.freedom * prior.variance + q + 3 * (m - 0.2) ** 2 / kappa) / 2
    centre = (0.2 + 3 * m) / kappa
    expected, _ = quad(lambda v: norm.pdf(0.9, centre, np.sqrt(v * (1 + 1 / kappa))) * invgamma.pdf(v, shape, scale=rate), 0, np.inf)
    assert log_predictive(np.full(3, 0.9), seen, chosen, middle)[0] == pytest.approx(np.log(expected), abs=1e-6)


def test_the_scores_are_those_of_molecules_one_at_a_time() -> None:
    """The conjugate update of Brännvall 2026 (Murphy 2007, equations 85 to 100), in normal-inverse-gamma form, with scipy."""
    beside, _ = made(6, n=40, spread=0.5)
    centre = beside.margins.mean(axis=0)
    expected = np.zeros(40)
    for kind, sign in ((beside.inside, 1), (~beside.inside, -1)):
        shift = np.mean([beside.margins[s, i] - centre[i] for s in range(6) for i in range(40) if kind[s, i]])
        prior = spread_prior(np.array([beside.margins[kind[:, i], i].var(ddof=1) for i in range(40)]), 2)
        alpha, beta, kappa = prior.freedom / 2, prior.freedom * prior.variance / 2, 1.0
        for i in range(40):
            x, m = beside.margins[kind[:, i], i], centre[i] + shift
            n, k = len(x), kappa + len(x)
            mean, a = (kappa * m + n * x.mean()) / k, alpha + n / 2
            b = beta + 0.5 * ((x - x.mean()) ** 2).sum() + kappa * n * (x.mean() - m) ** 2 / (2 * k)
            expected[i] += sign * student.logpdf(beside.own[i], 2 * a, mean, np.sqrt(b * (k + 1) / (a * k)))
    assert t_ratio(beside) == pytest.approx(expected)


def test_with_many_shadows_it_is_as_good_as_can_be() -> None:
    beside, member = made(200)
    found = t_ratio(beside)
    assert auc(found[member], found[~member]) == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.02)


@pytest.mark.parametrize("shadows", [4, 8])
def test_with_few_shadows_and_spreads_of_their_own_it_finds_no_less_than_one_spread_for_all(shadows: int) -> None:
    beside, member = made(shadows, spread=0.8)
    ours, one = (ratio(beside) for ratio in (t_ratio, normal_ratio))
    assert auc(ours[member], ours[~member]) > auc(one[member], one[~member]) + 0.01


def test_a_company_that_has_learnt_the_members_is_told_from_shadows(quiet: Scene) -> None:
    labels = quiet.candidates.labels[:, 0]
    learnt = train_shadows(quiet.features, labels, True, quiet.candidates.member[None], 0.3).scores[0]
    found = ATTACK.score(quiet.changed(asked=Answers(1 / (1 + np.exp(-learnt))[:, None])))
    assert auc(found[:150], found[150:]) > 0.8
