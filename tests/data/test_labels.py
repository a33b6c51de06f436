import math

import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.labels import to_number
from fluid.errors import InputError

CLASS, THRESHOLD, VALUE = Endpoint("hit"), Endpoint("pic50", threshold=5.0), Endpoint("logd", "regression")
WHERE = "a.csv, row 7"


@pytest.mark.parametrize("cell", [None, "", "  ", "nan", "NaN", "NA", "n/a", "null", "None", math.nan])
@pytest.mark.parametrize("endpoint", [CLASS, THRESHOLD, VALUE])
def test_empty_cells_are_missing(cell, endpoint):
    assert math.isnan(to_number(cell, endpoint, WHERE))


@pytest.mark.parametrize(
    ("cell", "expected"), [("0", 0), ("1", 1), (" 1.0 ", 1), (1, 1), (0.0, 0), (True, 1), (False, 0), ("TRUE", 1), ("false", 0)]
)
def test_classes(cell, expected):
    assert to_number(cell, CLASS, WHERE) == expected


@pytest.mark.parametrize(("cell", "expected"), [("5.25", 5.25), ("-1e-3", -0.001), (" 7 ", 7.0), (3, 3.0), (2.5, 2.5)])
@pytest.mark.parametrize("endpoint", [THRESHOLD, VALUE])
def test_values_are_not_yet_classes(cell, expected, endpoint):
    assert to_number(cell, endpoint, WHERE) == expected


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", math.inf, "1e999", "1e39", "high", "5 uM", "1_000", "true"])
def test_values_that_are_not_finite_numbers_are_refused(cell):
    with pytest.raises(
        InputError, match=r"^a\.csv, row 7: label .* in column 'logd' is not a finite number; expected a number or an empty cell\. "
    ):
        to_number(cell, VALUE, WHERE)


@pytest.mark.parametrize("cell", ["2", "0.5", "-1", "inf", "yes", "active", "hit"])
def test_classes_other_than_zero_and_one_are_refused(cell):
    with pytest.raises(
        InputError,
        match=f"^a.csv, row 7: label '{cell}' in column 'hit' is not a class; expected 0, 1, true, false, positive, negative or an empty",
    ):
        to_number(cell, CLASS, WHERE)


@pytest.mark.parametrize(
    ("cell", "endpoint", "remedy"),
    [
        (">10", VALUE, "Censored values cannot be used: empty the cell"),
        ("< 4.5", THRESHOLD, "Censored values cannot be used: empty the cell"),
        ("6,5", VALUE, "Write decimals with a point"),
        ("6.5", CLASS, "write the endpoint with a threshold, e.g. 'hit >= 5'"),
        ("high", VALUE, "Correct the cell, or empty it"),
    ],
)
def test_the_remedy_fits_the_cell(cell, endpoint, remedy):
    with pytest.raises(InputError) as caught:
        to_number(cell, endpoint, WHERE)
    assert remedy in str(caught.value)


def test_the_message_is_one_short_line_whatever_the_cell():
    with pytest.raises(InputError) as caught:
        to_number("a\nb" * 1000, VALUE, WHERE)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("cell", "value"), [("positive", 1.0), ("Negative", 0.0), (" POSITIVE ", 1.0), ("equivocal", None), ("Inconclusive", None)]
)
def test_calls_are_classes(cell, value):
    number = to_number(cell, Endpoint.parse("Overall Conservative Call"), "a.sdf, row 1")
    assert math.isnan(number) if value is None else number == value
    with pytest.raises(InputError, match="not a finite number"):
        to_number(cell, Endpoint.parse("pic50 [log]"), "a.sdf, row 1")
