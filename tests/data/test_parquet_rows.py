import warnings
from decimal import Decimal

import pyarrow as pa
import pyarrow.feather
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
    path.write_bytes(b"PAR1\x15 and no more")
    with pytest.raises(InputError, match=r"a\.parquet, after row 0: the file is broken \(.*\)\. Copy or export it again\."):
        list(read_rows(path, "smiles"))


def test_a_damaged_page_is_named_with_its_row_group(store):
    path = store(row_group_size=1000, smiles=["C" * (i * 7919 % 61 + 1) for i in range(5000)])
    start = pq.read_metadata(path).row_group(2).column(0).dictionary_page_offset
    data = bytearray(path.read_bytes())
    data[start + 4 : start + 300] = bytes(296)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"in\.parquet, after row 2000: row group 3 of 5 is broken \(.*\)\. Copy or export it again\.$"):
        list(read_rows(path, "smiles"))


def test_blanks_around_names_do_not_matter(store):
    assert [row.values for row in read_rows(store(**{"smiles ": ["C"], " x": [5.0]}), "smiles", ("x",))] == [(5.0,)]


KINDS = pa.array(["a", "b", "c"] * 5000).dictionary_encode()
TABLE = pa.table({"smiles": ["CCO", None, "C"] * 5000, "x": pa.array(range(15_000)), "kind": KINDS})


def write_arrow(path, kind):
    if kind == "feather":
        pa.feather.write_feather(TABLE, path)
    elif kind == "plain feather":
        pa.feather.write_feather(TABLE, path, compression="uncompressed")
    else:
        opened = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
        with pa.OSFile(str(path), "wb") as sink, opened(sink, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=700 if kind == "small batches" else None)


@pytest.mark.parametrize("kind", ["file", "small batches", "stream", "feather", "plain feather"])
@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
def test_arrow_files_are_read(tmp_path, kind, name):
    write_arrow(tmp_path / name, kind)
    rows = list(read_rows(tmp_path / name, "smiles", ("kind", "x")))
    assert rows == [RawRow(i + 1, ["CCO", "", "C"][i % 3], ("abc"[i % 3], i)) for i in range(15_000)]


def test_an_old_feather_file_is_read(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pa.feather.write_feather(TABLE.drop_columns("kind"), tmp_path / "a.feather", version=1)
    rows = list(read_rows(tmp_path / "a.feather", "smiles", ("x",)))
    assert rows[-1] == RawRow(15_000, "C", (14_999,))


def test_a_missing_column_of_an_arrow_file_is_named(tmp_path):
    write_arrow(tmp_path / "a.arrow", "file")
    with pytest.raises(InputError, match=r"a\.arrow: column 'y' is missing; expected one of the columns present: 'smiles', 'x', 'kind'"):
        list(read_rows(tmp_path / "a.arrow", "smiles", ("y",)))


@pytest.mark.parametrize("kind", ["file", "stream", "feather"])
def test_a_torn_arrow_file_is_named(tmp_path, kind):
    path = tmp_path / "a.arrow"
    write_arrow(path, kind)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(InputError, match=r"a\.arrow, after row \d+: the file is broken \(.*\)\. Copy or export it again\.$"):
        list(read_rows(path, "smiles"))
