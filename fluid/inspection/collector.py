"""What becomes of the rows of a file, collected in a few bytes per row: hashes of molecules' keys, and labels."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, tee
from typing import NamedTuple

import numpy as np

from fluid.data.intake_spec import IntakeSpec
from fluid.data.rows import RawRow
from fluid.inspection.facts import Counted, Example
from fluid.inspection.labels import LabelReader
from fluid.inspection.plan import Plan, Target
from fluid.inspection.profile import as_text
from fluid.inspection.reading import Opened
from fluid.inspection.sampling import hashes
from fluid.inspection.similarity import MoleculeSample
from fluid.molecules.key import skeleton
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import Standardized
from fluid.molecules.workers import prepare_many

EXAMPLES, MOST_REASONS, LONGEST = 24, 60, 2_001
OTHER = "other reasons"


class LookedAt(NamedTuple):
    """Consecutive rows, what became of their molecules, and those that can be used."""

    rows: list[RawRow]
    results: list[Standardized | MoleculeRejected]
    molecules: MoleculeSet


def look_at(opened: Opened, smiles_column: str, columns: Sequence[str], spec: IntakeSpec, most: int = 0) -> Iterator[LookedAt]:
    """Yield the rows of a file chunk by chunk, with their molecules as every verb would have them.

    Args:
        opened: The file.
        smiles_column: Its column of SMILES; empty where rows are structures themselves.
        columns: Further columns to read.
        spec: How molecules are standardised.
        most: Rows to stop after; 0: none.

    Raises:
        InputError: The file is broken.
    """
    rows, ahead = tee(opened.read(smiles_column, columns, most))
    smiles = ("" if row.problem else row.smiles for row in ahead)
    for prepared in prepare_many(smiles, spec.standardize, spec.workers):
        yield LookedAt(list(islice(rows, len(prepared.results))), prepared.results, prepared.molecules)


class Tally:
    """Counts of what was met, each with its first examples; in bounded memory."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, list[Example]] = {}

    def add(self, what: str, row: int, text: str) -> None:
        """Count one."""
        known = what if what in self.counts or len(self.counts) < MOST_REASONS else OTHER
        self.counts[known] += 1
        if len(examples := self.first.setdefault(known, [])) < EXAMPLES:
            examples.append((row, text[:LONGEST]))

    @property
    def found(self) -> tuple[Counted, ...]:
        """What was met, the most frequent first."""
        return tuple(Counted(what, count, tuple(self.first[what])) for what, count in self.counts.most_common())


class LabelCollector:
    """Collects the labels of one endpoint: 8 bytes for each."""

    def __init__(self, target: Target, missing: tuple[str, ...]) -> None:
        self.target, self._reader = target, LabelReader(target, missing)
        self.places, self.values = array("i"), array("f")
        self.missing = self.below = self.above = 0
        self.unused, self.bad = Tally(), 0

    def add(self, place: int, row: int, text: str, qualifier: str) -> None:
        """Take in the cell of the row at a place."""
        label = self._reader.read(text, qualifier)
        self.below += label.side < 0
        self.above += label.side > 0
        if label.value == label.value:
            self.places.append(place)
            self.values.append(label.value)
        elif label.why:
            self.bad += label.bad
            self.unused.add(label.why, row, text)
        else:
            self.missing += 1


class RowCollector:
    """Collects what becomes of the rows of a file.

    Args:
        plan: Which of its columns are used for what; their cells come in the order of `plan.columns`.
        skeletons: Whether first blocks of keys are kept too, 8 bytes per row.
    """

    def __init__(self, plan: Plan, skeletons: bool = False) -> None:
        self.rows, self.keys, self.skeletons, self.numbers = 0, array("Q"), array("Q"), array("q")
        self.rejected, self.notes, self.sample = Tally(), Tally(), MoleculeSample()
        self.labels = [LabelCollector(target, plan.missing) for target in plan.targets]
        self._with_skeletons, self._cells = skeletons, CellFinder(plan)

    def add(self, part: LookedAt) -> None:
        """Take in some rows."""
        good: list[int] = []
        for row, result in zip(part.rows, part.results, strict=True):
            self.rows += 1
            if isinstance(result, MoleculeRejected):
                self.rejected.add(row.problem or result.reason, row.row, row.smiles)
                continue
            if result.note:
                self.notes.add(result.note, row.row, row.smiles)
            self._add_labels(row, len(self.keys) + len(good))
            good.append(row.row)
        self._add_molecules(good, part.molecules)

    def _add_labels(self, row: RawRow, place: int) -> None:
        for number, text, qualifier in self._cells.of(row):
            self.labels[number].add(place, row.row, text, qualifier)

    def _add_molecules(self, rows: list[int], molecules: MoleculeSet) -> None:
        if not rows:
            return
        keys, skeletons = hashes(molecules.keys), hashes([skeleton(key) for key in molecules.keys])
        self.sample.add(rows, molecules, keys, skeletons)
        self.keys.frombytes(keys.tobytes())
        self.numbers.extend(rows)
        if self._with_skeletons:
            self.skeletons.frombytes(skeletons.tobytes())

    @property
    def key_array(self) -> np.ndarray:
        """The hashed keys of the usable rows, in order."""
        return np.frombuffer(self.keys, dtype=np.uint64) if self.keys else np.empty(0, np.uint64)

    @property
    def skeleton_set(self) -> np.ndarray:
        """The hashed first blocks of the keys, each once, ascending."""
        return np.unique(np.frombuffer(self.skeletons, dtype=np.uint64)) if self.skeletons else np.empty(0, np.uint64)


def joined_name(cells: Iterable[object]) -> str:
    """Return the endpoint that some cells name together, with a blank between; those that are empty add nothing."""
    return " ".join(filter(None, (as_text(cell).strip() for cell in cells)))


class CellFinder:
    """Finds which cells of a row say something of which endpoint.

    Args:
        plan: Which columns are used for what; cells come in the order of `plan.columns`.
    """

    def __init__(self, plan: Plan) -> None:
        place = {name: number for number, name in enumerate(plan.columns)}
        self._columns = [place[target.column] for target in plan.targets]
        self._qualifier = place.get(plan.qualifier, -1)
        self._names = [place[name] for name in plan.name_columns]
        self._value = place.get(plan.value_column, -1)
        self._numbers = {target.names: number for number, target in enumerate(plan.targets)}

    def of(self, row: RawRow) -> Iterator[tuple[int, str, str]]:
        """Yield number of the endpoint, cell and qualifier."""
        qualifier = as_text(row.values[self._qualifier]) if self._qualifier >= 0 else ""
        if not self._names:
            yield from ((number, as_text(row.values[place]), qualifier) for number, place in enumerate(self._columns))
            return
        number = self._numbers.get(joined_name(row.values[place] for place in self._names), -1)
        if number >= 0:
            yield number, as_text(row.values[self._value]), qualifier
