from itertools import permutations

import numpy as np
import pytest

from fluid.evaluation.shapley import exact_shapley, sampled_shapley
from fluid.seeding import numpy_stream

WEIGHTS = np.array([[1.0, 0.0], [2.0, 5.0], [4.0, 1.0], [0.0, 0.0]])


def glove(members: tuple[int, ...]) -> np.ndarray:
    """One left glove (0), two right ones (1, 2): a pair is worth 1 (Shapley values 2/3, 1/6, 1/6)."""
    return np.array([float(0 in members and (1 in members or 2 in members))])


def curious(members: tuple[int, ...]) -> np.ndarray:
    return np.array([sum((i + 1) * (j + 2) for i in members for j in members if i < j) ** 0.5 + 3.0])


def test_the_glove_game() -> None:
    np.testing.assert_allclose(exact_shapley(3, glove)[:, 0], [2 / 3, 1 / 6, 1 / 6])


def test_what_only_adds_up_is_what_each_brings() -> None:
    np.testing.assert_allclose(exact_shapley(4, lambda members: WEIGHTS[list(members)].sum(axis=0)), WEIGHTS, atol=1e-12)


def test_it_is_the_mean_over_all_orders() -> None:
    share = np.zeros(4)
    for order in permutations(range(4)):
        for place, member in enumerate(order):
            share[member] += curious(tuple(sorted(order[: place + 1])))[0] - curious(tuple(sorted(order[:place])))[0]
    np.testing.assert_allclose(exact_shapley(4, curious)[:, 0], share / 24)


def test_random_orders_estimate_it_and_sum_to_the_same() -> None:
    exact = exact_shapley(5, curious)
    near = sampled_shapley(5, curious, 2000, numpy_stream(0, "test", "shapley"))
    few = sampled_shapley(5, curious, 3, numpy_stream(0, "test", "shapley"))
    np.testing.assert_allclose(near, exact, atol=0.15)
    whole = curious((0, 1, 2, 3, 4)) - curious(())
    for found in (exact, near, few):
        np.testing.assert_allclose(found.sum(axis=0), whole)


def test_what_is_undefined_stays_undefined() -> None:
    found = exact_shapley(2, lambda members: np.array([np.nan if members == (0, 1) else 0.0, 1.0]))
    assert np.isnan(found[:, 0]).all()
    assert found[:, 1].tolist() == pytest.approx([0.0, 0.0])
