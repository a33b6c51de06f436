import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.bounds import Bound
from fluid.data.class_words import ClassWords
from fluid.data.endpoints import Endpoint
from fluid.data.labels import BAD, CENSORED, CENSORED_POLICIES, DROPPED, LabelReader, Unused

CLASS, THRESHOLD, VALUE = Endpoint("hit"), Endpoint("pic50", threshold=5.0), Endpoint("logd", "regression")
WORDS = ClassWords(("Active", "probably active", "1"), ("Inactive", "-1", "none"), ("ND", "-999"))


def read(cell, endpoint, words=None, qualifier=None, **settings):
    return LabelReader(endpoint, words, **settings).read(cell, qualifier)


@pytest.mark.parametrize(
    "cell",
    [None, "", "  ", "nan", "NaN", "NA", "n/a", "null", "NULL", "None", math.nan, "#N/A", "#NA", "<NA>", "-nan", r"\N", "\u200b", "\u00a0"],
)
@pytest.mark.parametrize("endpoint", [CLASS, THRESHOLD, VALUE])
def test_empty_cells_are_missing(cell, endpoint):
    assert math.isnan(read(cell, endpoint))
    assert LabelReader(endpoint).is_missing(cell)


@pytest.mark.parametrize("cell", ["-", ".", "?", "ND", "n.t.", "#DIV/0!", "0", 0, False])
def test_other_cells_are_not(cell):
    assert not LabelReader(VALUE).is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0", 0), ("1", 1), (" 1.0 ", 1), (1, 1), (0.0, 0), (True, 1), (False, 0), ("TRUE", 1), ("false", 0), ("1\u200b", 1), ("=1", 1),
        ("positive", 1), ("Negative", 0), (" POSITIVE ", 1), ("1e0", 1), ("-0", 0),
    ],
)  # fmt: skip
def test_classes(cell, expected):
    assert read(cell, CLASS) == expected


@pytest.mark.parametrize("cell", ["equivocal", "Inconclusive"])
def test_a_call_that_calls_nothing_is_a_dropped_measurement(cell):
    assert read(cell, CLASS) == Unused(f"{cell.lower()} call", DROPPED)
    assert read(cell, VALUE) == Unused("not a finite number", BAD)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("5.25", 5.25),
        ("-1e-3", -0.001),
        (" 7 ", 7.0),
        (3, 3.0),
        (2.5, 2.5),
        ("−4.0", -4.0),
        ("\u00a04.0\u200b", 4.0),
        ("= 7", 7.0),
        ("+3", 3.0),
    ],
)
@pytest.mark.parametrize("endpoint", [THRESHOLD, VALUE])
def test_values_are_not_yet_classes(cell, expected, endpoint):
    assert read(cell, endpoint) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "inf",
        "-inf",
        "Infinity",
        math.inf,
        "1e999",
        "1e39",
        "high",
        "5 uM",
        "1_000",
        "true",
        True,
        "6,5",
        "<>5",
        ">high",
        [1.0],
        b"5",
        "+nan",
    ],
)
def test_values_that_are_not_finite_numbers_are_bad(cell):
    assert read(cell, VALUE) == Unused("not a finite number", BAD)


@pytest.mark.parametrize("cell", ["2", "0.5", "-1", "inf", "yes", "active", "hit", ">1", "0_1", ">0"])
def test_classes_other_than_zero_and_one_are_bad(cell):
    assert read(cell, CLASS) == Unused("not a class", BAD)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Active", 1),
        (" PROBABLY ACTIVE", 1),
        ("inactive", 0),
        ("1", 1),
        (1.0, 1),
        ("-1.0", 0),
        ("None", 0),
        ("nd", math.nan),
        (-999, math.nan),
    ],
)
def test_words_that_were_declared(cell, expected):
    assert read(cell, CLASS, WORDS) == pytest.approx(expected, nan_ok=True)


def test_declared_words_are_all_there_are():
    assert read("0", CLASS, WORDS) == read("true", CLASS, WORDS) == Unused("not a class", BAD)
    assert math.isnan(read(None, CLASS, WORDS))
    assert read("inconclusive", CLASS, WORDS) == Unused("inconclusive call", DROPPED)
    assert read("inconclusive", CLASS, ClassWords(("active", "inconclusive"), ("inactive",))) == 1


