from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluid.data.carried import carried_columns, carried_fields, refuse_carry
from fluid.data.incoming import read_incoming
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError, InputError
from tests.data.conftest import Writer

CELLS = {
    "whole": ([7, None, 2**63 - 1], pa.int64()),
    "unsigned": ([2**64 - 1, 0, 1], pa.uint64()),
    "number": ([0.1 + 0.2, float("inf"), None], pa.float64()),
    "short": ([0.5, None, 2.0], pa.float32()),
    "truth": ([True, False, None], pa.bool_()),
    "text": (["00123", "", None], pa.string()),
    "large": (["µM ", 'a,b\n"c"', None], pa.large_string()),
    "day": ([date(2024, 2, 29), None, date(1850, 1, 1)], pa.date32()),
    "time": ([datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
    "exact": ([Decimal("1.10"), None, Decimal("-2.00")], pa.decimal128(5, 2)),
}


def cells_of(path: Path, *names: str) -> list[list[object]]:
    spec, fields = IntakeSpec(endpoints=(), workers=0, carry=names), carried_fields(path, names)
    rows = [row for chunk in read_incoming(path, spec) for row in chunk.rows]
    return [pa.array(column, field.type).to_pylist() for column, field in zip(carried_columns(rows, fields), fields, strict=True)]


def test_columns_of_parquet_keep_their_types(tmp_path: Path) -> None:
    table = pa.table({"smiles": ["C", "CC", "CCC"], **{name: pa.array(cells, kind) for name, (cells, kind) in CELLS.items()}})
    pq.write_table(table, path := tmp_path / "in.parquet")
    assert [field.type for field in carried_fields(path, list(CELLS))] == [kind for _, kind in CELLS.values()]
    assert cells_of(path, *CELLS) == [cells for cells, _ in CELLS.values()]


def test_a_type_is_kept_also_under_a_name_that_only_looks_the_same(tmp_path: Path) -> None:
    pq.write_table(pa.table({"smiles": ["C"], " batch\u00a0": [7]}), path := tmp_path / "in.parquet")
    assert carried_fields(path, ["batch"]) == [pa.field("batch", pa.int64())]
    assert cells_of(path, "batch") == [[7]]


def test_nanoseconds_survive(tmp_path: Path) -> None:
    stamps = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"smiles": ["C", "CC"], "when": stamps}), path := tmp_path / "in.parquet")
    spec, fields = IntakeSpec(endpoints=(), workers=0, carry=("when",)), carried_fields(path, ["when"])
    rows = [row for chunk in read_incoming(path, spec) for row in chunk.rows]
    assert pa.array(carried_columns(rows, fields)[0], fields[0].type) == stamps


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["a", "b", None]).dictionary_encode(), ["a", "b", None]),
        (pa.array([[1, 2], [], None]), ["[1, 2]", "[]", None]),
        (pa.array([b"ab", b"\xff", None]), ["ab", "\ufffd", None]),
        (pa.nulls(3), [None, None, None]),
    ],
)
def test_what_neither_python_nor_csv_holds_is_text(column: pa.Array, expected: list[object], tmp_path: Path) -> None:
    pq.write_table(pa.table({"smiles": ["C", "CC", "CCC"], "odd": column}), path := tmp_path / "in.parquet")
    assert carried_fields(path, ["odd"])[0].type == pa.string()
    assert cells_of(path, "odd") == [expected]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=["Cs"])), min_size=1, max_size=5)
)
def test_any_cell_of_csv_goes_along_letter_by_letter(cells: list[str], write: Writer) -> None:
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    assert cells_of(write("\n".join(["smiles,id", *(f"CC,{cell}" for cell in quoted)]) + "\n"), "id") == [cells]


def test_broken_rows_and_repeated_ones_keep_their_own(write: Writer) -> None:
    path = write("id,smiles,day\n007,CCO,1\n07,nonsense,2\n7,OCC,3\n,,\n")
    assert cells_of(path, "day", "id") == [["1", "2", "3", ""], ["007", "07", "7", ""]]


def test_the_smiles_themselves_and_a_column_that_selects_may_go_along(write: Writer) -> None:
    assert cells_of(write("smiles,source\nOCC,a\n"), "smiles", "source") == [["OCC"], ["a"]]


def test_fields_of_sdf_are_text(write: Writer, sdf_record: Callable[..., str]) -> None:
    path = write(sdf_record("CCO", ID="0012") + sdf_record("CCN") + sdf_record("CCC", ID="3"), "in.sdf")
    assert cells_of(path, "ID") == [["0012", None, "3"]]


def test_nothing_goes_along_unasked(write: Writer) -> None:
    assert cells_of(write("smiles,id\nC,1\n")) == []
    assert carried_fields(Path("nowhere.csv"), ()) == []


@pytest.mark.parametrize("carry", [("a", "b", "a"), ("",)])
def test_lists_that_cannot_be(carry: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"intake\.carry is .*; expected names of columns, each once"):
        IntakeSpec(carry=carry)


def test_where_nothing_is_carried_it_is_refused() -> None:
    refuse_carry(IntakeSpec(), "train-teacher")
    with pytest.raises(ConfigError, match=r"intake\.carry is given to train-teacher; expected it with predict or annotate only"):
        refuse_carry(IntakeSpec(carry=("id",)), "train-teacher")


def test_a_column_that_is_not_there(write: Writer) -> None:
    with pytest.raises(InputError, match="column 'Id' is missing.*Did you mean 'id'"):
        cells_of(write("smiles,id\nC,1\n"), "Id")
