"""Kinds D and I: one cell, one molecule; stereo-isomers; formats that users have."""

import io
import random
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.feather
from case import BOTH, Case, N, classes, good, molecules, some_rows, values

JUNK = [
    "{} this is junk",
    "{}\tname",
    "{}\nCCN",
    "{};CCN",
    "{}>>CCO",
    "{} |$oops",
    "{}.[*]",
    "[*]{}",
    "InChI=1S/CH4/h1H3",
    "PEPTIDE1{{A.A}}$$$$",
    "not a molecule",
    "12.5",
    "NaN",
]
FINE = [" {} ", "\u00a0{}", "{}\u200b", "{} |c:0|", "[Na+].[Cl-].{}"]
PAIRS = ["C[C@H](O)c1ccccc1CC{}", "C/C=C/c1ccccc1CC{}"]
TURNED = {"C[C@H]": "C[C@@H]", "C/C=C/": "C/C=C\\"}


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield one variant of each trouble."""
    yield junk(rng)
    yield fine(rng)
    yield from isomers(rng)
    yield from formats(rng)


def junk(rng: random.Random) -> Case:
    """Some cells hold more than a molecule, or none."""
    rows, table = some_rows(rng), good()
    for row in rows:
        table.columns["smiles"][row - 1] = rng.choice(JUNK).format(molecules()[row - 1])
    return Case("D", "more than one molecule in a cell, or none", table.csv().encode(), labels={"blocker": classes(rows)}, listed=rows)


def fine(rng: random.Random) -> Case:
    """Some cells hold a molecule and something that does no harm."""
    table = good()
    for row in some_rows(rng):
        table.columns["smiles"][row - 1] = rng.choice(FINE).format(molecules()[row - 1])
    return Case("D", "blanks around a SMILES, an extension, a salt", table.csv().encode(), labels={"blocker": classes()})


def isomers(rng: random.Random) -> Iterator[Case]:
    """Stereo-isomers have different classes: two molecules where stereo is kept, a conflict where it is removed."""
    tail, form = "C" * rng.randint(0, 4), rng.choice(PAIRS)
    mark = next(mark for mark in TURNED if mark in form)
    table = good()
    for smiles, cell in ((form.format(tail), "0"), (form.format(tail).replace(mark, TURNED[mark]), "1")):
        for name, value in (("smiles", smiles), ("blocker", cell), ("pic50", "5")):
            table.columns[name].append(value)
    content, pair = table.csv().encode(), {N + 1, N + 2}
    kept = classes() | {N + 1: 0.0, N + 2: 1.0}
    yield Case("I", "stereo-isomers, kept", content, labels={"blocker": kept})
    yield Case("I", "stereo-isomers, removed", content, settings=["intake.endpoints=[blocker]", "intake.standardize.stereo=remove"],
               labels={"blocker": classes()}, listed=pair)  # fmt: skip


def formats(rng: random.Random) -> Iterator[Case]:
    """Files of other programs."""
    names = [f"00{i}" for i in range(N)]
    labels = {"blocker": classes(), "pic50": values()}
    frame = pd.DataFrame({**good().columns, "ID": names}).astype({"blocker": int, "pic50": float})
    yield Case("J", "a workbook", workbook(frame), file="assay.xlsx", settings=BOTH, labels=labels)
    yield Case(
        "J",
        "an Arrow file",
        arrow(frame, rng.choice(["lz4", "uncompressed"])),
        file=f"assay.{rng.choice(['arrow', 'feather'])}",
        settings=BOTH,
        labels=labels,
    )
    yield Case(
        "J",
        "Parquet",
        parquet(frame.astype({"blocker": rng.choice(["Int8", "boolean", "string", "category", "float32"])})),
        file="assay.parquet",
        settings=BOTH,
        labels=labels,
    )


def workbook(frame: pd.DataFrame) -> bytes:
    """Return a table as a workbook."""
    from openpyxl import Workbook

    book, stream = Workbook(), io.BytesIO()
    sheet = book.active
    for line in [list(frame.columns), *frame.itertuples(index=False)]:
        sheet.append(list(line))
    book.save(stream)
    return stream.getvalue()


def arrow(frame: pd.DataFrame, compression: str) -> bytes:
    """Return a table as an Arrow file."""
    stream = io.BytesIO()
    pyarrow.feather.write_feather(pa.Table.from_pandas(frame), stream, compression=compression)
    return stream.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()
