"""Kinds A and J: labels that are lost, words, missing words, bounds."""

import random
from collections.abc import Iterator

from case import BOTH, Case, N, classes, good, some_rows, values

WORDS = [("Active", "Inactive"), ("yes", "no"), ("pos", "neg"), ("TOXIC", "non-toxic"), ("+", "-"), ("1.0", "-1"), ("hit", "no hit")]
MISSING = ["ND", "n.d.", "-", "not tested", "?", "#N/A"]


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield one variant of each trouble."""
    yield conflicts(rng)
    yield words(rng)
    yield missing(rng)
    yield from bounds(rng)
    yield qualifiers(rng)
    yield long_table(rng)


def conflicts(rng: random.Random) -> Case:
    """Some molecules were measured again, one endpoint with the other class: that label is lost, the other endpoint's is not."""
    table, rows = good(), some_rows(rng)
    extra = sorted(rows)
    for row in extra:
        for name, cell in (
            ("smiles", table.columns["smiles"][row - 1]),
            ("blocker", str(1 - (row - 1) % 2)),
            ("pic50", table.columns["pic50"][row - 1]),
        ):
            table.columns[name].append(cell)
    lost = {(row, "blocker") for row in extra} | {(N + 1 + place, "blocker") for place in range(len(extra))}
    return Case("A", "classes of one endpoint differ", table.csv().encode(), settings=BOTH,
                labels={"blocker": classes(rows), "pic50": values()}, listed_labels=lost)  # fmt: skip


def words(rng: random.Random) -> Case:
    """Classes are words."""
    one, zero = rng.choice(WORDS)
    table = good()
    table.columns["blocker"] = [rng.choice([str.upper, str.lower, str])(one if cell == "1" else zero) for cell in table.columns["blocker"]]
    return Case("J", f"class words {one} and {zero}", table.csv().encode(), settings=[f"intake.endpoints=['blocker in {one}/{zero}']"],
                labels={"blocker": classes()})  # fmt: skip


def missing(rng: random.Random) -> Case:
    """A word says that nothing was measured."""
    word, rows, table = rng.choice(MISSING), some_rows(rng), good()
    for row in rows:
        table.columns["blocker"][row - 1] = word
    return Case("J", f"{word!r} for what is missing", table.csv().encode(),
                settings=["intake.endpoints=[blocker]", f"intake.missing=['{word}']"],
                labels={"blocker": classes(rows)}, listed=rows)  # fmt: skip


def bounds(rng: random.Random) -> Iterator[Case]:
    """Some values are bounds: a class where it is certain, listed where it is not; as values by policy."""
    table, above, below = good(), some_rows(rng), some_rows(rng)
    below -= above
    threshold = round(rng.uniform(5.5, 8.5), 1) + 0.05
    blank = rng.choice(["", " "])
    for row in above:
        table.columns["pic50"][row - 1] = rng.choice([">", ">=", "≥", ">>"]) + blank + table.columns["pic50"][row - 1]
    for row in below:
        table.columns["pic50"][row - 1] = rng.choice(["<", "<=", "≤"]) + blank + table.columns["pic50"][row - 1]
    known = {row: float(value >= threshold) for row, value in values().items()}
    unsure = {row for row in above if not known[row]} | {row for row in below if known[row]}
    listed = {row: label for row, label in known.items() if row not in unsure}
    content = table.csv().encode()
    yield Case("J", f"bounds under >= {threshold}", content, settings=[f"intake.endpoints=['pic50 >= {threshold}']"],
               labels={"pic50": listed}, listed=unsure)  # fmt: skip
    ends = above | below
    as_value = ["intake.endpoints=['pic50 [log mol/L]']"]
    yield Case("J", "bounds as values: dropped", content, settings=as_value, labels={"pic50": values(ends)}, listed=ends)
    yield Case("J", "bounds as values: taken", content, settings=[*as_value, "intake.censored=bound"], labels={"pic50": values()})


def qualifiers(rng: random.Random) -> Case:
    """The qualifier stands in a column of its own, as ChEMBL writes it."""
    table, rows = good(), some_rows(rng)
    style = rng.choice(["{}", "'{}'"])
    table.columns["standard_relation"] = [style.format(">" if row in rows else "=") for row in range(1, N + 1)]
    return Case("J", f"a column of qualifiers {style.format('>')}", table.csv(";", quote=True).encode(),
                settings=["intake.endpoints=['pic50 [log mol/L]']", "intake.layout.qualifier_column=standard_relation"],
                labels={"pic50": values(rows)}, listed=rows)  # fmt: skip


def long_table(rng: random.Random) -> Case:
    """One measurement per row, in any order."""
    rows = [
        (smiles, name, cell)
        for smiles, *cells in zip(*good().columns.values(), strict=True)
        for name, cell in zip(("blocker", "pic50"), cells, strict=True)
    ]
    order = list(range(len(rows)))
    rng.shuffle(order)
    text = "smiles,what,value\n" + "".join(",".join(rows[place]) + "\n" for place in order)
    return Case("J", "one measurement per row", text.encode(),
                settings=[*BOTH, "intake.layout.endpoint_columns=[what]", "intake.layout.value_column=value"],
                labels={"blocker": classes(), "pic50": values()})  # fmt: skip
