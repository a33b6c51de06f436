"""Kinds B and H: names of endpoints, columns, files."""

import random
from collections.abc import Iterator

from case import Case, classes, good

ENDPOINTS = [
    "hit_call",
    "pic50_call",
    "smiles",
    "row",
    "problem",
    "domain_bin",
    "in_domain",
    "standardized",
    "x_epistemic",
    "hit/no hit",
    "CL (mL/min/kg)",
    "Präparat",
    "a b",
    "a.b",
    "key",
    "0",
    "note",
]
FILES = [
    "assay (1).csv",
    "epoch=3.csv",
    "Präparat µM.csv",
    "it's.csv",
    "a,b.csv",
    "{x}.csv",
    "[1].csv",
    "a;b.csv",
    'q"uote.csv',
    "per%cent.csv",
    "#1.csv",
    "back\\slash.csv",
    " blank.csv",
    "a:b.csv",
    "~x.csv",
    "$x.csv",
    "null.csv",
    "(a.csv",
    "a=b,c=d.csv",
]


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield one variant of each trouble."""
    yield endpoint(rng)
    yield file(rng)
    yield padded(rng)


def endpoint(rng: random.Random) -> Case:
    """An endpoint has the name of something else."""
    name, table = rng.choice(ENDPOINTS), good()
    smiles = "SMI" if name == "smiles" else "smiles"
    table.columns = {smiles: table.columns["smiles"], name: table.columns["blocker"]}
    return Case(
        "B",
        f"an endpoint {name!r}",
        table.csv().encode(),
        settings=[f"intake.endpoints=['\"{name}\"']", f"intake.smiles_column={smiles}"],
        labels={name: classes()},
    )


def file(rng: random.Random) -> Case:
    """A file has an odd name, which the shell already quoted."""
    name = rng.choice(FILES)
    return Case("H", f"a file {name!r}", good().csv().encode(), file=name, labels={"blocker": classes()})


def padded(rng: random.Random) -> Case:
    """Names of columns have blanks around them."""
    table = good()
    table.columns = {f"{' ' * rng.randint(0, 2)}{name}{rng.choice([' ', '  ', chr(160)])}": cells for name, cells in table.columns.items()}
    return Case(
        "H",
        "blanks around the names of columns",
        table.csv(rng.choice(",;"), quote=rng.random() < 0.5).encode(),
        labels={"blocker": classes()},
    )
