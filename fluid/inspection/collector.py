"""What becomes of the rows of a file, collected in a few bytes per row: hashes of molecules' keys, and measurements."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fluid.data.bounds import BELOW, Bound, certain_class
from fluid.data.grouping import shown
from fluid.data.incoming import IncomingChunk, IncomingRow, read_incoming
from fluid.data.intake import label_readers
from fluid.data.label_remedies import remedies
from fluid.data.labels import BAD, LabelReader, Reading, Unused
from fluid.data.merging import OPEN
from fluid.data.rows import RawRow
from fluid.inspection.facts import Counted, Example
from fluid.inspection.plan import Plan
from fluid.inspection.reading import Opened
from fluid.inspection.repeats import sign_number
from fluid.inspection.sampling import hashes
from fluid.inspection.similarity import MoleculeSample
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected

EXAMPLES, MOST_REASONS, LONGEST = 24, 60, 2_001
OTHER = "other reasons"


def read_molecules(opened: Opened, plan: Plan, most: int = 0) -> Iterator[IncomingChunk]:
    """Yield the rows of a file as the intake has them, with the cells of the plan's columns as they stand in the file.

    Args:
        opened: The file.
        plan: How it would be used.
        most: Rows to stop after; 0: none.

    Raises:
        InputError: The file is broken.
    """
    return read_incoming(opened.path, replace(plan.spec.unlabelled(), carry=plan.columns), most=most)


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
    """Collects the measurements of one endpoint: 13 bytes for each.

    Args:
        reader: Reads its cells as the intake does.
        bounds: And this one, so that bounds are seen whatever becomes of them.
        text: How the endpoint is written in the settings.
        name: What it is called.
        policy: What becomes of measurements of a molecule that differ.
    """

    def __init__(self, reader: LabelReader, bounds: LabelReader, text: str, name: str, policy: str) -> None:
        self.endpoint, self.text, self.name, self.policy = reader.endpoint, text, name, policy
        self._reader, self._bounds = reader, bounds
        self.places, self.values, self.signs = array("i"), array("d"), array("b")
        self.missing = self.below = self.above = self.open = 0
        self.unused, self._bad = Tally(), dict[str, None]()

    def add(self, place: int, row: int, cell: object, qualifier: object = None, problem: str = "") -> None:
        """Take in the cell of the row at a place, with the qualifier beside it; a `problem` is why the intake would leave it out."""
        reading = self._reader.read(cell, qualifier)
        if reading != reading:
            self.missing += 1
            return
        if problem:
            self.unused.add(problem, row, shown(_pair(cell, qualifier)))
            return
        bound = reading if self._bounds is self._reader else self._bounds.read(cell, qualifier)
        if isinstance(bound, Bound):
            self.below += bound.side == BELOW
            self.above += bound.side != BELOW
        if why := self._why_not(reading):
            self.unused.add(why, row, shown(_pair(cell, qualifier)))
        if isinstance(reading, Unused):
            if reading.sort == BAD:
                self._bad[reading.reason] = None
            return
        self.places.append(place)
        self.values.append(reading.value if isinstance(reading, Bound) else reading)
        self.signs.append(sign_number(reading) if isinstance(reading, Bound) else 0)

    def _why_not(self, reading: Reading) -> str:
        """Return why no label follows from a reading by itself; empty if one does."""
        if isinstance(reading, Unused):
            return reading.reason
        open_class = isinstance(reading, Bound) and self.endpoint.threshold is not None and certain_class(reading, self.endpoint) is None
        self.open += open_class
        return OPEN if open_class else ""

    @property
    def labels(self) -> int:
        """Measurements from which a label follows."""
        return len(self.places) - self.open

    @property
    def bad(self) -> bool:
        """Whether there are cells at which a run stops."""
        return bool(self._bad)

    @property
    def remedies(self) -> tuple[str, ...]:
        """What can be done about these."""
        return tuple(remedies(self._reader, [text for why in self._bad for _, text in self.unused.first.get(why, ())]))


def _pair(cell: object, qualifier: object) -> object:
    return cell if qualifier is None else (cell, qualifier)


def label_collectors(plan: Plan) -> list[LabelCollector]:
    """Return a collector for each endpoint of a plan."""
    decimal = plan.spec.file.decimal or "."
    readers = label_readers(plan.source, plan.spec, decimal)
    seeing = label_readers(plan.source, replace(plan.spec, censored="likelihood"), decimal)
    return [
        LabelCollector(
            reader, bounds if reader.endpoint.kind == "regression" else reader, text, asked.name, plan.spec.policy(reader.endpoint)
        )
        for reader, bounds, text, asked in zip(readers, seeing, plan.texts, plan.spec.parsed_endpoints, strict=True)
    ]


class RowCollector:
    """Collects what becomes of the rows of a file.

    Args:
        plan: How it would be used.
        skeletons: Whether first blocks of keys are kept too, 8 bytes per row.
    """

    def __init__(self, plan: Plan, skeletons: bool = False) -> None:
        self.rows, self.keys, self.skeletons, self.numbers = 0, array("Q"), array("Q"), array("q")
        self.rejected, self.notes, self.sample = Tally(), Tally(), MoleculeSample()
        self.labels = label_collectors(plan)
        self._with_skeletons, self._long = skeletons, plan.is_long
        self._read, self._qualified = plan.spec.layout.reader(plan.source), bool(plan.spec.layout.qualifier_columns(plan.source))

    def add(self, chunk: IncomingChunk) -> None:
        """Take in some rows."""
        good: list[int] = []
        for row in chunk.rows:
            self.rows += 1
            if isinstance(row.molecule, MoleculeRejected):
                self.rejected.add(row.molecule.reason, row.row, row.smiles)
                continue
            if row.molecule.note:
                self.notes.add(row.molecule.note, row.row, row.smiles)
            self._add_labels(row, len(self.keys) + len(good))
            good.append(row.row)
        self._add_molecules(good, chunk.molecules)

    def _add_labels(self, row: IncomingRow, place: int) -> None:
        read = self._read(RawRow(row.row, row.smiles, row.carried))
        for labels, value in zip(self.labels, read.values, strict=True):
            cell, qualifier = value if self._qualified else (value, None)
            if cell is not None or not self._long:  # where each row holds one measurement, the other endpoints have no cell
                labels.add(place, row.row, cell, qualifier, read.problem)

    def _add_molecules(self, rows: list[int], molecules: MoleculeSet) -> None:
        if not rows:
            return
        keys, skeletons = hashes(molecules.keys), hashes(molecules.skeletons)
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
