"""Kind A: SDF as programs write it."""

import random
from collections.abc import Iterator

from case import BOTH, Case, N, classes, molecules, some_rows, values
from rdkit import Chem


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield one variant of each trouble."""
    yield mixed(rng)
    yield broken(rng)


def block(smiles: str, title: str, version: int = 2000) -> str:
    """Return a mol block."""
    mol = Chem.MolFromSmiles(smiles)
    mol.SetProp("_Name", title)
    return Chem.MolToV3KMolBlock(mol) if version == 3000 else Chem.MolToMolBlock(mol)


def item(name: str, value: str, rng: random.Random) -> str:
    """Return a data item, written in one of many ways."""
    head = rng.choice([">  <{}>", "> <{}>", ">  25 <{}>", "> DT12 <{}> (1)", ">  <{}>  "]).format(name)
    between = rng.choice(["\n\n", "\n \n", "\n", "\n\n\n"])
    return f"{head}\n{value}{between}"


def record(row: int, rng: random.Random) -> str:
    """Return a record with the labels of a row, and data that nobody asks for, in any order."""
    items = [item("blocker", str((row - 1) % 2), rng), item("pic50", f"{4 + (row - 1) / 10:.1f}", rng)]
    for extra in (
        item("comment", "two\nlines", rng),
        item("comment2", "with\n\na blank line", rng),
        item("", "nameless", rng),
        item("a <b> c", "x > y", rng),
    ):
        if rng.random() < 0.5:
            items.append(extra)
    rng.shuffle(items)
    end = rng.choice(["$$$$\n", "$$$$ \n"])
    return block(molecules()[row - 1], f"CMP-{row}", rng.choice([2000, 3000])) + "".join(items) + end


def mixed(rng: random.Random) -> Case:
    """Records of every kind of writing in one file."""
    text = "".join(record(row, rng) for row in range(1, N + 1))
    end = rng.choice(["\n", "\r\n", "\r"])
    return Case("A", f"SDF of many hands, lines end in {end!r}", text.replace("\n", end).encode(), file="assay.sdf",
                settings=BOTH, labels={"blocker": classes(), "pic50": values()})  # fmt: skip


def broken(rng: random.Random) -> Case:
    """Some records have a mol block that cannot be read."""
    rows = some_rows(rng)
    records = [record(row, rng) for row in range(1, N + 1)]
    for row in rows:
        lines = records[row - 1].split("\n")
        lines[3] = rng.choice(["999999  0  0", "  1  0  0  0  0  0  0  0  0  0999 V9999", ""])
        records[row - 1] = "\n".join(lines)
    return Case(
        "A", "SDF records that cannot be read", "".join(records).encode(), file="assay.sdf", labels={"blocker": classes(rows)}, listed=rows
    )
