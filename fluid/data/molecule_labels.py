"""The labels of one molecule, from all rows that have it, and what of these rows was not used."""

from collections.abc import Iterator, Sequence
from math import isnan, nan
from typing import NamedTuple

from fluid.data.dropped import DroppedRow
from fluid.data.endpoints import Endpoint
from fluid.data.grouping import Member, shown
from fluid.data.label_counts import LabelCounts
from fluid.data.labels import Reading, Unused
from fluid.data.merging import CONFLICT, Merged, label_of, merge_readings

Policies = Sequence[tuple[Endpoint, str]]
"""Each endpoint as it was measured, and what becomes of measurements that differ."""
NOTHING = Merged(nan, 0, ())


class MoleculeLabels(NamedTuple):
    """The labels of one molecule.

    Attributes:
        usable: Whether the molecule is kept: it has a label, or none is asked for.
        values: One per endpoint; NaN: none.
        sides: +1 or -1 where a label is a bound of the true value, else 0.
        dropped: Rows, or labels of rows, that were not used.
    """

    usable: bool
    values: Sequence[float]
    sides: Sequence[int]
    dropped: Sequence[DroppedRow] = ()


def merge_group(members: Sequence[Member], policies: Policies, counts: Sequence[LabelCounts]) -> MoleculeLabels:
    """Merge the rows of one molecule, and count what becomes of their measurements.

    Args:
        members: The rows, in order.
        policies: One per endpoint.
        counts: One per endpoint; what was not used by itself is counted already.
    """
    if len(members) == 1 and {float}.issuperset(map(type, members[0].readings)):
        return _single(members[0].readings, policies, counts)
    columns = [
        _column([member.readings[place] for member in members], endpoint, policy, counts[place])
        for place, (endpoint, policy) in enumerate(policies)
    ]
    values = [column.label for column in columns]
    usable = not policies or not all(map(isnan, values))
    told = [[column.reasons[row] for column in columns] for row in range(len(members))]
    dropped = list(_labels(members, told, policies) if usable else _rows(members, told))
    return MoleculeLabels(usable, values, [column.side for column in columns], dropped)


def _single(readings: Sequence[Reading], policies: Policies, counts: Sequence[LabelCounts]) -> MoleculeLabels:
    """Label a molecule of one row of numbers; without a choice this is what `merge_group` does, faster."""
    values: list[float] = []
    for reading, (endpoint, _), count in zip(readings, policies, counts, strict=True):
        if reading == reading:
            count.kept += 1
            values.append(label_of(reading, endpoint))  # type: ignore[arg-type]
        else:
            values.append(nan)
    return MoleculeLabels(True, values, (0,) * len(values))


def _column(readings: Sequence[Reading], endpoint: Endpoint, policy: str, counts: LabelCounts) -> Merged:
    """Merge the measurements of one endpoint; `reasons` has one entry per row, empty where there is nothing to tell."""
    known = [reading for reading in readings if reading == reading and not isinstance(reading, Unused)]
    merged = merge_readings(known, endpoint, policy) if known else NOTHING
    in_label = merged.reasons.count("")
    conflicts = merged.reasons.count(CONFLICT)
    counts.kept += in_label > 0
    counts.merged += max(in_label - 1, 0)
    counts.dropped += conflicts
    counts.censored += len(known) - in_label - conflicts
    reasons = iter(merged.reasons)
    told = (one.reason if isinstance(one, Unused) else next(reasons) if one == one else "" for one in readings)
    return Merged(merged.label, merged.side, tuple(told))


def _labels(members: Sequence[Member], told: Sequence[Sequence[str]], policies: Policies) -> Iterator[DroppedRow]:
    """Yield the labels that were not used, of rows that were."""
    for member, reasons in zip(members, told, strict=True):
        for cell, reason, (endpoint, _) in zip(member.cells, reasons, policies, strict=True):
            if reason:
                yield DroppedRow(member.row, member.smiles, reason, endpoint.name, shown(cell))


def _rows(members: Sequence[Member], told: Sequence[Sequence[str]]) -> Iterator[DroppedRow]:
    """Yield the rows of a molecule without any label."""
    for member, reasons in zip(members, told, strict=True):
        yield DroppedRow(member.row, member.smiles, "; ".join(dict.fromkeys(filter(None, reasons))))
