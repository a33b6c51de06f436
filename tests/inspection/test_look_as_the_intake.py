"""What a look says of a file is what the intake makes of it: rows, missing, bad, censored, classes, repeats; file by file."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from fluid.cli.build import build
from fluid.data.embedded import embedded_path
from fluid.data.endpoints import Endpoint
from fluid.data.grouping import NO_LABEL
from fluid.data.incoming import IncomingRow, read_incoming
from fluid.data.intake import Intake, collect, decimal_of, intake
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.data.merging import BESIDE_VALUES, BOTH_SIDES, CONFLICT, OPEN
from fluid.data.quorum import check_quorum, count_labels
from fluid.data.source import source_of
from fluid.data.table import MoleculeTable
from fluid.errors import InputError, QuorumError
from fluid.inspection.endpoints import fewest
from fluid.inspection.facts import EndpointFacts, Inspection
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import Standardized
from tests.inspection.conftest import SPEC, Look

OF_MERGING = (CONFLICT, OPEN, BESIDE_VALUES, BOTH_SIDES)
MOLECULES = ("CCO", "OCC", "CCN", "CCC", "CCCl", "CCBr", "NCC", "C(C)O", "[Na+].[O-]CC", "CCF", "CCI", "CCS")
"""Different molecules, and some of them again, written otherwise."""


@dataclass(frozen=True)
class Case:
    """A file of one label column or more, and how it is looked at.

    Attributes:
        columns: Its columns; SMILES are added.
        endpoints: As the look writes them.
        asked: What is told to the look.
        said: What the intake is to find in the first endpoint, counted by hand, so that no case is empty.
        delimiter: Between cells.
    """

    columns: Mapping[str, Sequence[object]]
    endpoints: tuple[str, ...]
    asked: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, int] = field(default_factory=dict)
    delimiter: str = ","


BOUNDS = ["4.1", ">5", "<3", "~4", "4.5", "", "=> 6", "=<7", "ca. 6", "7.25", "≥8", "&lt; 2"]
BOTH = [">5", "<3", ">1", "<7", "4", "5", "<= 4", ">=6", "<2", ">8", "<= 5", "5"]
WORDS = ["Active", "inactive", "ND", "Inactive", "ACTIVE", "equivocal", "", "Active", "inactive", "Active", "Inactive", "Inconclusive"]
SIGNS = ["=", ">", "'<'", "", "=", "=", "=", "=", "~", "=", "=", ">>"]
NUMBERS = [4.1, 5, 6, 7, 8, 9, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]
CALLS = [0, 1, "2", "maybe", "true", "Positive", "", "NA", "1.0", "-0", "negative", "inf"]
NEARLY = ["4.1", "5", "ND", "6", "7.5", "see note", "8", "9", "5 nM", "1e39", "1_0", "4.4"]
WITH_COMMA = ["4,1", ">5,5", "1,200", "6", "", "ND", "7,5", "8,25", "4,5", "1.5,2", "9,1", "3,3"]
THOUSANDS = ["1,200", "4.5", "2,500", "7", "8", "9", "10", "11", "12", "13", "14", "15"]
MORE_OF_ONE = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1]
LONG = {"target": ["hERG", "CYP"] * 6, "p_activity": NUMBERS}
VALUE = "pic50 [log mol/L]"
BY_NAME = ("hERG [log mol/L]", "CYP [log mol/L]")
CASES = {
    "classes and values": Case({"hit": [0, 1] * 6, "pic50": NUMBERS}, ("hit", VALUE), {}, {"dropped": 4, "merged": 1, "kept": 7}),
    "no classes": Case({"hit": CALLS}, ("hit",), {"endpoints": ("hit",)}, {"measured": 10, "dropped": 3 + 3}),
    "class words": Case({"call": WORDS}, ("call in Active/inactive/ND",), {}, {"measured": 10, "dropped": 2 + 4}),
    "a class elsewhere missing": Case({"call": ["+", "-"] * 6, "pic50": [*NUMBERS[:11], "-"]}, ("call in +/-", VALUE), {}, {"kept": 7}),
    "nearly values": Case({"pic50": NEARLY}, (VALUE,), {"endpoints": (VALUE,)}, {"measured": 11, "dropped": 4}),
    "a number for missing": Case({"pic50": [4, "-999", 5, "-999.0", *NUMBERS[4:]]}, (VALUE,), {"missing": (-999, "nd")}, {"measured": 10}),
    "bounds": Case({"pic50": BOUNDS}, (VALUE,), {}, {"censored": 8, "kept": 3}),
    "bounds as measured": Case({"pic50": BOUNDS}, (VALUE,), {"censored": "bound"}, {"measured": 11, "censored": 0, "merged": 4}),
    "bounds as bounds": Case({"pic50": BOUNDS}, (VALUE,), {"censored": "likelihood"}, {"censored": 2, "dropped": 2}),
    "bounds of both sides": Case({"pic50": BOTH}, (VALUE,), {"censored": "likelihood"}, {"dropped": 4, "censored": 2}),
    "bounds only": Case({"pic50": [">5", ">6"] * 6}, (VALUE,), {"censored": "likelihood"}, {"kept": 8, "merged": 4}),
    "a threshold": Case({"pic50": BOUNDS}, ("pic50 >= 5",), {"endpoints": ("pic50 >= 5",)}, {"censored": 2, "dropped": 5}),
    "a threshold below": Case({"pic50": BOTH}, ("pic50 < 5",), {"endpoints": ("pic50 < 5",)}, {"censored": 3, "dropped": 4}),
    "a decimal comma": Case({"pic50": WITH_COMMA}, (VALUE,), {"endpoints": (VALUE,)}, {"censored": 1, "dropped": 1}, ";"),
    "a comma of thousands": Case({"ic50": THOUSANDS}, ("ic50 [nM]",), {"endpoints": ("ic50 [nM]",)}, {"dropped": 2}, ";"),
    "a column of qualifiers": Case({"relation": SIGNS, "pic50": NUMBERS}, (VALUE,), {}, {"censored": 4}),
    "qualifiers that disagree": Case(
        {"relation": [">", "<", "?", *["="] * 9], "pic50": [">5", ">5", *NUMBERS[2:]]}, (VALUE,),
        {"endpoints": (VALUE,), "layout": Layout(qualifier_column="relation")}, {"dropped": 2, "censored": 1},
    ),
    "one measurement per row": Case(LONG, BY_NAME, {}, {"measured": 6, "kept": 4}),
    "one measurement per row, with signs": Case(
        {**LONG, "relation": SIGNS}, BY_NAME, {"censored": "likelihood"}, {"measured": 6, "kept": 4, "merged": 1, "censored": 1},
    ),
    "some rows only": Case(
        {"hit": [0, 1] * 6, "batch": ["a", "a", "b"] * 4}, ("hit",), {"layout": Layout(where="batch is a")}, {"measured": 8, "dropped": 3},
    ),
    "the more frequent class": Case(
        {"hit": MORE_OF_ONE}, ("hit",), {"conflicts_classification": "majority"}, {"dropped": 2, "merged": 3}
    ),
    "the first class": Case({"hit": [0, 1] * 6}, ("hit",), {"conflicts_classification": "first"}, {"dropped": 0, "merged": 4}),
    "values that differ": Case({"pic50": NUMBERS}, (VALUE,), {"conflicts_regression": "drop"}, {"dropped": 6}),
    "the median": Case(
        {"pic50": NUMBERS}, ("pic50 >= 5.5",), {"endpoints": ("pic50 >= 5.5",), "conflicts_regression": "median"}, {"merged": 4},
    ),
    "without stereo": Case({"hit": [0, 1] * 6}, ("hit",), {"standardize": replace(SPEC.standardize, stereo="remove")}, {"dropped": 4}),
}  # fmt: skip


def spec_of(settings: Mapping[str, Any]) -> IntakeSpec:
    """Return how the suggested settings take the file in, in this process."""
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        *groups, last = name.split(".")
        inner = nested
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = list(value) if isinstance(value, tuple) else value
    return replace(build(IntakeSpec, nested["intake"]), workers=0)


def check(found: Inspection, path: Path) -> list[Intake]:
    """Compare what a look says with what the intake of its settings makes of the file; returns the latter, endpoint by endpoint."""
    spec = spec_of(dict(found.settings))
    check_molecules(found, path, spec)
    whole = replace(spec, endpoints=tuple(one.text for one in found.endpoints), bad_labels="drop")
    told = decimal_of(path, whole, source_of(path, spec.smiles_column, whole.parsed_endpoints))  # all columns together tell it
    whole = replace(whole, file=replace(spec.file, decimal=told))
    done = [check_endpoint(one, path, replace(whole, endpoints=(one.text,))) for one in found.endpoints]
    used = [one for one in found.endpoints if one.enough] or [one for one in found.endpoints if fewest(one)]
    assert spec.endpoints == tuple(one.text for one in used)
    assert (spec.bad_labels == "drop") == any(one.remedies for one in used)
    intake(path, spec)  # the settings do, as they are
    return done


def check_molecules(found: Inspection, path: Path, spec: IntakeSpec) -> None:
    usable, reasons = rows_of(path, spec.unlabelled())
    molecules = found.molecules
    assert molecules is not None
    assert {one.what: one.count for one in molecules.rejected} == reasons
    assert (molecules.rows, molecules.usable) == (len(usable) + reasons.total(), len(usable))
    assert molecules.molecules == len({row.molecule.key for row in usable if isinstance(row.molecule, Standardized)})


def rows_of(path: Path, spec: IntakeSpec) -> tuple[list[IncomingRow], Counter[str]]:
    """Return the rows that have a molecule, and why the others have none."""
    usable, reasons = list[IncomingRow](), Counter[str]()
    for row in (row for chunk in read_incoming(path, spec) for row in chunk.rows):
        if isinstance(row.molecule, MoleculeRejected):
            reasons[row.molecule.reason] += 1
        else:
            usable.append(row)
    return usable, reasons


def check_endpoint(one: EndpointFacts, path: Path, spec: IntakeSpec) -> Intake:
    rows, rejected = rows_of(path, spec)
    done = collect(path, spec, rows)
    unused = {reason.what: reason.count for reason in one.unused}
    other_unit = {what: unused.pop(what) for what in list(unused) if what.startswith("left out: the unit")}
    assert other_unit == {what: rejected[what] for what in other_unit}
    measured = done.labels[0].measured
    assert (one.labels + sum(unused.values()), one.missing) == (measured, len(rows) - measured)
    assert (one.zeros, one.ones) == counts_of(done) if one.kind == "classification" else (one.molecules,) == counts_of(done)
    assert one.enough == is_enough(done.table)
    check_reasons(one, unused, done)
    check_refusal(one, path, replace(spec, bad_labels="refuse"), rows)
    return done


def counts_of(done: Intake) -> tuple[int, ...]:
    return count_labels(done.table.labels[:, 0], done.table.endpoints[0]).counts


def is_enough(table: MoleculeTable) -> bool:
    """Return whether there are labels enough for a teacher."""
    try:
        check_quorum(table, SPEC.quorum)
    except QuorumError:
        return False
    return True


def check_reasons(one: EndpointFacts, unused: Mapping[str, int], done: Intake) -> None:
    """Compare why single cells are no label; what a molecule's cells say together is no matter of a cell."""
    told = Counter(row.reason for row in done.dropped)
    assert {what: count for what, count in unused.items() if what != OPEN} == {
        reason: count for reason, count in told.items() if reason not in (*OF_MERGING, NO_LABEL)
    }
    assert told[OPEN] <= unused.get(OPEN, 0) <= told[OPEN] + told[CONFLICT]
    conflicts = {row.row for row in done.dropped if row.reason == CONFLICT}
    assert conflicts <= {row for conflict in one.first_conflicts for row in conflict.rows} or one.below + one.above


