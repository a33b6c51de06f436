from pathlib import Path

import pytest

from fluid.data.columns_found import find_columns, nearest_column
from fluid.data.file_form import FileForm
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
        ("standard value", ["Standard_Value"], "Standard_Value"),
        ("pic50", ["p IC 50"], "p IC 50"),
    ],
)
def test_nearest_ignores_case_and_blanks(name, present, expected):
    assert nearest_column(name, present) == expected


def test_present_columns_are_found():
    assert find_columns(["b", "a", "x", "x"], ["a", "b", "a"], PATH) == [1, 0, 1]


@pytest.mark.parametrize("name", [" pic50 ", "\tpic50", "pic50\u00a0", "\ufeffpic50", "\u200bpic50"])
def test_blanks_around_a_name_do_not_matter(name):
    assert find_columns(["smiles", name], ["pic50"], PATH) == [1]
    assert find_columns(["smiles", "pic50"], [name], PATH) == [1]


def test_two_ways_to_write_a_letter_are_one_name():
    assert find_columns(["IC50 \u03bcM"], ["IC50 \u00b5M"], PATH) == [0]
    assert find_columns(["Pra\u0308parat"], ["Pr\u00e4parat"], PATH) == [0]


def test_the_very_name_goes_before_one_that_looks_the_same():
    assert find_columns(["pic50 ", "pic50"], ["pic50"], PATH) == [1]


def test_a_missing_column_names_those_present_and_the_nearest():
    with pytest.raises(
        InputError,
        match=r"^a\.csv: column 'smiles' is missing; expected one of the columns present: 'ID', 'Smiles'\. Did you mean 'Smiles'\?$",
    ):
        find_columns(["ID", "Smiles"], ["smiles"], PATH)


def test_without_a_near_one_the_settings_are_named():
    with pytest.raises(InputError, match=r"Set intake\.smiles_column or intake\.endpoints\."):
        find_columns(["x"], ["blocker"], PATH)


def test_many_columns_are_not_all_listed():
    with pytest.raises(InputError, match="'c19' and 480 more") as caught:
        find_columns([f"c{i}" for i in range(500)], ["smiles"], PATH)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("present", [["x", "x", "smiles"], ["x ", " x", "smiles"]])
def test_a_column_there_twice_is_ambiguous(present):
    with pytest.raises(InputError, match=r"^a\.csv: 2 columns are named 'x'; expected one\. Rename the others\.$"):
        find_columns(present, ["smiles", "x"], PATH)


@pytest.mark.parametrize(
    ("present", "form", "remedy"),
    [
        (["mol^act"], {}, "If another character stands between the cells, name it with intake.file.delimiter."),
        (["mol act"], {}, "If another character stands between the cells"),
        (["a;b"], {"delimiter": ","}, "Is intake.file.delimiter=',' right? Left out, it is told from the header."),
        (["扎椀", "x"], {"encoding": "utf-16"}, "Is intake.file.encoding=utf-16 right? Left out, it is told from the file."),
        (["x"], {}, "Set intake.smiles_column or intake.endpoints."),
        (["x", "y"], {"delimiter": ","}, "Set intake.smiles_column or intake.endpoints."),
    ],
)
def test_the_setting_that_explains_it_is_named(present, form, remedy):
    with pytest.raises(InputError) as caught:
        find_columns(present, ["smiles"], PATH, FileForm(**form))
    assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)
