import pytest

from fluid.errors import ConfigError
from fluid.privacy.attacks.registry import ATTACKS
from fluid.privacy.policy import FELL, HOLDS, OPEN, PolicySpec, judge
from fluid.privacy.statistics import Measured


@pytest.mark.parametrize(
    ("low", "high", "state"), [(0.5, 0.59, HOLDS), (0.55, 0.65, OPEN), (0.61, 0.7, FELL), (0.5, 0.6, HOLDS), (0.6, 0.7, OPEN)]
)
def test_a_bound_falls_where_the_whole_interval_is_above_it(low: float, high: float, state: str) -> None:
    assert judge("auc", Measured((low + high) / 2, low, high), 0.6).state == state


def test_who_has_labelled_molecules_may_find_more() -> None:
    policy = PolicySpec()
    assert policy.bounds(ATTACKS["lira"]) == (0.6, 0.003)
    assert policy.bounds(ATTACKS["bin_asked"]) == (0.53, 0.0015)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"auc": 0.4}, "policy.auc is 0.4; expected an AUC from 0.5"),
        ({"tpr_unaided": 0.0001}, "policy.tpr_unaided is 0.0001; expected a rate from 0.001"),
        ({"level": 0.0}, "policy.level is 0.0"),
        ({"baseline": 1.2}, "policy.baseline is 1.2"),
    ],
)
def test_bounds_that_nothing_could_keep_are_refused(values: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        PolicySpec(**values)
    assert said in str(error.value)
