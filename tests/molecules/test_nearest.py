import numpy as np
import pytest

from fluid.molecules.nearest import QUERIES, REFERENCES, Hidden, NearestReference


@pytest.fixture
def bits() -> np.ndarray:
    """Return fingerprints of more queries and references than one block holds."""
    return np.packbits(np.random.default_rng(0).random((QUERIES + 40, 64)) < 0.3, axis=1)


def tanimoto(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    a, b = (np.unpackbits(part, axis=1).astype(np.float64) for part in (one, other))
    common = a @ b.T
    similarity: np.ndarray = common / np.maximum(a.sum(1)[:, None] + b.sum(1)[None] - common, 1)
    return similarity


def test_hidden_references_do_not_count(bits: np.ndarray) -> None:
    references = bits[: 2 * REFERENCES + 10]
    queries = np.array([0, 5, QUERIES + 1, QUERIES + 1, QUERIES + 39])
    places = np.array([0, REFERENCES + 3, 2 * REFERENCES + 9, 7, 2])
    found = NearestReference(references).mean_similarity(bits, 3, Hidden(queries, places))
    expected = tanimoto(bits, references)
    expected[queries, places] = -1
    np.testing.assert_allclose(found, np.sort(expected, axis=1)[:, -3:].mean(axis=1), rtol=1e-6)


def test_references_that_are_too_similar_do_not_count(bits: np.ndarray) -> None:
    references = bits[:30]
    found = NearestReference(references).mean_similarity(bits, 2, Hidden(np.empty(0, int), np.empty(0, int), 0.5))
    expected = tanimoto(bits, references)
    expected[expected >= 0.5] = -1
    np.testing.assert_allclose(found, np.sort(expected, axis=1)[:, -2:].mean(axis=1), rtol=1e-6)


def test_what_is_left_counts_and_nothing_left_is_0(bits: np.ndarray) -> None:
    reference, queries = NearestReference(bits[:2]), bits[:2]
    both = Hidden(np.array([0, 1, 1]), np.array([0, 0, 1]))
    found = reference.mean_similarity(queries, 2, both)
    np.testing.assert_allclose(found, [tanimoto(bits[:1], bits[1:2])[0, 0], 0], rtol=1e-6)


def test_nothing_hidden_is_bit_by_bit_the_same(bits: np.ndarray) -> None:
    reference = NearestReference(bits[:300])
    nothing = Hidden(np.empty(0, int), np.empty(0, int))
    np.testing.assert_array_equal(reference.mean_similarity(bits, 3, nothing), reference.mean_similarity(bits, 3))


@pytest.mark.parametrize("k", [1, 7, 1000])
def test_the_nearest_are_those_of_a_full_sort_and_of_equally_near_ones_the_first(bits: np.ndarray, k: int) -> None:
    references, queries = np.concatenate([bits[: REFERENCES + 20], bits[:40]]), bits[10:70]
    expected = tanimoto(queries, references).astype(np.float32)
    order = np.argsort(-expected, axis=1, kind="stable")[:, :k]
    found = NearestReference(references).nearest(queries, k)
    np.testing.assert_array_equal(found.rows, order)
    np.testing.assert_allclose(found.similarity, np.take_along_axis(expected, order, axis=1), rtol=1e-6)
