import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.where import Condition, conditions_of, text_of
from fluid.errors import ConfigError


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", []),
        ("source is mlsmr", [("source", "mlsmr", True)]),
        ("source is not mlsmr", [("source", "mlsmr", False)]),
        ("Target Type is SINGLE PROTEIN", [("Target Type", "SINGLE PROTEIN", True)]),
        ("a is b and c is not d and e is f", [("a", "b", True), ("c", "d", False), ("e", "f", True)]),
        ("type is bed and breakfast", [("type", "bed and breakfast", True)]),
        ('type is "x and y" and "b is c" is "d is e"', [("type", "x and y", True), ("b is c", "d is e", True)]),
        ('flag is ""', [("flag", "", True)]),
        ('flag is not "" and a is 1', [("flag", "", False), ("a", "1", True)]),
        ("x is not", [("x", "not", True)]),
        ("x is y is z", [("x", "y is z", True)]),
    ],
)
def test_forms(where: str, expected: list[tuple[str, str, bool]]) -> None:
    assert list(conditions_of(where)) == [Condition(*one) for one in expected]


@pytest.mark.parametrize("where", ["source=mlsmr", "source", "is b", "a is ", " ", "a isnt b"])
def test_other_forms_are_refused(where: str) -> None:
    with pytest.raises(ConfigError, match="the selection of rows is .*; expected 'column is value' or 'column is not value'"):
        conditions_of(where)


@pytest.mark.parametrize(
    ("cell", "wanted", "reason"),
    [
        ("mlsmr ", True, ""),
        ("zinc", True, "left out: source is not mlsmr"),
        (None, True, "left out: source is not mlsmr"),
        ("mlsmr", False, "left out: source is mlsmr"),
        (None, False, ""),
    ],
)
def test_reasons(cell: object, wanted: bool, reason: str) -> None:
    assert Condition("source", "mlsmr", wanted).against(cell) == reason


def test_an_empty_cell_can_be_asked_for() -> None:
    assert Condition("flag", "", True).against("x") == "left out: flag is not empty"
    assert Condition("flag", "", False).against(None) == "left out: flag is empty"
    assert Condition("flag", "", True).against(" ") == ""


def test_a_number_is_as_it_is_written() -> None:
    assert (text_of(5), text_of(True), text_of(None), text_of(" a ")) == ("5", "True", "", "a")


WORDS = st.text(st.characters(exclude_characters='"', exclude_categories=["C"]), min_size=1).filter(lambda text: text == text.strip())


@given(st.lists(st.tuples(WORDS, WORDS, st.booleans()), max_size=4))
def test_quoted_conditions_are_read_as_they_were_meant(asked: list[tuple[str, str, bool]]) -> None:
    where = " and ".join(f'"{column}" is {"" if wanted else "not "}"{value}"' for column, value, wanted in asked)
    assert list(conditions_of(where)) == [Condition(*one) for one in asked]