@pytest.mark.parametrize(
    ("cell", "missing"),
    [("ND", True), (" nd ", True), ("-", True), ("-999", True), ("-999.0", True), (-999, True), (-999.0, True), ("-99", False)],
)
@pytest.mark.parametrize("endpoint", [CLASS, VALUE])
def test_further_words_for_not_measured(cell, missing, endpoint):
    reader = LabelReader(endpoint, missing=("nd", "-", "-999"))
    assert reader.is_missing(cell) == missing
    assert (reader.read(cell) != reader.read(cell)) == missing


@pytest.mark.parametrize(("cell", "expected"), [("6,5", 6.5), ("-1,5e3", -1500.0), ("7", 7.0), (6.5, 6.5), (1e-05, 1e-05), (">6,5", None)])
def test_decimal_commas_where_the_file_has_them(cell, expected):
    found = read(cell, VALUE, decimal=",")
    assert found == (Unused("censored value", CENSORED) if expected is None else expected)
    assert read("1.234", VALUE, decimal=",") == Unused("not a finite number", BAD)
    assert read("1.0", CLASS, decimal=",") == 1


@pytest.mark.parametrize("censored", CENSORED_POLICIES)
@pytest.mark.parametrize(
    ("cell", "bound"), [(">10", Bound(10.0, 1, True)), ("≤ 4", Bound(4.0, -1, False)), (">= -2", Bound(-2.0, 1, False))]
)
def test_a_bound_under_a_threshold_is_always_read(cell, bound, censored):
    assert read(cell, THRESHOLD, censored=censored) == bound
    expected = {"drop": Unused("censored value", CENSORED), "bound": bound.value, "likelihood": bound}
    assert read(cell, VALUE, censored=censored) == expected[censored]


@pytest.mark.parametrize("censored", CENSORED_POLICIES)
def test_about_is_never_certain_of_a_class_and_dropped_or_a_value(censored):
    nothing = Unused("approximate value", CENSORED)
    assert read("~7", THRESHOLD, censored=censored) == nothing
    assert read("~7", VALUE, censored=censored) == (nothing if censored == "drop" else 7.0)


@pytest.mark.parametrize(
    ("cell", "qualifier", "expected"),
    [
        ("10", ">", Bound(10.0, 1, True)),
        (10.0, "'>'", Bound(10.0, 1, True)),
        ("10", "=", 10.0),
        ("10", "'='", 10.0),
        ("10", None, 10.0),
        ("10", "", 10.0),
        (">10", ">", Bound(10.0, 1, True)),
        (">10", "", Bound(10.0, 1, True)),
        (">10", ">=", Unused("two qualifiers that disagree", BAD)),
        ("=10", ">", Unused("two qualifiers that disagree", BAD)),
        ("10", "roughly", Unused("unknown qualifier", BAD)),
        ("high", ">", Unused("not a finite number", BAD)),
    ],
)
def test_a_qualifier_beside_the_cell(cell, qualifier, expected):
    assert read(cell, THRESHOLD, qualifier=qualifier) == expected


def test_a_qualifier_alone_is_nothing_measured_and_a_class_has_none():
    assert math.isnan(read("", THRESHOLD, qualifier=">"))
    assert read("1", CLASS, qualifier="'='") == 1
    assert read("1", CLASS, qualifier=">") == Unused("a class cannot have a bound", BAD)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(["", " ", "\u00a0", "="]))
def test_numbers_read_back_however_they_are_written(value, around):
    assert read(f"{around}{value!r}", VALUE) == read(value, VALUE) == value


@given(st.text(max_size=12) | st.floats() | st.integers() | st.booleans() | st.none(), st.sampled_from([CLASS, THRESHOLD, VALUE]))
def test_every_cell_is_one_number_a_bound_nothing_or_a_reason(cell, endpoint):
    reader = LabelReader(endpoint, censored="likelihood")
    found = reader.read(cell)
    assert reader.is_missing(cell) == (found != found)
    assert isinstance(found, float | Bound | Unused)
    assert not (isinstance(found, float) and math.isinf(found))