def check_refusal(one: EndpointFacts, path: Path, spec: IntakeSpec, rows: Sequence[IncomingRow]) -> None:
    """Compare whether, and with what remedies, the intake refuses bad cells."""
    if not one.remedies:
        collect(path, spec, rows)
        return
    with pytest.raises(InputError, match="cannot be used") as error:
        collect(path, spec, rows)
    assert all(remedy in str(error.value) for remedy in one.remedies)


def write_csv(folder: Path, case: Case) -> Path:
    """Write a case; beside a row with each label that has no molecule."""
    path = folder / "in.csv"
    header, *rows = zip(("smiles", *MOLECULES), *((name, *cells) for name, cells in case.columns.items()), strict=True)
    broken = [("not a molecule", *rows[0][1:]), ("[Na+].[Cl-]", *rows[1][1:])]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=case.delimiter).writerows([header, *rows, *broken])
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_made_file(tmp_path: Path, look: Look, name: str) -> None:
    case = CASES[name]
    path = write_csv(tmp_path, case)
    found = look(path, intake=replace(SPEC, **case.asked))
    assert tuple(one.text for one in found.endpoints) == case.endpoints
    counts = check(found, path)[0].labels[0].to_dict()
    assert {part: counts[part] for part in case.said} == case.said


@pytest.mark.parametrize("part", ["validation", "test_external"])
def test_an_embedded_part(look: Look, part: str) -> None:
    (done,) = check(look(f"embedded:{part}"), embedded_path(part))
    assert len(done.table) >= 900


