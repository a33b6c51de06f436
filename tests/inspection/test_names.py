import pytest

from fluid.inspection.names import COMPUTED_NAME, ENDPOINT_NAME, SPLIT_NAME, folded, is_identifier_name, sides_of, unit_in


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("IC50 [nM]", "nM"),
        ("CL (mL/min/kg)", "mL/min/kg"),
        ("IC50_nM", "nM"),
        ("IC50 uM", "uM"),
        ("pIC50", "log mol/L"),
        ("pKi", "log mol/L"),
        ("p_activity", "log mol/L"),
        ("log_sol", "log"),
        ("solubility", ""),
        ("IC50 (human)", ""),
        ("hit (yes/no)", ""),
        ("ΔG [kcal/mol]", "kcal/mol"),
        ("pass", ""),
        ("picked", ""),
    ],
)
def test_units_in_names(name: str, unit: str) -> None:
    assert unit_in(name) == unit


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        ({"Active", "Inactive"}, (("Active",), ("Inactive",))),
        ({"yes", "No"}, (("yes",), ("No",))),
        ({"+", "-"}, (("+",), ("-",))),
        ({"toxic", "non-toxic"}, (("toxic",), ("non-toxic",))),
        ({"carcinogen", "noncarcinogen"}, (("carcinogen",), ("noncarcinogen",))),
        ({"red", "blue"}, None),
        ({"train", "test"}, None),
        ({"active"}, None),
        ({"1", "0"}, (("1",), ("0",))),
        ({"active", "inactive", "maybe"}, None),
    ],
)
def test_two_sides_of_classes_are_told_only_if_they_are_sure(words: set[str], sides: object) -> None:
    assert sides_of(words) == sides


def test_words_are_counted_without_regard_to_case_in_their_usual_spelling() -> None:
    assert folded([("Active", 5), ("inactive", 4), ("ACTIVE", 1)]) == {"Active": 6, "inactive": 4}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("compound_id", True),
        ("CID", True),
        ("Molecule ChEMBL ID", True),
        ("", True),
        ("_Name", True),
        ("acid", False),
        ("solid", False),
        ("value", False),
    ],
)
def test_identifiers(name: str, known: bool) -> None:
    assert is_identifier_name(name) == known


def test_names_that_are_no_measurements() -> None:
    assert all(COMPUTED_NAME.search(name) for name in ("MW", "mol_weight", "ALogP", "TPSA", "num_rings", "#Ro5 Violations"))
    assert not any(COMPUTED_NAME.search(name) for name in ("logBB", "pIC50", "logD", "activity", "numerator"))
    assert ENDPOINT_NAME.search("Standard Type")
    assert all(SPLIT_NAME.search(name) for name in ("split", "Set", "fold", "data_source"))
