import numpy as np
import pytest

from fluid.companies.smoothing import smooth

COMPANY = np.arange(10_000) % 5


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.999])
def test_exactly_the_share_moves_and_the_input_stays(share):
    before = COMPANY.copy()
    moved = smooth(COMPANY, 5, share, np.random.default_rng(0))
    assert (moved != COMPANY).sum() == round(share * len(COMPANY))
    assert np.array_equal(COMPANY, before)


def test_every_other_company_is_equally_likely():
    moved = smooth(np.zeros(20_000, dtype=np.int64), 5, 0.5, np.random.default_rng(0))
    assert np.bincount(moved)[1:] == pytest.approx(np.full(4, 2500), rel=0.1)
    assert moved.max() == 4


def test_one_company_keeps_its_molecules():
    assert not smooth(np.zeros(100, dtype=np.int64), 1, 0.5, np.random.default_rng(0)).any()
