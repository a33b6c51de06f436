import math
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.endpoints import Endpoint
from fluid.data.merging import CLASS_POLICIES, VALUE_POLICIES, check_policy, merge_values
from fluid.errors import ConfigError

CLASS, THRESHOLD, VALUE = Endpoint("hit"), Endpoint("pic50", threshold=5.1), Endpoint("logd", "regression")
NAN = math.nan
PAIRS = [(CLASS, policy) for policy in CLASS_POLICIES] + [(e, policy) for e in (THRESHOLD, VALUE) for policy in VALUE_POLICIES]


@pytest.mark.parametrize(
    ("values", "policy", "expected"),
    [
        ([1, 1], "drop", 1),
        ([1, NAN, 1], "drop", 1),
        ([1, 0], "drop", NAN),
        ([0, 1, 1], "majority", 1),
        ([0, 1, 0, NAN], "majority", 0),
        ([0, 1], "majority", NAN),
        ([NAN, 0, 1, 1], "first", 0),
    ],
)
def test_classes(values, policy, expected):
    assert merge_values(values, CLASS, policy) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("values", "policy", "value", "active"),
    [
        ([4, 6, 8], "mean", 6, 1),
        ([4, 4, 9], "mean", 17 / 3, 1),
        ([4, 4, 9], "median", 4, 0),
        ([NAN, 4, 9], "first", 4, 0),
        ([4, 9], "drop", NAN, NAN),
        ([6, 9], "drop", NAN, 1),
    ],
)
def test_values_are_merged_before_the_threshold(values, policy, value, active):
    assert merge_values(values, VALUE, policy) == pytest.approx(value, nan_ok=True)
    assert merge_values(values, THRESHOLD, policy) == pytest.approx(active, nan_ok=True)


@pytest.mark.parametrize(("endpoint", "policy"), PAIRS)
def test_nothing_measured_gives_nothing(endpoint, policy):
    assert math.isnan(merge_values([], endpoint, policy))
    assert math.isnan(merge_values([NAN, NAN], endpoint, policy))


@pytest.mark.parametrize(("endpoint", "policy"), PAIRS)
@given(value=st.sampled_from([0.0, 1.0]), copies=st.integers(1, 9))
def test_agreement_is_never_a_conflict(endpoint, policy, value, copies):
    assert merge_values([value, NAN] * copies, endpoint, policy) == merge_values([value], endpoint, policy) == endpoint.label(value)


@given(st.integers(1, 200))
def test_copies_of_the_threshold_itself_stay_active(copies):
    assert merge_values([5.1] * copies, THRESHOLD, "mean") == 1
    assert merge_values([5.1] * copies, VALUE, "mean") == 5.1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.randoms())
def test_mean_and_median_agree_with_the_standard_library_in_any_order(values, random):
    shuffled = random.sample(values, len(values))
    assert merge_values(shuffled, VALUE, "mean") == merge_values(values, VALUE, "mean") == pytest.approx(fmean(values))
    assert merge_values(shuffled, VALUE, "median") == median(values)


def test_an_unknown_policy_lists_the_known_ones():
    with pytest.raises(ConfigError, match=r"intake.x is 'vote'; expected one of drop, majority, first"):
        check_policy("vote", CLASS_POLICIES, "intake.x")
