import pytest

from fluid.inspection import roles
from fluid.inspection.profile import ColumnCollector
from fluid.inspection.roles import role_of, written_endpoint

SMILES = ["Cc1occc1C(=O)Nc1ccccc1", "CC(C)=CCCC(C)=CC(=O)", "c1ccsc1", "Clc1ccc2ccccc2c1", "O=C1CCCN1"]


def role(name: str, *cells: object) -> roles.Role:
    collector = ColumnCollector(name, 0)
    collector.add(cells, range(1, len(cells) + 1))
    return role_of(collector.profile())


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("x", ["", None, "NA"], roles.EMPTY),
        ("structure", SMILES, roles.SMILES),
        ("x", SMILES, roles.SMILES),
        ("x", [*SMILES[:3], "not a molecule"], roles.SMILES),
        ("mol", ["C", "CO", "CCO"], roles.SMILES),
        ("smiles", ["CCO", *["?"] * 9], roles.SMILES),
        ("answer", ["C", "CO", "NO", "N"], roles.IDENTIFIER),  # short words that happen to parse
        ("x", ["InChI=1S/CH4/h1H4"] * 3, roles.INCHI),
        ("x", ["LFQSCWFLJHTTHZ-UHFFFAOYSA-N"], roles.INCHIKEY),
        ("relation", ["=", ">", "'='", "~"], roles.QUALIFIER),
        ("units", ["nM", "uM", "nM"], roles.UNIT),
        ("hit", ["0", "1", "1", "0"], roles.CLASS),
        ("hit", [True, False, True], roles.CLASS),
        ("hit", ["1.0", "0.0", ""], roles.CLASS),
        ("hit", ["-1", "1", "1", "-1"], roles.CLASS),
        ("hit", ["Active", "inactive", "ND"], roles.CLASS),
        ("pic50", ["4.5", "5", "6.1", "-"], roles.VALUES),
        ("pic50", ["4,5", "5,5"], roles.VALUES),
        ("pic50", [">4.5", "<5.5", "6"], roles.VALUES),
        ("pic50", ["4.5 nM", "5.5 nM"], roles.SURROUNDED),
        ("pic50", ["4.5", "4.5"], roles.CONSTANT),
        ("compound_id", ["1001", "1005", "1009"], roles.IDENTIFIER),
        ("n", ["0", "1", "2", "3"], roles.IDENTIFIER),  # counts the rows
        ("name", ["a1", "b2", "c3"], roles.IDENTIFIER),
        ("target", ["hERG", "CYP"] * 5, roles.NAMES),
        ("split", ["train", "test"] * 5, roles.CATEGORY),
        ("species", ["rat"] * 5, roles.CONSTANT),
        ("comment", ["see note", "see note", "other", "other thing"], roles.TEXTS),
    ],
)
def test_what_a_column_could_be(name: str, cells: list[object], expected: str) -> None:
    assert role(name, *cells).name == expected


@pytest.mark.parametrize(
    ("name", "cells", "endpoint"),
    [
        ("hit", ["0", "1", "1", "0"], "hit"),
        ("hit", ["-1", "1", "1", "-1"], "hit >= 1"),
        ("hit", ["positive", "Negative"], "hit"),
        ("IC50 [nM]", ["1", "2.5"], '"IC50 [nM]" [nM]'),
        ("pIC50", ["4.1", "5.2"], "pIC50 [log mol/L]"),
        ("sol", ["4.1", "5.2"], "sol [as in file]"),
    ],
)
def test_how_it_is_written_as_an_endpoint(name: str, cells: list[str], endpoint: str) -> None:
    found = role(name, *cells)
    assert (found.endpoint, found.learnable) == (endpoint, True)


def test_class_words_come_with_the_words_that_mean_nothing() -> None:
    found = role("hit", "Active", "inactive", "ND", "active", "Active", "inconclusive")
    assert (found.positive, found.negative, found.missing) == (("Active",), ("inactive",), ("ND",))
    assert found.remarks[-1] == "equivocal or inconclusive, not used: 1"


def test_a_dash_is_a_class_only_beside_a_plus() -> None:
    assert role("hit", "+", "-", "+", "-").negative == ("-",)
    assert role("hit", "1", "0", "1", "0", "-").missing == ("-",)
    assert role("pic50", "4.1", "5.1", "-").missing == ("-",)


def test_a_stray_cell_does_not_hide_a_class_or_a_value() -> None:
    found = role("blocker", "bool", *["0", "1"] * 20)
    assert (found.name, found.endpoint, found.remarks) == (roles.CLASS, "blocker", ("no class: 1 (first: row 1, 'bool')",))
    found = role("pic50", "FLOAT", *[f"{i / 10}" for i in range(20)])
    assert (found.name, found.remarks) == (roles.VALUES, ("no number: 1 (first: row 1, 'FLOAT')",))


@pytest.mark.parametrize("name", ["MW", "ALogP", "pic50_std", "n", "split"])
def test_columns_that_are_no_measurements_by_name_are_not_to_be_learnt(name: str) -> None:
    assert not role(name, "1.5", "2.5", "9.5").learnable


def test_what_is_odd_about_values_is_said() -> None:
    remarks = role("x", "4,5", ">5,5", "3", "<1", "~2", "6 nM").remarks
    assert remarks == (
        "with a comma: 2",
        "bounds: 3 (1 true value below, 1 above, 1 about)",
        "more than a number: 1 (first: row 6, '6 nM'); split them, or leave them out",
    )


@pytest.mark.parametrize("name", ["", " x", "a\nb"])
def test_a_name_that_can_be_no_endpoint_has_no_text(name: str) -> None:
    assert written_endpoint(name) == ""
