import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from fluid.data.file_kind import MAGIC, REMEDIES, check_kind, content_kind
from fluid.errors import InputError

CSV = b"smiles,x\nC,1\n"


def zipped(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


def tarred():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        entry = tarfile.TarInfo("a.csv")
        entry.size = len(CSV)
        archive.addfile(entry, io.BytesIO(CSV))
    return data.getvalue()


def stored(write_table):
    data = io.BytesIO()
    write_table(pa.table({"smiles": ["C"]}), data)
    return data.getvalue()


def streamed(table, data):
    with pa.ipc.new_stream(data, table.schema) as writer:
        writer.write_table(table)


XLSX = zipped("xl/workbook.xml")
PARQUET = stored(pq.write_table)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 8\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
SDF = b"\n  x\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n$$$$\n"


TWICE = gzip.compress(gzip.compress(CSV, mtime=0), mtime=0)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", gzip.compress(CSV, mtime=0), "this is a gzip file; expected text, as .csv says. Name it .csv.gz."),
        ("a.sdf", gzip.compress(SDF, mtime=0), "this is a gzip file; expected an SDF file, as .sdf says. Name it .sdf.gz."),
        ("a.parquet", gzip.compress(PARQUET, mtime=0), "this is a gzip file; expected a Parquet file, as .parquet says. Unpack it"),
        ("a.csv", LFS, "this is a Git LFS pointer, not the file itself; expected text, as .csv says. Run: git lfs pull"),
        ("a.parquet", LFS, "this is a Git LFS pointer"),
        ("a.csv.gz", LFS, "this is a Git LFS pointer, not the file itself; expected a gzip file, as .gz says. Run: git lfs pull"),
        ("a.csv", b"\n<!DOCTYPE html>\n<html>", "this is an HTML page: the download failed"),
        ("a.sdf", b"<HTML><body>", "this is an HTML page: the download failed"),
        ("a.csv.gz", b"<html>", "this is an HTML page"),
        ("a.csv.gz", gzip.compress(b"<html>", mtime=0), "or it asks to sign in; expected text, as .csv says. Unpack it"),
        ("a.csv", XLSX, "this is an Excel workbook; expected text, as .csv says. Name it .xlsx."),
        ("a.tsv", zipped("xl/workbook.bin"), "this is a binary Excel workbook; expected text, as .tsv says. Save it as .xlsx."),
        ("a.xlsx", OLE, "old .xls workbook; expected an Excel workbook, as .xlsx says. Save it as .xlsx without a password."),
        ("a.csv", OLE, "Save it as .xlsx without a password."),
        ("a.xlsx", zipped("a.csv"), "expected an Excel workbook, as .xlsx says. Unpack it, and give the file that is in it."),
        ("a.csv", zipped("a.csv"), "this is a zip archive"),
        ("a.xlsx", zipped("word/document.xml"), "this is a Word document"),
        ("a.xlsx", zipped("mimetype") + zipped(), "this is a zip archive"),
        ("a.xlsx", b"PK\x03\x04 not really", "this is a damaged zip archive or Excel workbook"),
        ("a.xlsx", CSV, "this is a table as text; expected an Excel workbook, as .xlsx says. Name it .csv or .tsv."),
        ("a.csv", PARQUET, "this is a Parquet file; expected text, as .csv says. Name it .parquet."),
        ("a.arrow", PARQUET, "this is a Parquet file; expected an Arrow or Feather file, as .arrow says. Name it .parquet."),
        ("a.parquet", stored(pa.feather.write_feather), "expected a Parquet file, as .parquet says. Name it .arrow."),
        ("a.parquet", CSV, "this is a table as text; expected a Parquet file, as .parquet says. Name it .csv or .tsv."),
        ("a.parquet", b"hello\n", "this is text; expected a Parquet file"),
        ("a.csv", b"%PDF-1.7\n", "this is a PDF document"),
        ("a.csv", bz2.compress(CSV), "this is a bzip2 file; expected text, as .csv says. Unpack it (bunzip2), or pack it with gzip."),
        ("a.csv", lzma.compress(CSV), "this is an xz file"),
        ("a.csv.gz", lzma.compress(CSV), "this is an xz file; expected a gzip file, as .gz says."),
        ("a.csv", b"\x28\xb5\x2f\xfd\x24", "this is a Zstandard file"),
        ("a.csv.gz", CSV, "this is a table as text; expected a gzip file, as .gz says. Name it .csv."),
        ("a.sdf.gz", SDF, "this is an SDF file; expected a gzip file, as .gz says. Name it .sdf."),
        ("a.csv.gz", TWICE, "this is a gzip file; expected text, as .csv says. Unpack it once (gunzip)."),
        ("a.csv.gz", gzip.compress(tarred(), mtime=0), "this is a tar archive; expected text, as .csv says. Unpack it (gunzip). Unpack it"),
        ("a.csv", SDF, "this is an SDF file; expected text, as .csv says. Name it .sdf."),
        ("a.csv", SDF.replace(b"\n", b"\r\n"), "this is an SDF file"),
        ("a.sdf", CSV, "this is a table as text; expected an SDF file, as .sdf says. Name it .csv or .tsv."),
        ("a.csv", b'{"message": "Not Found"}', "this is a JSON file"),
        ("a.csv", b'[\n  {"smiles": "C"}]', "this is a JSON file"),
        ("a.csv", b"\xef\xbb\xbf<?xml version='1.0'?>", "this is an XML file"),
        ("a.csv", bytes(5000), "this is nothing but zero bytes"),
        ("a.csv", bytes(range(256)) * 4 + bytes(range(1, 9)) * 400, "this is no text"),
    ],
)  # fmt: skip
def test_what_a_file_is_instead_is_said_with_what_to_do(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        check_kind(path, "." + name.split(".")[1])
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", CSV),
        ("a.csv", b""),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)),
        ("a.csv.gz", gzip.compress(b"", mtime=0)),
        ("a.csv", "smiles,µ\n".encode("latin-1")),
        ("a.csv", "smiles,µ\n".encode("utf-16")),
        ("a.csv", "smiles,x\n".encode("utf-16-le")),
        ("a.csv", b"smi\0les\n"),
        ("a.csv", b"PAR1_pIC50,smiles\n5,C\n"),
        ("a.csv", b"FEA1,smiles\n5,C\n"),
        ("a.csv", b"BZh,smiles\n5,C\n"),
        ("a.csv", b"{x},smiles\n"),
        ("a.smi", b"[Na+].[Cl-] salt\n"),
        ("a.smi", b"[[broken\n"),
        ("a.txt", b"CCO\n"),
        ("a.sdf", SDF),
        ("a.sdf", b"hello\n$$$$\n"),
        ("a.sdf", b"\xef\xbb\xbf" + SDF),
        ("a.sdf", SDF.replace(b"\n", b"\r")),
        ("a.sdf.gz", gzip.compress(SDF, mtime=0)),
        ("a.xlsx", XLSX),
        ("a.parquet", PARQUET),
        ("a.arrow", stored(pa.feather.write_feather)),
        ("a.feather", stored(pa.feather.write_feather)),
        ("a.arrow", stored(streamed)),
    ],
)
def test_what_a_name_says(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    check_kind(path, "." + name.split(".")[1])


def test_every_kind_has_a_remedy():
    assert {kind for _, kind in MAGIC} <= set(REMEDIES)
    assert content_kind(b"", None) == "text"
