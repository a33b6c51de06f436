from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.errors import InputError


@pytest.fixture
def store(tmp_path):
    def to_file(row_group_size=None, **columns):
        path = tmp_path / "in.parquet"
        pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
        return path

    return to_file


def test_rows_keep_their_order_across_row_groups(store):
    n = 20_000
    rows = list(read_rows(store(row_group_size=777, smiles=["C" * (i % 9 + 1) for i in range(n)], x=list(range(n))), "smiles", ("x",)))
    assert rows == [RawRow(i + 1, "C" * (i % 9 + 1), (i,)) for i in range(n)]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_text_of_any_kind_is_read_and_null_is_empty(store, kind):
    smiles = pa.array(["CCO", None], pa.binary() if kind == pa.binary() else pa.string()).cast(kind)
    assert [row.smiles for row in read_rows(store(smiles=smiles), "smiles")] == ["CCO", ""]


def test_cells_of_any_kind_are_handed_on(store):
    path = store(smiles=["C", "C"], a=[1.5, None], b=[True, None], c=[Decimal("1.25"), None], d=["x", ""])
    assert [row.values for row in read_rows(path, "smiles", tuple("abcd"))] == [(1.5, True, Decimal("1.25"), "x"), (None, None, None, "")]


def test_a_column_name_with_a_dot_is_not_a_path(store):
    assert [row.values for row in read_rows(store(**{"smiles": ["C"], "hERG.pic50": [5.0]}), "smiles", ("hERG.pic50",))] == [(5.0,)]


def test_one_column_may_be_asked_twice(store):
    assert [row.values for row in read_rows(store(smiles=["C"], x=[5.0]), "smiles", ("x", "smiles", "x"))] == [(5.0, "C", 5.0)]


def test_a_missing_column_is_named(store):
    with pytest.raises(
        InputError,
        match=r"in\.parquet: column 'smiles' is missing; expected one of the columns present: 'SMILES', 'y'\. Did you mean 'SMILES'\?",
    ):
        list(read_rows(store(SMILES=["C"], y=[1]), "smiles"))


def test_other_bytes_are_named(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_text("smiles\nC\n")
    with pytest.raises(InputError, match=r"a\.parquet, after row 0: the file is broken \(.*\)\. Copy or export it again\."):
        list(read_rows(path, "smiles"))


def test_a_damaged_page_is_named(store):
    path = store(row_group_size=1000, smiles=["C" * (i * 7919 % 61 + 1) for i in range(5000)])
    data = bytearray(path.read_bytes())
    data[60:400] = bytes(340)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"in\.parquet, after row \d+: the file is broken"):
        list(read_rows(path, "smiles"))
