from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluid.data.readers import file_format, read_rows
from fluid.errors import InputError


def read(path):
    return list(read_rows(path, "smiles"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.csv", ".csv"), ("a.b.CSV.GZ", ".csv"), ("a.tsv.gz", ".tsv"), ("a.sdf", ".sdf"), ("a.SDF.gz", ".sdf"), ("a.parquet", ".parquet")],
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
    ("name", "shown"), [("a.xlsx", ".xlsx"), ("a", ""), ("a.txt.gz", ".txt.gz"), ("a.parquet.gz", ".parquet.gz"), ("a.gz", ".gz")]
)
def test_an_unknown_type_is_named(write, name, shown):
    with pytest.raises(
        InputError, match=rf"{name}: unknown file type '{shown}'; expected a \.csv, \.tsv or \.sdf file .each also \.gz., or \.parquet"
    ):
        read(write("x", name))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.sdf", "a.parquet"])
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
