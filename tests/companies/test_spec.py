import pytest

from fluid.companies.spec import CompanySpec
from fluid.errors import ConfigError

BAD = [
    ({"method": "random"}, "companies.method is 'random'; expected one of kmeans, scaffold, dirichlet, size, series"),
    ({"n": 0}, "companies.n is 0; expected at least 1"),
    ({"smoothing": 1.0}, "companies.smoothing is 1.0; expected a share from 0"),
    ({"smoothing": -0.1}, "companies.smoothing is -0.1"),
    ({"alpha": 0.0}, "companies.alpha is 0.0; expected a positive number"),
    ({"alpha": float("nan")}, "companies.alpha is nan"),
    ({"alpha": float("inf")}, "companies.alpha is inf"),
    ({"size_exponent": -1.0}, "companies.size_exponent is -1.0; expected 0 or more"),
    ({"min_size": 0}, "companies.min_size is 0; expected at least 1"),
    ({"min_per_class": -1}, "companies.min_per_class is -1; expected 0 or more"),
    ({"series": 0}, "companies.series is 0; expected at least 1"),
    ({"method": "series", "series": 7}, "companies.series is 7; expected at least companies.n, 8"),
]


def test_defaults_are_those_of_the_paper():
    spec = CompanySpec()
    assert (spec.method, spec.n, spec.smoothing) == ("kmeans", 8, 0.05)


def test_series_may_be_fewer_than_companies_where_none_are_dealt():
    assert CompanySpec(n=100).series < 100


@pytest.mark.parametrize(("setting", "message"), BAD)
def test_a_bad_value_is_named_with_what_is_expected(setting, message):
    with pytest.raises(ConfigError) as caught:
        CompanySpec(**setting)
    assert message in str(caught.value)
