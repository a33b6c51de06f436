import math

import pytest

from fluid.errors import InputError
from fluid.evaluation.margin import MARGINS, verdict


@pytest.mark.parametrize(
    ("low", "high", "expected", "without"),
    [
        (0.021, 0.05, "practically better", "better"),
        (0.01, 0.05, "better", "better"),
        (0.001, 0.02, "equivalent", "better"),
        (-0.02, 0.02, "equivalent", "undecided"),
        (-0.01, 0.03, "undecided", "undecided"),
        (-0.05, -0.001, "worse", "worse"),
        (-0.05, -0.021, "practically worse", "worse"),
        (0.0, 0.0, "equivalent", "undecided"),
        (math.nan, math.nan, "undecided", "undecided"),
    ],
)
def test_the_interval_against_the_margin(low: float, high: float, expected: str, without: str) -> None:
    assert verdict(low, high, MARGINS["mcc"]) == expected
    assert verdict(low, high) == without
    turned = expected.replace("better", "*").replace("worse", "better").replace("*", "worse")
    assert verdict(low, high, 0.02, higher_is_better=False) == turned
    assert verdict(-high, -low, 0.02) == turned


@pytest.mark.parametrize("margin", [0.0, -0.02, math.nan])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(InputError, match="expected a number above 0"):
        verdict(0, 1, margin)


def test_ends_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InputError, match="interval from 1 to 0"):
        verdict(1, 0)
