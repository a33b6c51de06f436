"""Evidence: counts by hand, what one molecule can add, and what is released."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.annotation.evidence import Evidence, count_evidence, release_counts
from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.errors import ArtifactError, ConfigError, ShapeError
from fluid.molecules.substructures import Dictionary
from tests.annotation.conftest import ENDPOINTS

FEATURES = csr_matrix(np.array([[0.7, 0, 1.1, 0.7], [0, 0.7, 0.7, 0], [0.7, 0, 0, 0]]))
LABELS = np.array([[1.0, np.nan], [0.0, 2.5], [np.nan, np.nan]])


def released(**settings: float) -> np.ndarray:
    return release_counts(FEATURES, LABELS, ReleaseSpec(**settings), np.random.default_rng(0))  # type: ignore[arg-type]


def test_molecules_with_a_label_are_counted_once_per_substructure() -> None:
    assert count_evidence(FEATURES, LABELS).tolist() == [[1, 1, 2, 1], [0, 1, 1, 0]]


def test_a_molecule_adds_no_more_than_the_clip() -> None:
    clipped = count_evidence(FEATURES, LABELS, clip=1.0)
    first, second = 1 / np.sqrt(3), 1 / np.sqrt(2)
    np.testing.assert_allclose(clipped[0], [first, second, first + second, first], rtol=1e-6)
    for row in range(3):
        alone = count_evidence(FEATURES[row], np.ones((1, 1)), clip=1.0)
        assert np.linalg.norm(alone) <= 1 + 1e-6
    assert np.array_equal(count_evidence(FEATURES, LABELS, clip=10.0), count_evidence(FEATURES, LABELS))


def test_what_is_released() -> None:
    assert np.array_equal(released(), count_evidence(FEATURES, LABELS))
    assert released(min_support=2.0).tolist() == [[0, 0, 2, 0], [0, 0, 0, 0]]
    noisy = released(noise=3.0)
    assert (noisy >= 0).all()
    assert not np.array_equal(noisy, released())
    assert np.array_equal(noisy, released(noise=3.0))
    drawn = np.random.default_rng(0).normal(0.0, 3.0, (2, 4))
    np.testing.assert_allclose(noisy, np.maximum(count_evidence(FEATURES, LABELS) + drawn, 0), rtol=1e-6)


def test_order_of_molecules_does_not_matter() -> None:
    order = [2, 0, 1]
    assert np.array_equal(count_evidence(FEATURES[order], LABELS[order]), count_evidence(FEATURES, LABELS))


@pytest.mark.parametrize(
    ("counts", "kind", "said"),
    [
        (np.zeros((1, 8), np.float32), ShapeError, r"shape \(1, 8\).*expected float32 \(2, 8\)"),
        (np.zeros((2, 8)), ShapeError, "type float64"),
        (
            np.full((2, 8), -1, np.float32),
            ArtifactError,
            "endpoint 'active', substructure 0: evidence is -1; expected a finite",
        ),
        (np.full((2, 8), np.nan, np.float32), ArtifactError, "evidence is nan"),
    ],
)
def test_evidence_that_cannot_be(counts: np.ndarray, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        Evidence(Dictionary(n_bits=8), ENDPOINTS, counts)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"clip": -1.0}, r"annotation\.evidence\.clip is -1"),
        ({"noise": float("inf")}, r"annotation\.evidence\.noise is inf"),
        ({"min_support": -0.5}, "min_support is -0.5; expected a finite number of 0 or more"),
        ({"n_bits": 4}, "the dictionary has radius 3 and 4 columns"),
        ({"radius": -1}, "radius -1"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ReleaseSpec(**settings)  # type: ignore[arg-type]
