import numpy as np
import pytest

from fluid.errors import ConfigError, ShapeError
from fluid.molecules.fingerprints import tanimoto
from fluid.molecules.near_duplicates import NONE, near_duplicates


def similar_sets(n: int, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return references of very different sizes, and queries that are references with a few bits changed, packed."""
    rng = np.random.default_rng(seed)
    reference = rng.random((m, 256)) < rng.uniform(0.05, 0.6, (m, 1))
    query = reference[rng.integers(0, m, n)] ^ (rng.random((n, 256)) < rng.choice([0.0, 0.002, 0.02, 0.3], (n, 1)))
    return np.packbits(query, axis=1), np.packbits(reference, axis=1)


@pytest.mark.parametrize("threshold", [0.3, 0.8, 0.95, 1.0])
def test_it_finds_what_all_pairs_say(threshold: float, monkeypatch: pytest.MonkeyPatch) -> None:
    query, reference = similar_sets(300, 200)
    similarity = tanimoto(query, reference).astype(float)
    for blocks in ((512, 4096), (7, 11)):
        monkeypatch.setattr("fluid.molecules.near_duplicates.QUERIES", blocks[0])
        monkeypatch.setattr("fluid.molecules.near_duplicates.REFERENCES", blocks[1])
        found = near_duplicates(query, reference, threshold)
        near = similarity.max(axis=1) >= threshold - 1e-7
        assert 0 < near.sum() < len(query)
        np.testing.assert_array_equal(found.row, np.where(near, similarity.argmax(axis=1), NONE))
        np.testing.assert_allclose(found.similarity, np.where(near, similarity.max(axis=1), 0.0), atol=1e-6)


def test_a_similarity_of_exactly_the_threshold_counts() -> None:
    full = np.zeros((1, 64), dtype=bool)
    full[0, :20] = True
    less = full.copy()
    less[0, 0] = False
    one, other = np.packbits(full, axis=1), np.packbits(less, axis=1)
    assert near_duplicates(one, other, 0.95).row.tolist() == [0]
    assert near_duplicates(other, one, 0.95).similarity.tolist() == [19 / 20]
    assert near_duplicates(one, other, 0.951).row.tolist() == [NONE]


def test_of_equal_references_the_first_is_told() -> None:
    query, _ = similar_sets(1, 5)
    assert near_duplicates(query, np.repeat(query, 3, axis=0), 0.9).row.tolist() == [0]


def test_nothing_is_like_an_empty_fingerprint() -> None:
    nothing, some = np.zeros((2, 32), dtype=np.uint8), np.full((2, 32), 255, dtype=np.uint8)
    for query, reference in ((nothing, nothing), (nothing, some), (some, nothing), (nothing[:0], some), (some, nothing[:0])):
        found = near_duplicates(query, reference, 0.5)
        assert (found.row == NONE).all()
        assert len(found.row) == len(query)


@pytest.mark.parametrize("threshold", [0.0, 1.1, float("nan")])
def test_thresholds_that_cannot_be(threshold: float) -> None:
    with pytest.raises(ConfigError, match="similarity of near duplicates is"):
        near_duplicates(*similar_sets(2, 2), threshold)


def test_fingerprints_of_other_lengths() -> None:
    with pytest.raises(ShapeError, match="equal lengths"):
        near_duplicates(np.zeros((1, 8), np.uint8), np.zeros((1, 16), np.uint8), 0.9)
