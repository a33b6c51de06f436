"""What is found of each endpoint: labels, balance, range, repeated and conflicting measurements."""

from collections.abc import Mapping, Sequence

import numpy as np

from fluid.inspection.collector import LabelCollector, RowCollector
from fluid.inspection.facts import Conflict, EndpointFacts
from fluid.inspection.repeats import SIGNS, Repeats, count_repeats
from fluid.inspection.spread import spread_of

SHOWN_ROWS = 6


def endpoint_facts(rows: RowCollector, found: Sequence[Repeats], texts: Mapping[int, str], quorum: int) -> tuple[EndpointFacts, ...]:
    """Return what is found of each endpoint.

    Args:
        rows: What became of the rows.
        found: What the measurements of each endpoint say.
        texts: SMILES as they stand in the file, by number of the row; of those that `rows_wanted` asks for.
        quorum: Fewest labels, of each class or in all.
    """
    return tuple(_facts(rows, labels, repeats, texts, quorum) for labels, repeats in zip(rows.labels, found, strict=True))


def all_repeats(rows: RowCollector) -> list[Repeats]:
    """Return what the measurements of each endpoint say."""
    return [_repeats(rows.key_array, labels) for labels in rows.labels]


def rows_wanted(rows: RowCollector, found: Sequence[Repeats]) -> set[int]:
    """Return the rows whose SMILES are to be shown."""
    pairs = zip(rows.labels, found, strict=True)
    shown = [(labels, place) for labels, repeats in pairs for group in repeats.first for place in group[:SHOWN_ROWS]]
    return {rows.numbers[labels.places[place]] for labels, place in shown}


def _repeats(keys: np.ndarray, labels: LabelCollector) -> Repeats:
    places, signs = (np.array(one) for one in (labels.places, labels.signs))
    return count_repeats(keys[places], np.array(labels.values), signs, labels.endpoint, labels.policy)


def _facts(rows: RowCollector, labels: LabelCollector, repeats: Repeats, texts: Mapping[int, str], quorum: int) -> EndpointFacts:
    values, counts, kind = np.array(labels.values), repeats.found.counts, labels.endpoint.kind
    classes = kind == "classification"
    spread = None if classes or not len(values) else spread_of(values, float(values.min()), float(values.max()))
    return EndpointFacts(
        name=labels.name, text=labels.text, kind=kind, labels=labels.labels, missing=labels.missing,
        below=labels.below, above=labels.above, unused=labels.unused.found, remedies=labels.remedies, molecules=sum(counts),
        ones=counts[1] if classes else 0, zeros=counts[0] if classes else 0, repeated=repeats.repeated,
        conflicts=repeats.conflicts, largest_difference=repeats.largest,
        first_conflicts=tuple(_conflict(group[:SHOWN_ROWS], rows, labels, texts) for group in repeats.first), spread=spread,
        enough=repeats.found.fewest >= max(quorum, 1) and repeats.measured,
    )  # fmt: skip


def _conflict(group: Sequence[int], rows: RowCollector, labels: LabelCollector, texts: Mapping[int, str]) -> Conflict:
    numbers = tuple(rows.numbers[labels.places[place]] for place in group)
    values = tuple(f"{SIGNS[labels.signs[place]]}{labels.values[place]:.4g}" for place in group)
    return Conflict(numbers, tuple(texts.get(number, "") for number in numbers), values)


def fewest(found: EndpointFacts) -> int:
    """Return how many labels an endpoint has of the class that has fewest, or in all."""
    return min(found.ones, found.zeros) if found.kind == "classification" else found.molecules
