from pathlib import Path

import pytest

from fluid.data.rows import Cursor, explain_faults, nearest_column, require_columns
from fluid.errors import InputError

PATH = Path("a.csv")


@pytest.mark.parametrize(
    ("name", "present", "expected"),
    [
        ("smiles", ["ID", "SMILES"], "SMILES"),
        ("blocker", ["bloker", "smiles"], "bloker"),
        ("smiles", ["x", "y"], ""),
        ("smiles", [], ""),
        ("a1", ["A1", "a1 "], "A1"),
    ],
)
def test_nearest_ignores_case(name, present, expected):
    assert nearest_column(name, present) == expected


def test_present_columns_pass():
    require_columns(["b", "a", "x", "x"], ["a", "b"], PATH)


def test_a_missing_column_names_those_present_and_the_nearest():
    with pytest.raises(
        InputError,
        match=r"^a\.csv: column 'smiles' is missing; expected one of the columns present: 'ID', 'Smiles'\. Did you mean 'Smiles'\?$",
    ):
        require_columns(["ID", "Smiles"], ["smiles"], PATH)


def test_without_a_near_one_the_settings_are_named():
    with pytest.raises(InputError, match=r"Set intake\.smiles_column or intake\.endpoints\."):
        require_columns(["x"], ["blocker"], PATH)


def test_many_columns_are_not_all_listed():
    with pytest.raises(InputError, match="'c19' and 480 more") as caught:
        require_columns([f"c{i}" for i in range(500)], ["smiles"], PATH)
    assert len(str(caught.value)) < 400


def test_a_column_there_twice_is_ambiguous():
    with pytest.raises(InputError, match=r"^a\.csv: 2 columns are named 'x'; expected one\. Rename the others\.$"):
        require_columns(["x", "x", "smiles"], ["smiles", "x"], PATH)


def test_another_separator_is_recognised():
    with pytest.raises(InputError, match=r"Separate the cells by commas, or by tabs in a file named \.tsv\.$"):
        require_columns(["smiles;blocker"], ["smiles"], PATH)


def test_what_breaks_names_the_place_on_one_line():
    with (
        pytest.raises(InputError, match=r"^a\.csv, after row 3: the file is broken \(first line\)\. Copy or export it again\.$"),
        explain_faults(PATH, Cursor(3)),
    ):
        raise OSError("first line\nsecond line")


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), explain_faults(PATH, Cursor()):
        raise ZeroDivisionError
