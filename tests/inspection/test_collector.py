"""Memory stays a few bytes per row."""

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.data.incoming import IncomingChunk, IncomingRow
from fluid.data.intake_spec import IntakeSpec
from fluid.data.source import Source
from fluid.inspection.collector import EXAMPLES, RowCollector, Tally
from fluid.inspection.plan import Plan
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.rejected import MoleculeRejected
from fluid.molecules.standardize import Standardized


def test_what_is_kept_grows_by_few_bytes_per_row() -> None:
    plan = Plan(IntakeSpec(endpoints=("hit",)), Source("smiles", ("hit",), (Endpoint("hit"),)), "smiles", True)
    collector = RowCollector(plan, skeletons=True)
    molecules = MoleculeSet.from_smiles(["CCO", "CCN"])
    good = [Standardized(smiles, key, "a note") for smiles, key in zip(molecules.smiles, molecules.keys, strict=True)]
    found = [*good, MoleculeRejected("no")]
    for part in range(1, 3_001):
        cells = zip(("CCO", "CCN", "x"), ("1", "", "0"), found, strict=True)
        rows = [IncomingRow(3 * part + place, smiles, (), one, (cell,)) for place, (smiles, cell, one) in enumerate(cells)]
        collector.add(IncomingChunk(rows, molecules))
    labels = collector.labels[0]
    kept = [collector.keys, collector.skeletons, collector.numbers, labels.places, labels.values, labels.signs]
    assert sum(len(array) * array.itemsize for array in kept) == 6_000 * 24 + 3_000 * 13
    assert (collector.rows, labels.missing, collector.rejected.counts, collector.notes.counts) == (
        9_000,
        3_000,
        {"no": 3_000},
        {"a note": 6_000},
    )
    assert len(collector.rejected.first["no"]) == EXAMPLES
    assert len(np.unique(collector.key_array)) == len(collector.skeleton_set) == 2


def test_a_tally_of_ever_new_reasons_is_bounded() -> None:
    tally = Tally()
    for number in range(1_000):
        tally.add(f"reason {number}", number, "x" * 10_000)
    assert len(tally.counts) <= 61
    assert sum(one.count for one in tally.found) == 1_000
    assert max(len(text) for one in tally.found for _, text in one.examples) <= 2_001
