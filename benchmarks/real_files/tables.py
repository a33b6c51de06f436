"""Kind E: one bad spot must not cost the file."""

import gzip
import random
from collections.abc import Iterator, Set

from case import BOTH, Case, N, Table, classes, good, some_rows, values

NOTE = "note"


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield one variant of each trouble."""
    yield delimiters(rng)
    yield decimal_comma(rng)
    yield encodings(rng)
    yield ragged(rng)
    yield stray_quote(rng)
    yield unclosed_quote(rng)
    yield large_cell(rng)
    yield second_header(rng)
    yield before_header(rng)
    yield broken_gzip(rng)
    yield from something_else()


def both(without: Set[int] = frozenset()) -> dict[str, dict[int, float]]:
    """Return the labels of both endpoints but for some rows."""
    return {"blocker": classes(without), "pic50": values(without)}


def with_notes(rng: random.Random) -> Table:
    """Return the good table with a column of notes that nobody asks for, at any place."""
    columns = list(good().columns.items())
    columns.insert(rng.randint(0, 3), (NOTE, ["ok"] * N))
    return Table(dict(columns))


def delimiters(rng: random.Random) -> Case:
    """Cells are parted and quoted in some way, and lines end in some way."""
    delimiter, end, quote = rng.choice(",;\t|"), rng.choice(["\n", "\r\n", "\r"]), rng.random() < 0.5
    text = with_notes(rng).csv(delimiter, quote, end)
    return Case(
        "E",
        f"cells parted by {delimiter!r}, lines by {end!r}",
        text.encode(),
        file=f"assay.{rng.choice(['csv', 'txt'])}",
        settings=BOTH,
        labels=both(),
    )


def decimal_comma(rng: random.Random) -> Case:
    """Values are written with a comma."""
    table = with_notes(rng)
    table.columns["pic50"] = [cell.replace(".", ",") for cell in table.columns["pic50"]]
    return Case("E", "decimal comma", table.csv(rng.choice(";\t")).encode(), settings=BOTH, labels=both())


def encodings(rng: random.Random) -> Case:
    """The text is not plain UTF-8, and a name has a letter that shows it."""
    table, encoding = with_notes(rng), rng.choice(["utf-8-sig", "utf-16", "latin-1", "cp1252"])
    table.columns = {("Präparat" if name == NOTE else name): cells for name, cells in table.columns.items()}
    table.columns["Präparat"] = ["µ"] * N
    return Case("E", f"text as {encoding}", table.csv(rng.choice(",;")).encode(encoding), settings=BOTH, labels=both())


def ragged(rng: random.Random) -> Case:
    """Some rows have too few or too many cells."""
    rows = some_rows(rng)
    lines = with_notes(rng).csv().splitlines()
    for row in rows:
        lines[row] = rng.choice([lines[row].rpartition(",")[0], lines[row] + ",7"])
    return Case(
        "E", "rows with too few or too many cells", ("\n".join(lines) + "\n").encode(), settings=BOTH, labels=both(rows), listed=rows
    )


def stray_quote(rng: random.Random) -> Case:
    """A cell that nobody asks for begins with a quote that is none."""
    rows, delimiter = some_rows(rng), rng.choice(",\t")
    table = with_notes(rng)
    marked = {row: rng.choice(['"alpha"-amylase', '5" tube', '"a" or "b"']) for row in rows}
    plain = table.csv(delimiter).splitlines()
    place = list(table.columns).index(NOTE)
    for row, note in marked.items():
        cells = plain[row].split(delimiter)
        cells[place] = note
        plain[row] = delimiter.join(cells)
    name = "assay.csv" if delimiter == "," else "assay.tsv"
    return Case("E", "a quote in a cell that nobody asks for", ("\n".join(plain) + "\n").encode(), file=name, settings=BOTH, labels=both())


def unclosed_quote(rng: random.Random) -> Case:
    """A quote is never closed: its row may be lost, no other."""
    row = rng.randint(1, N)
    lines = good().csv().splitlines()
    lines[row] = f'"{lines[row]}'
    return Case("E", "a quote that is never closed", ("\n".join(lines) + "\n").encode(), settings=BOTH, labels=both({row}), listed={row})


def large_cell(rng: random.Random) -> Case:
    """A cell that nobody asks for is very long."""
    table = with_notes(rng)
    table.columns[NOTE][rng.randrange(N)] = "x" * rng.randint(131_073, 400_000)
    return Case("E", "a very long cell", table.csv().encode(), settings=BOTH, labels=both())


def second_header(rng: random.Random) -> Case:
    """Rows of types or units follow the header, or the header comes again: listed."""
    lines = good().csv().splitlines()
    again = rng.choice(["string,bool,float", ",,log mol/L", lines[0], "RESULT_TYPE,,FLOAT"])
    place = rng.choice([1, rng.randint(2, N)])
    lines.insert(place, again)

    return Case("E", f"a row {again!r}", ("\n".join(lines) + "\n").encode(), settings=BOTH,
                labels=both(), listed={place})  # fmt: skip


def before_header(rng: random.Random) -> Case:
    """Something stands before the header."""
    delimiter = rng.choice(",;")
    first = rng.choice([f"sep={delimiter}\n", "# exported by LIMS\n# 2026-11-28\n", "\n\n", "\ufeff"])
    return Case("E", f"{first!r} before the header", (first + good().csv(delimiter)).encode(), settings=BOTH, labels=both())


def broken_gzip(rng: random.Random) -> Case:
    """A compressed file is cut off."""
    content = gzip.compress(good().csv().encode())
    return Case(
        "E",
        "a gzip file that is cut off",
        content[: rng.randint(len(content) // 2, len(content) - 9)],
        file="assay.csv.gz",
        settings=BOTH,
        refused="broken|cut|truncated",
    )


def something_else() -> Iterator[Case]:
    """Yield files that are not what their names say."""
    text = good().csv().encode()
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4" * 64 + b"\nsize 12345\n"
    html = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>smiles,blocker,pic50</body></html>\n"
    for name, content, words in (
        ("gzip named .csv", gzip.compress(text), "gzip"),
        ("Git LFS pointer", lfs, "LFS"),
        ("HTML page", html, "HTML"),
        ("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF"),
        ("Parquet named .csv", b"PAR1" + b"\0" * 60 + b"PAR1", "Parquet"),
        ("password-protected workbook", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "password|workbook"),
    ):
        yield Case("E", name, content, refused=words)
    yield Case("E", "plain text named .csv.gz", text, file="assay.csv.gz", refused="gzip")