def test_another_unit_than_the_endpoints_is_counted_where_a_unit_is_asked_for(tmp_path: Path, look: Look) -> None:
    units = [*["nM"] * 11, "uM"]
    path = write_csv(tmp_path, Case({"target": ["hERG"] * 12, "value": NUMBERS, "unit": units}, ()))
    layout = Layout(endpoint_columns=("target",), value_column="value", unit_column="unit")
    found = look(path, intake=replace(SPEC, endpoints=("hERG [nM]",), layout=layout))
    check(found, path)
    assert [(reason.what, reason.count) for reason in found.endpoints[0].unused] == [("left out: the unit is uM, not nM", 1)]


def write_sdf(path: Path) -> None:
    with Chem.SDWriter(str(path)) as writer:
        for smiles, value in zip(MOLECULES, BOUNDS, strict=True):
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("pic50", value)
            writer.write(mol)


def write_parquet(path: Path) -> None:
    pic50 = [None if value == 5 else float("nan") if value == 6 else float(value) for value in NUMBERS]
    pq.write_table(
        pa.table({"smiles": MOLECULES, "hit": [True, False, None] * 4, "pic50": pa.array(pic50), "dose": [1, 10, 100] * 4}), path
    )


def write_stored(path: Path) -> None:
    """Write a table as a company keeps it: with a threshold that was applied when it was made, and with bounds."""
    keys = tuple(f"{place:014}" for place in range(len(MOLECULES)))
    labels = np.array([[place % 2, 4 + place / 4] for place in range(len(MOLECULES))], dtype=np.float32)
    labels[3] = np.nan
    sides = np.array([[0, place % 3 - 1] for place in range(len(MOLECULES))], dtype=np.int8)
    sides[3] = 0
    MoleculeTable(MOLECULES, keys, labels, (Endpoint.parse("ic50 <= 10 [uM]"), Endpoint.parse("pic50 [log mol/L]")), sides).save(path)


OTHERS: Mapping[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "in.sdf": (write_sdf, ("pic50 [log mol/L]",)),
    "in.parquet": (write_parquet, ("hit", "pic50 [log mol/L]")),
    "stored.parquet": (write_stored, ("ic50 <= 10 [uM]", "pic50 [log mol/L]")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_format(tmp_path: Path, look: Look, name: str) -> None:
    write, texts = OTHERS[name]
    write(tmp_path / name)
    found = look(tmp_path / name)
    assert tuple(one.text for one in found.endpoints)[: len(texts)] == texts
    check(found, tmp_path / name)
