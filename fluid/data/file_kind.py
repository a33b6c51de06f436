"""What a file is by its first bytes, and what to do where its name says otherwise."""

import re
import zipfile
from pathlib import Path

from fluid.data.encodings import told_encoding
from fluid.data.text_lines import HEAD_BYTES, open_bytes
from fluid.errors import InputError

MAGIC = (
    (b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"PAR1", "parquet"), (b"PARE", "encrypted"), (b"ARROW1", "arrow"), (b"FEA1", "arrow"), (b"\xff\xff\xff\xff", "arrow"),
    (b"%PDF-", "pdf"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"\x1f\x9d", "compress"), (b"SQLite format 3\x00", "sqlite"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"), (b"version https://git-lfs.github.com/spec/", "lfs"), (b"/annex/objects/", "annex"), (b"{\\rtf", "rtf"),
)  # fmt: skip
HTML = re.compile(rb"<(!doctype\s+html|html|head|body|script|!--)", re.IGNORECASE)
JSON = re.compile(rb'\{\s*"|\[\s*[{"]')
SDF = re.compile(rb"^(M  END|\${4})|V[23]000[ \t]*$", re.MULTILINE)
INSIDE_ZIP = (("xl/workbook.bin", "xlsb"), ("xl/", "xlsx"), ("word/", "word"), ("content.xml", "opendocument"))
UNPACK, EXPORT = "Unpack it, and give the file that is in it.", "Export the table as .csv."
REMEDIES = {
    "gzip": ("a gzip file", "Name it {name}.gz."),
    "zip": ("a zip archive", UNPACK),
    "torn zip": ("a damaged zip archive or Excel workbook", "Copy or export it again."),
    "ole": ("a password-protected or old .xls workbook", "Save it as .xlsx without a password."),
    "xlsx": ("an Excel workbook", "Name it .xlsx."),
    "xlsb": ("a binary Excel workbook", "Save it as .xlsx."),
    "word": ("a Word document", EXPORT),
    "opendocument": ("an OpenDocument file", "Save it as .xlsx or .csv."),
    "parquet": ("a Parquet file", "Name it .parquet."),
    "encrypted": ("an encrypted Parquet file", "Write it without encryption."),
    "arrow": ("an Arrow or Feather file", "Name it .arrow."),
    "pdf": ("a PDF document", EXPORT),
    "bz2": ("a bzip2 file", "Unpack it (bunzip2), or pack it with gzip."),
    "xz": ("an xz file", "Unpack it (unxz), or pack it with gzip."),
    "zstd": ("a Zstandard file", "Unpack it (unzstd), or pack it with gzip."),
    "lz4": ("an lz4 file", "Unpack it (unlz4), or pack it with gzip."),
    "7z": ("a 7-Zip archive", UNPACK),
    "rar": ("a RAR archive", UNPACK),
    "tar": ("a tar archive", UNPACK),
    "compress": ("a compressed file (.Z)", "Unpack it (uncompress), or pack it with gzip."),
    "sqlite": ("an SQLite database", EXPORT),
    "hdf5": ("an HDF5 file", EXPORT),
    "lfs": ("a Git LFS pointer, not the file itself", "Run: git lfs pull"),
    "annex": ("a git-annex pointer, not the file itself", "Run: git annex get"),
    "html": ("an HTML page: the download failed, or it asks to sign in", "Open the address in a browser and save the file itself."),
    "rtf": ("a document of formatted text", EXPORT),
    "xml": ("an XML file", EXPORT),
    "json": ("a JSON file", EXPORT),
    "zeros": ("nothing but zero bytes: it was not written to its end", "Copy or export it again."),
    "binary": ("no text", EXPORT),
    "sdf": ("an SDF file", "Name it .sdf."),
    "table": ("a table as text", "Name it .csv or .tsv."),
    "text": ("text", "Name it .csv, .tsv, .smi or .sdf, as it is."),
}
TEXTS = (".csv", ".tsv", ".txt", ".smi", ".sdf")
EXPECTED = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow", ".xlsx": "xlsx", ".sdf": "sdf"}
ALLOWED = {"text": ("text", "table"), "sdf": ("sdf", "text")}
MAYBE_TEXT = ("parquet", "encrypted", "arrow", "bz2")
"""Kinds whose first bytes could be the first letters of a header too (`PAR1_IC50,smiles`)."""


def check_kind(path: Path, suffix: str) -> None:
    """Check that a file is what its name says.

    Args:
        path: The file.
        suffix: The format that its name tells, without `.gz`.

    Raises:
        InputError: The file is something else; the message says what, and what to do.
    """
    with path.open("rb") as stream:
        kind = content_kind(stream.read(HEAD_BYTES), path)
    if path.suffix.lower() != ".gz":
        _check_same(path, kind, suffix, "Name it {name}.gz." if suffix in TEXTS else UNPACK, "")
    elif kind != "gzip":
        _refuse(
            path,
            kind,
            "a gzip file, as .gz says",
            f"Name it {suffix}." if kind in ALLOWED[EXPECTED.get(suffix, "text")] else REMEDIES[kind][1],
        )
    else:
        with open_bytes(path) as inner:
            kind = content_kind(inner.read(HEAD_BYTES), None)
        _check_same(path, kind, suffix, "Unpack it once (gunzip).", "Unpack it (gunzip). ")


def _check_same(path: Path, kind: str, suffix: str, gzip_remedy: str, first: str) -> None:
    expected = EXPECTED.get(suffix, "text")
    if kind not in ALLOWED.get(expected, (expected,)):
        remedy = gzip_remedy.format(name=suffix) if kind == "gzip" else first + REMEDIES[kind][1]
        _refuse(path, kind, f"{REMEDIES[expected][0]}, as {suffix} says", remedy)


def _refuse(path: Path, kind: str, expected: str, remedy: str) -> None:
    raise InputError(f"this is {REMEDIES[kind][0]}", where=str(path), expected=expected, remedy=remedy)


def content_kind(head: bytes, path: Path | None) -> str:
    """Return what a file is by its first bytes: a key of `REMEDIES`.

    Args:
        head: The first bytes.
        path: Where the whole file lies, if it can be looked into.
    """
    kind = next((kind for magic, kind in MAGIC if head.startswith(magic)), "")
    if kind and not (kind in MAYBE_TEXT and _is_legible(head[:64])):
        return zip_kind(path) if kind == "zip" and path else kind
    if head[257:262] == b"ustar":
        return "tar"
    if not head.strip(b"\0"):
        return "zeros" if head else "text"
    return _text_kind(head.lstrip(b"\xef\xbb\xbf \t\r\n"), head)


def _is_legible(head: bytes) -> bool:
    return all(byte in b"\t\r\n" or byte >= 32 for byte in head)


def _text_kind(start: bytes, head: bytes) -> str:
    if HTML.match(start):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    if JSON.match(start):
        return "json"
    if told_encoding(head).startswith("utf-8") and sum(byte < 9 or 13 < byte < 32 for byte in head) > 0.3 * len(head):
        return "binary"
    return "sdf" if SDF.search(head.replace(b"\r", b"\n")) else "table" if _is_table(head) else "text"


def _is_table(head: bytes) -> bool:
    """Return whether the first two lines have the same number of commas, semicolons or tabs."""
    lines = head.splitlines()
    return len(lines) > 1 and any(lines[0].count(mark) == lines[1].count(mark) > 0 for mark in (b",", b";", b"\t"))


def zip_kind(path: Path) -> str:
    """Return what a zip archive holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "torn zip"
    return next((kind for start, kind in INSIDE_ZIP if any(name.startswith(start) for name in names)), "zip")
