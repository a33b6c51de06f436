"""What is found of each endpoint: labels, balance, range, repeated and conflicting measurements."""

from collections.abc import Mapping, Sequence

import numpy as np

from fluid.inspection.collector import LabelCollector, RowCollector
from fluid.inspection.facts import Conflict, EndpointFacts
from fluid.inspection.repeats import Repeats, count_repeats
from fluid.inspection.spread import spread_of

SHOWN_ROWS = 6


def endpoint_facts(rows: RowCollector, texts: Mapping[int, str], quorum: int) -> tuple[EndpointFacts, ...]:
    """Return what is found of each endpoint.

    Args:
        rows: What became of the rows.
        texts: SMILES as they stand in the file, by number of the row; of those that `rows_wanted` asks for.
        quorum: Fewest labels, of each class or in all.
    """
    return tuple(_facts(rows, labels, repeats, texts, quorum) for labels, repeats in all_repeats(rows))


def all_repeats(rows: RowCollector) -> list[tuple[LabelCollector, Repeats]]:
    """Return the labels of each endpoint with what repeated ones say."""
    return [(labels, count_repeats(_keys(rows, labels), _values(labels))) for labels in rows.labels]


def rows_wanted(rows: RowCollector) -> set[int]:
    """Return the rows whose SMILES are to be shown."""
    shown = [(labels, place) for labels, found in all_repeats(rows) for group in found.first for place in group[:SHOWN_ROWS]]
    return {rows.numbers[labels.places[place]] for labels, place in shown}


def _keys(rows: RowCollector, labels: LabelCollector) -> np.ndarray:
    return rows.key_array[np.frombuffer(labels.places, dtype=np.int32)] if labels.places else np.empty(0, np.uint64)


def _values(labels: LabelCollector) -> np.ndarray:
    return np.frombuffer(labels.values, dtype=np.float32) if labels.values else np.empty(0, np.float32)


def _facts(rows: RowCollector, labels: LabelCollector, repeats: Repeats, texts: Mapping[int, str], quorum: int) -> EndpointFacts:
    target, values = labels.target, _values(labels)
    classes = target.endpoint.kind == "classification"
    spread = None if classes or not len(values) else spread_of(values, float(values.min()), float(values.max()))
    count = min(repeats.ones, repeats.zeros) if classes else repeats.molecules
    return EndpointFacts(
        name=target.endpoint.name, text=target.text, kind=target.endpoint.kind, labels=len(values), missing=labels.missing,
        below=labels.below, above=labels.above, unused=labels.unused.found, molecules=repeats.molecules,
        ones=repeats.ones if classes else 0, zeros=repeats.zeros if classes else 0, repeated=repeats.repeated,
        conflicts=repeats.conflicts, largest_difference=repeats.largest,
        first_conflicts=tuple(_conflict(group[:SHOWN_ROWS], rows, labels, texts) for group in repeats.first), spread=spread,
        enough=count >= max(quorum, 1),
    )  # fmt: skip


def _conflict(group: Sequence[int], rows: RowCollector, labels: LabelCollector, texts: Mapping[int, str]) -> Conflict:
    numbers = tuple(rows.numbers[labels.places[place]] for place in group)
    values = tuple(f"{labels.values[place]:.4g}" for place in group)
    return Conflict(numbers, tuple(texts.get(number, "") for number in numbers), values)


def fewest(found: EndpointFacts) -> int:
    """Return how many labels an endpoint has of the class that has fewest, or in all."""
    return min(found.ones, found.zeros) if found.kind == "classification" else found.molecules
