"""What a look at a file finds, as plain facts: the screen, the page and JSON show the same."""

import math
from dataclasses import asdict, dataclass
from typing import Any

Example = tuple[int, str]
"""Number of a row and what stands there."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The file as a whole.

    Attributes:
        name: What the user calls it.
        form: Format, compression, encoding, what separates cells, in words.
        size: Bytes.
        rows: Rows that were looked at.
        all_rows: Whether these are all.
        columns: Columns.
        unreadable: Rows without cells, by reason, with the first of each: broken lines, records that cannot be read.
    """

    name: str
    form: tuple[str, ...]
    size: int
    rows: int
    all_rows: bool
    columns: int
    unreadable: tuple["Counted", ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that was met several times.

    Attributes:
        what: What it is.
        count: How often.
        examples: Row and text of the first ones.
    """

    what: str
    count: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """How numbers are spread.

    Attributes:
        low: The smallest.
        quartiles: Lower quartile, median, upper quartile.
        high: The largest.
        edges: Edges of the histogram's bins.
        counts: Numbers in each bin; of a fair sample, where there are many.
    """

    low: float
    quartiles: tuple[float, float, float]
    high: float
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column.

    Attributes:
        name: Its name.
        role: What it could be, in a word: SMILES, class, values, identifier, ...
        says: The same in a line, with what was found.
        setting: What uses it so; empty if nothing does.
        filled: Cells that say something.
        missing: Cells that do not.
        distinct: Different texts; a good guess if there are many.
        spread: Of numbers.
        remarks: What to know before it is used.
        examples: First texts.
    """

    name: str
    role: str
    says: str
    setting: str
    filled: int
    missing: int
    distinct: int
    spread: Spread | None = None
    remarks: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rows of one molecule that say different things of an endpoint.

    Attributes:
        rows: Their numbers.
        smiles: What stands there.
        values: And what was measured, as text.
    """

    rows: tuple[int, ...]
    smiles: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """One endpoint, over the rows with a usable molecule.

    Attributes:
        name: Its name.
        text: How it is written in the settings.
        kind: `classification` or `regression`.
        labels: Measurements from which a label follows.
        missing: Cells that say that nothing was measured.
        below: Bounds below which the true value lies.
        above: Bounds above which it lies.
        unused: Cells that are no label, by reason.
        remedies: What to do about those of them at which a run stops.
        molecules: Different molecules that have a label, once the measurements of each are merged.
        ones: Of a class, those of class 1.
        zeros: And of class 0.
        repeated: Molecules that were measured several times.
        conflicts: Of these, those whose classes differ, or whose values are not all the same.
        largest_difference: Of values, the largest difference within a molecule.
        first_conflicts: The first of them.
        spread: Of values.
        enough: Whether there are as many as the quorum asks for.
    """

    name: str
    text: str
    kind: str
    labels: int
    missing: int
    below: int
    above: int
    unused: tuple[Counted, ...]
    remedies: tuple[str, ...]
    molecules: int
    ones: int
    zeros: int
    repeated: int
    conflicts: int
    largest_difference: float
    first_conflicts: tuple[Conflict, ...]
    spread: Spread | None
    enough: bool


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two molecules that are almost the same.

    Attributes:
        rows: Their rows.
        smiles: Their standardised SMILES.
        similarity: Tanimoto similarity (Morgan, radius 2).
    """

    rows: tuple[int, int]
    smiles: tuple[str, str]
    similarity: float


@dataclass(frozen=True, slots=True)
class NearFacts:
    """Near duplicates within the file.

    Attributes:
        looked_at: Different molecules that were compared with each other.
        all_molecules: Whether these are all.
        with_neighbour: Those that have a near duplicate among them.
        first: The most similar pairs.
    """

    looked_at: int
    all_molecules: bool
    with_neighbour: int
    first: tuple[NearPair, ...]


@dataclass(frozen=True, slots=True)
class MoleculeFacts:
    """The molecules of the file.

    Attributes:
        rows: Rows that were looked at.
        usable: Rows whose molecule can be used.
        molecules: Different molecules among them.
        doubles: Rows that repeat a molecule.
        rejected: Rows whose molecule cannot be used, by reason.
        notes: What was taken in a way that the file did not quite say.
        near: Near duplicates.
    """

    rows: int
    usable: int
    molecules: int
    doubles: int
    rejected: tuple[Counted, ...]
    notes: tuple[Counted, ...]
    near: NearFacts


@dataclass(frozen=True, slots=True)
class OverlapFacts:
    """How the molecules stand to those of another file.

    Attributes:
        name: The other file.
        rows: Its rows.
        usable: Rows with a usable molecule.
        molecules: Its different molecules, by the first block of the InChIKey.
        same: Molecules of the file at hand that are there too, by the first block of the InChIKey.
        of: Of so many.
        looked_at: How many were compared by similarity.
        near: Of these, those that are not there but have a near duplicate.
        quartiles: Of the rest, the quartiles of the Tanimoto similarity to the nearest; NaN without a rest.
    """

    name: str
    rows: int
    usable: int
    molecules: int
    same: int
    of: int
    looked_at: int
    near: int
    quartiles: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that a look at a file finds.

    Attributes:
        file: The file.
        columns: Its columns.
        molecules: Its molecules; `None` if they were not looked at, or there are none.
        endpoints: What could be learnt from it; empty if the molecules were not looked at.
        overlaps: How it stands to other files.
        warnings: What to know first.
        verb: The verb that would use the file.
        settings: The settings that fit it, each with its value: a text, a number, or a list of texts.
    """

    file: FileFacts
    columns: tuple[ColumnFacts, ...]
    molecules: MoleculeFacts | None
    endpoints: tuple[EndpointFacts, ...]
    overlaps: tuple[OverlapFacts, ...]
    warnings: tuple[str, ...]
    verb: str
    settings: tuple[tuple[str, str | int | float | tuple[str, ...]], ...]


def as_json(found: Inspection) -> dict[str, Any]:
    """Return facts as JSON can hold them; what is not known is null."""
    values: dict[str, Any] = _known(asdict(found))
    return values


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
