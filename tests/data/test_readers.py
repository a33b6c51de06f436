from collections import deque
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.readers import file_format, read_rows
from fluid.errors import InputError


def read(path):
    return list(read_rows(path, "smiles"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", ".csv"),
        ("a.b.CSV.GZ", ".csv"),
        ("a.tsv.gz", ".tsv"),
        ("a.txt", ".txt"),
        ("a.smi.gz", ".smi"),
        ("a.sdf", ".sdf"),
        ("a.SDF.gz", ".sdf"),
        ("a.XLSX", ".xlsx"),
        ("a.parquet", ".parquet"),
        ("a.arrow", ".arrow"),
        ("a.feather", ".feather"),
    ],
)
def test_the_name_tells_the_format(write, name, expected):
    assert file_format(write("x", name)) == expected


def test_a_missing_file_is_named():
    with pytest.raises(InputError, match=r"^nowhere/a\.csv: the molecule file is not found; expected a \.csv, .*\. Check the path\.$"):
        read(Path("nowhere/a.csv"))


def test_a_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r": the molecule file is a folder; expected a \.csv"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "shown"), [("a.xls", ".xls"), ("a", ""), ("a.xlsx.gz", ".xlsx.gz"), ("a.parquet.gz", ".parquet.gz"), ("a.gz", ".gz")]
)
def test_an_unknown_type_is_named(write, name, shown):
    with pytest.raises(
        InputError, match=rf"{name}: unknown file type '{shown}'; expected a \.csv, \.tsv, .* .each also \.gz., or \.xlsx, "
    ):
        read(write("x", name))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.smi", "a.sdf", "a.xlsx", "a.parquet", "a.arrow"])
def test_an_empty_file_is_named(write, name):
    with pytest.raises(InputError, match=rf"{name}: the file is empty; expected at least one row after the header\. Export it again\."):
        read(write("", name))


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "smiles,x\n"), ("a.csv", "smiles\n\n\n"), ("a.csv", "\n"), ("a.csv.gz", ""), ("a.sdf.gz", ""), ("a.sdf", "\n\n")],
)
def test_a_file_without_rows_is_named(write, name, text):
    with pytest.raises(InputError, match=f"{name}: the file has no rows; expected at least one row after the header"):
        read(write(text, name))


def test_parquet_without_rows_is_named(tmp_path):
    pq.write_table(pa.table({"smiles": pa.array([], pa.string())}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="the file has no rows"):
        read(tmp_path / "a.parquet")


def test_rows_are_read_lazily(write):
    rows = read_rows(write("smiles\nC\nCC,ragged\n"), "smiles")
    assert next(rows).smiles == "C"


@pytest.mark.parametrize(
    "change",
    [lambda path: path.write_text("smiles\nC\n"), lambda path: path.write_bytes(path.read_bytes() + b"CC\n"), lambda path: path.unlink()],
)
def test_a_file_that_changes_under_reading_is_named(write, change):
    path = write("smiles\n" + "CCO\n" * 200_000)
    rows = read_rows(path, "smiles")
    next(rows)
    change(path)
    with pytest.raises(InputError, match=r"in\.csv, after row \d+: the file (changed while it was read\. Run again|is broken)") as caught:
        deque(rows, maxlen=0)
    assert "after row 0" not in str(caught.value)


def test_a_file_that_is_cut_under_reading_is_said_to_have_changed(write):
    path = write("smiles\n" + "".join(f"{'C' * (i * 7919 % 61 + 1)}\n" for i in range(200_000)), "a.csv.gz")
    rows = read_rows(path, "smiles")
    next(rows)
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)
    with pytest.raises(InputError, match=r"a\.csv\.gz, after row [1-9]\d*: the file changed while it was read"):
        deque(rows, maxlen=0)


def test_a_file_that_may_not_be_read_is_named(write, monkeypatch):
    path = write("smiles\nC\n")

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"in\.csv, after row 0: the file may not be read \(permission denied\)\. Ask its owner"):
        read(path)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.smi", "a.sdf", "a.xlsx", "a.parquet", "a.arrow", "a.csv.gz", "a.sdf.gz"])
@given(data=st.binary(min_size=1, max_size=400))
def test_whatever_bytes_a_file_has_it_is_read_or_refused_in_one_line(tmp_path_factory, name, data):
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(data)
    rows, error = [], ""
    try:
        rows += read_rows(path, "smiles")
    except InputError as refused:
        error = str(refused)
    assert "\n" not in error
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))


@given(data=st.binary(max_size=200), place=st.integers(0, 60), name=st.sampled_from(["a.csv", "a.tsv", "a.txt", "a.smi"]))
def test_whatever_bytes_stand_among_rows_the_others_are_read(tmp_path_factory, data, place, name):
    """Other bytes, on lines of their own, are rows of their own; the rows after them are all there."""
    path = tmp_path_factory.mktemp("any") / name
    data = data.replace(b"\n", b"").replace(b"\r", b"")
    rows = [b"C" * (i % 9 + 1) + b"\t%d" % i for i in range(60)]
    path.write_bytes(b"\n".join([b"smiles\tx", *rows[:place], data, *rows[place:]]))
    found = list(read_rows(path, "smiles", ("x",)))
    good = [(row.smiles, row.values[0]) for row in found if not row.problem]
    expected = [tuple(line.decode().split("\t")) for line in rows]
    assert [pair for pair in good if pair in expected][-60 + place :] == expected[place:] or place == 60
    assert len(found) == 61 or place == 60
