import numpy as np
import pytest

from fluid.annotation.domain import DomainScorer, bin_midpoints
from fluid.errors import ConfigError
from fluid.molecules.fingerprints import morgan_bits, tanimoto

OWN = ["CCO", "CCN", "CCC", "c1ccccc1O"]
ASKED = ["CCO", "c1ccccc1N", "O=S(=O)(N)c1ccc2[nH]ccc2c1", "CCCO"]


def test_bins_are_those_of_the_mean_similarity_to_the_nearest() -> None:
    similarity = np.sort(tanimoto(morgan_bits(ASKED), morgan_bits(OWN)), axis=1)[:, -2:].mean(axis=1)
    bins = DomainScorer(morgan_bits(OWN), (0.2, 0.4, 0.6), k=2).bins(morgan_bits(ASKED))
    assert bins.tolist() == [sum(s >= edge for edge in (0.2, 0.4, 0.6)) for s in similarity]
    assert bins.dtype == np.uint8


def test_own_molecules_are_in_the_highest_bin_and_nothing_known_is_the_lowest() -> None:
    assert DomainScorer(morgan_bits(OWN), k=1).bins(morgan_bits(OWN)).tolist() == [3] * 4
    assert DomainScorer(morgan_bits([]), k=1).bins(morgan_bits(OWN)).tolist() == [0] * 4


def test_midpoints() -> None:
    np.testing.assert_allclose(bin_midpoints((0.3, 0.4, 0.5)), [0.15, 0.35, 0.45, 0.75])


@pytest.mark.parametrize("edges", [(0.5, 0.4), (0.0, 0.5), (0.5, 1.0), (0.1, 0.2, 0.3, 0.4), (0.3, 0.3)])
def test_edges_must_rise_and_be_few(edges: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match=r"annotation\.edges"):
        DomainScorer(morgan_bits(OWN), edges)


def test_k_must_be_positive() -> None:
    with pytest.raises(ConfigError, match=r"annotation\.k is 0"):
        DomainScorer(morgan_bits(OWN), k=0)
