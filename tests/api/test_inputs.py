"""Paths, tables and lists of molecules become files."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fluid.api.inputs import as_files
from fluid.data.endpoints import Endpoint
from fluid.data.intake import intake
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import InputError

SPEC = IntakeSpec(endpoints=("active", "value [nM]"), workers=0, quorum=1)
SMILES = ["CCO", "CCN", "c1ccccc1", "CCCC"]


def rows_of(table: pd.DataFrame) -> list[dict[str, object]]:
    with as_files({"input": table}, "smiles") as files:
        return list(pq.read_table(files["input"]).to_pylist())


@pytest.mark.parametrize(
    "active",
    [
        [1, 0, 1, 0],
        [1.0, 0.0, np.nan, 1.0],
        [True, False, True, False],
        pd.array([1, 0, None, 1], dtype="Int64"),
        pd.array([True, None, False, True], dtype="boolean"),
        ["1", "0", "", "1"],
        ["positive", "negative", None, "equivocal"],
        pd.Categorical(["1", "0", None, "1"]),
        pd.Categorical([1, 0, 0, 1]),
        [1, "0", None, True],
    ],
)
def test_a_table_gives_what_its_csv_file_gives(active: object, tmp_path: Path) -> None:
    table = pd.DataFrame({"smiles": SMILES, "active": active, "value": [0.1, 1 / 3, 1e-7, 5]})
    table.to_csv(tmp_path / "same.csv", index=False)
    expected = intake(tmp_path / "same.csv", SPEC)
    with as_files({"input": table}, "smiles") as files:
        found = intake(Path(files["input"]), SPEC)
    assert (found.table.smiles, found.table.keys, found.dropped) == (expected.table.smiles, expected.table.keys, expected.dropped)
    np.testing.assert_array_equal(found.table.labels, expected.table.labels)


def test_numbers_survive_to_the_last_bit() -> None:
    values = [0.1 + 0.2, 1 / 3, 5e-324, -1.7976931348623157e308]
    assert [row["value"] for row in rows_of(pd.DataFrame({"smiles": SMILES, "value": values}))] == values


def test_an_index_is_no_column_and_objects_are_left_out() -> None:
    table = pd.DataFrame({"smiles": SMILES, "ROMol": [object()] * 4, "when": [date(2025, 1, 1)] * 4, 7: range(4)}, index=list("abcd"))
    assert list(rows_of(table)[0]) == ["smiles", "7"]


def test_a_mixed_column_becomes_texts_as_in_a_file() -> None:
    cells = [1, "a", None, 0.5, float("nan"), np.int8(3)]
    assert [row["v"] for row in rows_of(pd.DataFrame({"v": cells}))] == ["1", "a", None, "0.5", None, "3"]


def test_what_is_missing_in_a_mixed_column_is_so_in_every_form() -> None:
    cells = ["a", pd.NaT, np.float32("nan"), np.float64("nan"), pd.NA, None, np.float32(0.5)]
    assert [row["v"] for row in rows_of(pd.DataFrame({"v": pd.Series(cells, dtype=object)}))] == ["a", None, None, None, None, None, "0.5"]


@pytest.mark.parametrize(
    "values", [np.array([1j, 2j]), pd.arrays.SparseArray([1, 0]), np.array([1, 2], np.longdouble), pd.Categorical([1j])]
)
def test_columns_of_types_that_arrow_lacks_are_left_out(values: np.ndarray) -> None:
    assert list(rows_of(pd.DataFrame({"smiles": SMILES[: len(values)], "odd": values}))[0]) == ["smiles"]


@pytest.mark.parametrize("given", [SMILES, tuple(SMILES), pd.Series(SMILES), np.array(SMILES), pd.Index(SMILES)])
def test_lists_of_every_kind(given: object) -> None:
    with as_files({"transfer": given}, "structure") as files:
        assert pq.read_table(files["transfer"]).to_pydict() == {"structure": SMILES}


def test_what_is_missing_in_a_list_stays_a_row() -> None:
    with as_files({"input": ["CCO", None, float("nan"), pd.NA]}, "smiles") as files:
        assert pq.read_table(files["input"]).to_pydict() == {"smiles": ["CCO", None, None, None]}


def test_files_are_there_only_for_the_time_of_the_call() -> None:
    with as_files({"input": SMILES}, "smiles") as files:
        assert Path(files["input"]).is_file()
    assert not Path(files["input"]).parent.exists()


@pytest.mark.parametrize("given", ["embedded:transfer", "a.csv", Path("b.parquet"), ""])
def test_paths_stay(given: object) -> None:
    with as_files({"input": given}, "smiles") as files:
        assert files == {"input": str(given) if given else ""}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "the list given as input: there are no rows"),
        (pd.DataFrame({"smiles": []}), "the DataFrame given as input: there are no rows"),
        (pd.DataFrame([["C", 1, 2]], columns=["smiles", "y", "y"]), "two columns are named 'y'"),
        (["CCO", 3], "item 2 of the list is 3; expected a SMILES"),
        (5, "molecules are given as int"),
        ({"smiles": ["CCO"]}, "molecules are given as dict"),
        (None, "molecules are given as NoneType"),
        ("CCO", r"there is no file 'CCO'; .* A single SMILES is a list of one: \['CCO'\]"),
    ],
)
def test_what_holds_no_molecules_is_refused(given: object, message: str) -> None:
    with pytest.raises(InputError, match=message), as_files({"input": given}, "smiles"):
        pass


def test_an_error_of_the_intake_names_what_was_given() -> None:
    spec = IntakeSpec(endpoints=("active",), workers=0)
    with pytest.raises(InputError) as caught, as_files({"input": pd.DataFrame({"smiles": SMILES, "activ": 1})}, "smiles") as files:
        intake(Path(files["input"]), spec)
    assert str(caught.value).startswith("the DataFrame given as input: column 'active' is missing; expected one of the columns present")
    assert "Did you mean 'activ'?" in str(caught.value)
    assert Endpoint.parse("active").column not in files
