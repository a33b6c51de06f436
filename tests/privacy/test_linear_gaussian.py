from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from fluid.privacy.linear_gaussian import NOISES, likeliest, middle_of, posterior


def vectors(n: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (n, size)) / np.sqrt(size)


def test_the_posterior_is_that_of_a_joint_normal_distribution() -> None:
    """By the covariance of what was added and of the sum itself, in all directions, and its conditional distribution."""
    c, g, middle, variance, noise = vectors(4, 6), np.linspace(-1, 2, 6), 0.3, 0.21, 0.7
    gain = variance * c @ np.linalg.inv(variance * c.T @ c + noise * variance * np.eye(6))
    mean = middle + gain @ (g - middle * c.sum(axis=0))
    covariance = variance * np.eye(4) - gain @ (variance * c.T)
    found = posterior(c @ c.T, c @ g, middle, noise)
    assert found.mean == pytest.approx(mean)
    assert found.left * variance == pytest.approx(np.diag(covariance))


def enumerated(c: np.ndarray, g: np.ndarray, deviation: float) -> np.ndarray:
    """Return the exact probabilities that each vector was added, once or never, by all `2^n` ways."""
    ways = np.array(list(product((0.0, 1.0), repeat=len(c))))
    log = -((g - ways @ c) ** 2).sum(axis=1) / (2 * deviation**2)
    weight = np.exp(log - log.max())
    found: np.ndarray = weight @ ways / weight.sum()
    return found


def test_with_much_noise_it_is_what_all_sets_of_members_say() -> None:
    c = vectors(8, 12, 1)
    added = np.arange(8) < 4
    g = added @ c + np.random.default_rng(2).normal(0, 4.0, 12)
    exact, found = enumerated(c, g, 4.0), posterior(c @ c.T, c @ g, 0.5, 4 * 4.0**2).mean
    assert found == pytest.approx(exact, abs=0.003)
    assert np.ptp(exact) > 0.1


def test_with_hardly_any_noise_both_know() -> None:
    c = vectors(8, 12, 1)
    added = (np.arange(8) % 3 == 0).astype(float)
    found = posterior(c @ c.T, c @ (added @ c), 0.5, 1e-9)
    assert found.mean == pytest.approx(added, abs=1e-6)
    assert enumerated(c, added @ c, 0.02) == pytest.approx(added, abs=1e-6)
    assert found.left.max() < 1e-6


def test_with_all_noise_nothing_is_told() -> None:
    c = vectors(8, 12)
    found = posterior(c @ c.T, c @ c[0], 0.4, 1e12)
    assert found.mean == pytest.approx(0.4)
    assert found.left == pytest.approx(1.0)


def test_a_vector_without_length_tells_nothing() -> None:
    c = vectors(5, 9)
    c[2] = 0
    found = posterior(c @ c.T, c @ c[0], 0.4, 0.1)
    assert found.mean[2] == pytest.approx(0.4)
    assert found.left[2] == pytest.approx(1.0)
    assert middle_of(np.zeros((3, 3)), np.zeros(3), 0.1) == 0


def test_the_order_does_not_matter() -> None:
    c, order = vectors(30, 50), np.random.default_rng(3).permutation(30)
    g = c[:10].sum(axis=0)
    straight, turned = posterior(c @ c.T, c @ g, 0.5, 0.2), posterior((c @ c.T)[np.ix_(order, order)], (c @ g)[order], 0.5, 0.2)
    assert turned.mean == pytest.approx(straight.mean[order])
    assert turned.left == pytest.approx(straight.left[order])


def test_the_likeliest_noise_is_that_of_the_normal_density() -> None:
    """Of all noises, and of means and variances a little larger and smaller, none has a larger density than what is found."""
    c = vectors(40, 60, 4)
    added = np.random.default_rng(5).normal(0.5, 0.5, 40)
    g = added @ c + np.random.default_rng(6).normal(0, 0.3, 60)
    gram, told = c @ c.T, c @ g

    def density(middle: float, variance: float, noise: float) -> float:
        covariance = variance * gram @ (gram + noise * np.eye(40))
        return float(multivariate_normal.logpdf(told, middle * gram.sum(axis=1), (covariance + covariance.T) / 2))

    found = likeliest(gram, told, float(told @ np.linalg.solve(gram, told)))
    best, unit = density(*found), np.diag(gram).mean()
    assert all(best >= density(found.middle + by, found.variance * (1 + of), found.noise) for by in (-0.02, 0.02) for of in (-0.1, 0.1))
    assert all(best >= density(found.middle, found.variance, unit * noise) - 1e-6 for noise in NOISES)
    assert found.middle == pytest.approx(middle_of(gram, told, found.noise))


@pytest.mark.parametrize("noise", [0.01, 1.0])
def test_what_was_before_is_found_again(noise: float) -> None:
    c, draw = vectors(400, 420, 7), np.random.default_rng(8)
    added = draw.random(400) < 0.3
    g = added @ c + draw.normal(0, np.sqrt(noise * 0.21), 420)
    found = likeliest(c @ c.T, c @ g, float((c @ g) @ np.linalg.solve(c @ c.T, c @ g)))
    assert found.middle == pytest.approx(0.3, abs=0.07)
    assert found.variance * found.noise == pytest.approx(0.21 * noise, rel=0.3)
