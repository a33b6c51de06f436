import numpy as np
import pytest

from fluid.companies.size import power_law, size_draws
from fluid.companies.spec import CompanySpec


def test_power_law_shares():
    assert power_law(3, 1.0) == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    assert power_law(4, 0.0) == pytest.approx([0.25] * 4)
    assert power_law(8, 2.5).sum() == pytest.approx(1)


def test_sizes_follow_the_power_law_and_molecules_are_random(make_table, series):
    spec = CompanySpec(method="size", n=3, size_exponent=1.0)
    company = next(size_draws(make_table(), spec, 0))
    assert np.bincount(company) == pytest.approx(400 * power_law(3, 1.0), abs=1)
    assert np.bincount(series[company == 0], minlength=4) == pytest.approx(np.full(4, 55), abs=18)
