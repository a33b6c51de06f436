from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.models.additive_perturbed import Objective, minimum
from fluid.training.summed.curvature import Curvature
from fluid.training.summed.descent import descend
from fluid.training.summed.own_part import OwnPart
from fluid.training.summed.public_map import PublicMap
from fluid.training.summed.spec import SummedSpec

Private = tuple[csr_matrix, np.ndarray]


def test_without_noise_the_weights_are_those_of_all_data_pooled(public: csr_matrix, private: Private) -> None:
    """By Newton's method on the pooled molecules, as an independent reference."""
    made = PublicMap.of(public, 0.1, 0.9, 0.3)
    part = OwnPart.of(*private, made)
    spec = SummedSpec(rounds=150, damping=5.0)
    weights = descend(lambda _, at: part.gradient(at), Curvature.of(made.rows(public), 31, 0), part.counts(), spec)
    pooled = [minimum(Objective(rows, spec.strength, np.zeros(31))) for rows in part.rows]
    assert weights == pytest.approx(np.array(pooled), abs=1e-4)


def test_rounds_are_asked_in_order_and_only_what_is_opened_counts(public: csr_matrix) -> None:
    curvature, asked = Curvature.of(public, 4, 0), list[int]()
    told = np.random.default_rng(0).normal(0, 1, (6, 2, 30))

    def opened(number: int, weights: np.ndarray) -> np.ndarray:
        asked.append(number)
        return np.asarray(told[number - 1])

    spec = SummedSpec(rounds=6)
    first, again = (descend(opened, curvature, np.array([50.0, 80.0]), spec) for _ in range(2))
    assert asked == [1, 2, 3, 4, 5, 6] * 2
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize(("averaged", "last"), [(0.0, 1), (0.25, 1), (0.5, 2), (0.51, 3), (1.0, 4)])
def test_the_mean_is_over_the_last_rounds(public: csr_matrix, averaged: float, last: int) -> None:
    """With a constant pull, no momentum and hardly any penalty, every round goes as far as the first."""
    curvature, pulled = Curvature(np.zeros((1, 3)), np.zeros(1)), np.array([[1.0, 2.0, 3.0]])
    spec = SummedSpec(rounds=4, momentum=0.0, damping=2.0, strength=1e12, averaged=averaged)
    found = descend(lambda *_: pulled, curvature, np.ones(1), spec)
    assert found == pytest.approx(-pulled / 2 * np.mean([4, 3, 2, 1][:last]))


def test_endpoints_do_not_see_each_other(public: csr_matrix, private: Private) -> None:
    made = PublicMap.of(public, 0.1, 0.9, 0.3)
    spec, curvature = SummedSpec(rounds=5), Curvature.of(made.rows(public), 10, 0)
    both = OwnPart.of(*private, made)
    found = descend(lambda _, at: both.gradient(at), curvature, both.counts(), spec)
    for place in range(2):
        alone = OwnPart.of(private[0], private[1][:, place : place + 1], made)
        assert descend(lambda _, at, one=alone: one.gradient(at), curvature, alone.counts(), spec)[0] == pytest.approx(found[place])  # type: ignore[misc]


def test_damping_makes_noise_smaller(public: csr_matrix) -> None:
    curvature, noise = Curvature.of(public, 10, 0), np.random.default_rng(0).normal(0, 4, (17, 1, 30))
    spec = SummedSpec()
    loose, damped = (
        descend(lambda number, _: noise[number], curvature, np.full(1, 200.0), replace(spec, damping=damping)) for damping in (5.0, 40.0)
    )
    assert np.linalg.norm(damped) < np.linalg.norm(loose) / 2
    by_noise = descend(lambda number, _: noise[number], curvature, np.full(1, 200.0), replace(spec, damping=10.0), 4.0)
    assert by_noise.tobytes() == damped.tobytes()
