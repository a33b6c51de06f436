import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.labels import LARGEST
from fluid.inspection.cells import AROUND, BOUND, COMMA, MISSING, NUMBER, TEXT, is_unit, plain_numbers, read_cell


@pytest.mark.parametrize(
    ("text", "kind", "value", "side"),
    [
        ("4.5", NUMBER, 4.5, 0),
        (" 4 ", NUMBER, 4, 0),
        ("-1e-3", NUMBER, -0.001, 0),
        ("−4.0", NUMBER, -4, 0),
        ("= 4", NUMBER, 4, 0),
        ("\u200b4.0\u200b", NUMBER, 4, 0),
        ("4,5", COMMA, 4.5, 0),
        (",5", COMMA, 0.5, 0),
        (">10", BOUND, 10, 1),
        ("≤ 3", BOUND, 3, -1),
        (">> 1,5", BOUND, 1.5, 1),
        ("~7", BOUND, 7, 0),
        ("", MISSING, None, 0),
        ("NaN", MISSING, None, 0),
        ("n/a", MISSING, None, 0),
        ("4.0 nM", AROUND, None, 0),
        ("40%", AROUND, None, 0),
        ("4.0 ± 0.2", AROUND, None, 0),
        ("4.5-5.5", AROUND, None, 0),
        ("1,200.5", AROUND, None, 0),
        ("> 4 nM", AROUND, None, 0),
        ("CCO", TEXT, None, 0),
        ("-", TEXT, None, 0),
        ("ND", TEXT, None, 0),
        ("inf", TEXT, None, 0),
        ("1_000", TEXT, None, 0),
        ("1e39", TEXT, None, 0),
        ("ca. 7", BOUND, 7, 0),
        ("About 7", BOUND, 7, 0),
        ("&gt;= 10", BOUND, 10, 1),
        ("Catechol", TEXT, None, 0),
        ("50-00-0", TEXT, None, 0),
        ("[Na+].[Cl-]", TEXT, None, 0),
        ("2-propanol", TEXT, None, 0),
    ],
)
def test_what_a_cell_says(text: str, kind: str, value: float | None, side: int) -> None:
    cell = read_cell(text)
    assert (cell.kind, cell.side) == (kind, side)
    assert math.isnan(cell.value) if value is None else cell.value == value


@given(st.text(max_size=50))
def test_any_text_says_something_and_only_numbers_have_values(text: str) -> None:
    cell = read_cell(text)
    assert math.isnan(cell.value) == (cell.kind in (MISSING, AROUND, TEXT))


@given(st.floats(-LARGEST, LARGEST), st.sampled_from(["{}", " {} ", "={}"]))
def test_a_number_is_read_as_itself(value: float, form: str) -> None:
    assert read_cell(form.format(repr(value))).value == value


@given(
    st.lists(
        st.one_of(st.floats(allow_nan=False, allow_infinity=False).map(repr), st.sampled_from(["1_0", "x", "", "nan", "4,5"])), min_size=1
    )
)
def test_the_quick_way_says_the_same_as_the_careful_one(texts: list[str]) -> None:
    values = plain_numbers(texts)
    cells = [read_cell(text) for text in texts]
    if values is None:
        assert any(cell.kind != NUMBER for cell in cells)
    else:
        assert [cell.value for cell in cells] == values.tolist()
        assert all(cell.kind == NUMBER for cell in cells)


@pytest.mark.parametrize(
    ("text", "known"), [("nM", True), ("µM", True), ("μM", True), ("mL/min/kg", True), ("CCO", False), ("-aminophenol", False)]
)
def test_units(text: str, known: bool) -> None:
    assert is_unit(text) == known
