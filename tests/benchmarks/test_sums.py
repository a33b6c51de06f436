"""Attacks on sums over companies, on made-up molecules."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.privacy.statistics import auc
from fluid.training.summed.curvature import Curvature
from fluid.training.summed.own_part import OwnPart
from fluid.training.summed.public_map import PublicMap
from fluid.training.summed.spec import SummedSpec
from tests.benchmarks.conftest import loaded

FILE = Path(__file__).parents[2] / "benchmarks" / "privacy" / "sums.py"
SPEC = SummedSpec(rounds=8, damping=20.0, directions=20)


@pytest.fixture(scope="module")
def sums() -> ModuleType:
    return loaded(FILE)


def attacked(sums: ModuleType, deviation: float) -> object:
    """Return 60 candidates of 200 columns beside 40 known molecules."""
    rng = np.random.default_rng(0)
    features = csr_matrix(np.log1p(rng.poisson(0.1, (100, 200))))
    labels = rng.integers(0, 2, (100, 1)).astype(np.float32)
    public = PublicMap.of(features, 0.1, 0.9, 0.3)
    own, others = (OwnPart.of(features[part], labels[part], public) for part in (slice(60), slice(60, 100)))
    return sums.Attacked(own.rows[0], others, Curvature.of(public.rows(features), 20, 0), SPEC, deviation)


def found(sums: ModuleType, deviation: float) -> dict[str, float]:
    rng = np.random.default_rng(1)
    inside = rng.permutation(60) < 30
    scores = dict(sums.scores_of(attacked(sums, deviation), inside, rng))
    return {name: auc(one[inside], one[~inside]) for name, one in scores.items()}


def test_without_noise_to_speak_of_every_member_is_found(sums: ModuleType) -> None:
    """Each molecule has a direction of its own: there the posterior is exact."""
    told = found(sums, 1e-3)
    assert told["posterior"] == 1.0
    assert told["lira"] > 0.9


def test_behind_much_noise_nobody_is_found(sums: ModuleType) -> None:
    assert all(abs(value - 0.5) < 0.2 for value in found(sums, 1e3).values())


def test_the_posterior_is_that_of_a_linear_model(sums: ModuleType) -> None:
    """By least squares on all numbers that were opened, as an independent reference."""
    case = attacked(sums, 0.5)
    rng = np.random.default_rng(2)
    seen = case.rounds(rng.permutation(60) < 30, rng)  # type: ignore[attr-defined]
    rows = case.rows.toarray()  # type: ignore[attr-defined]
    slopes = np.clip(1 - rows @ seen.weights.T / 2, 0, 1)
    design = np.concatenate([-(slopes[:, [t]] * rows).T for t in range(8)]) / 0.5
    ridge = np.vstack([design, 2 * np.eye(60)])
    target = np.concatenate([seen.left.ravel() / 0.5, np.full(60, 1.0)])
    assert sums.memberships(case.rows, seen, 0.5) == pytest.approx(np.linalg.lstsq(ridge, target, rcond=None)[0])  # type: ignore[attr-defined]
