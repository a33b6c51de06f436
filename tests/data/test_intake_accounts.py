"""Whatever a file holds, each measurement ends as a label, in one, or in the list; by a reference with intervals as sets of points."""

import csv
import operator
from collections import defaultdict
from pathlib import Path
from statistics import fmean, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.dropped import DroppedRow, write_dropped
from fluid.data.endpoints import Endpoint
from fluid.data.incoming import IncomingRow
from fluid.data.intake import Intake, IntakeSpec, collect
from fluid.data.label_counts import LabelCounts
from fluid.data.labels import CENSORED_POLICIES
from fluid.data.merging import CLASS_POLICIES, VALUE_POLICIES
from fluid.errors import InputError
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import Standardized

GRID = [step / 2 for step in range(-2, 23)]
SIGNS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
CALLS = {"1": 1.0, "0": 0.0, "positive": 1.0, "Active": 1.0, "inactive": 0.0}
NUMBERS = [str(number) for number in range(1, 10)]
NOTHING = st.sampled_from(["", "NA", "#N/A", "nd"])
values = st.sampled_from([*NUMBERS, *(sign + number for sign in SIGNS for number in NUMBERS), "~5", "high", "5 nM"]) | NOTHING
calls = st.sampled_from(["1", "1", "0", "0", "positive", "equivocal", "maybe", ">1"]) | NOTHING
rows = st.lists(st.tuples(st.sampled_from(["A", "A", "B", "C", None]), calls, values, values), min_size=1, max_size=12)
specs = st.builds(
    lambda direction, classes, numbers, censored: IntakeSpec(
        endpoints=("call", f"pic50 {direction} 5", "logd [log]"), workers=0, missing=("ND",), bad_labels="drop",
        conflicts_classification=classes, conflicts_regression=numbers, censored=censored,
    ),
    st.sampled_from(list(SIGNS)), st.sampled_from(CLASS_POLICIES), st.sampled_from(VALUE_POLICIES), st.sampled_from(CENSORED_POLICIES),
)  # fmt: skip
EMPTY = ("", "NA", "#N/A", "nd")


def incoming(table: list[tuple[str | None, str, str, str]]) -> list[IncomingRow]:
    return [
        IncomingRow(row, key or "C1CC", tuple(cells), Standardized(key, key) if key else MoleculeRejected("does not parse"))
        for row, (key, *cells) in enumerate(table, start=1)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("accounts") / "in.csv"
    file.write_text("smiles,call,pic50,logd\n")
    return file


def parts_of(cell: str) -> tuple[str, float | None]:
    sign = next((sign for sign in (*SIGNS, "~") if cell.startswith(sign)), "")
    rest = cell.removeprefix(sign)
    return sign, float(rest) if rest in NUMBERS else None


def alone(cell: str, endpoint: Endpoint, spec: IntakeSpec) -> object:
    """Return what a measurement is by itself: a number, a set of points, or its fate."""
    if endpoint.binary:
        return CALLS.get(cell, "dropped")
    sign, number = parts_of(cell)
    if number is None or (sign == "~" and (endpoint.threshold or spec.censored == "drop")):
        return "censored" if number else "dropped"
    if sign in SIGNS and (endpoint.threshold or spec.censored == "likelihood"):
        return frozenset(point for point in GRID if SIGNS[sign](point, number))
    return "censored" if sign in SIGNS and spec.censored == "drop" else number


def centre(numbers: list[float], endpoint: Endpoint, policy: str) -> float | None:
    """Return the label of numbers, or `None` for a conflict."""
    if policy in ("first", "mean", "median"):
        number = {"first": lambda n: n[0], "mean": fmean, "median": median}[policy](numbers)
        return classed(number, endpoint)
    labels = [classed(number, endpoint) for number in numbers]
    if len(set(labels)) == 1:
        return labels[0]
    twos = labels.count(1.0) - labels.count(0.0)
    return float(twos > 0) if policy == "majority" and twos else None


def classed(number: float, endpoint: Endpoint) -> float:
    return number if endpoint.threshold is None else float(SIGNS[endpoint.direction](number, endpoint.threshold))


def together(found: list[object], endpoint: Endpoint, policy: str) -> tuple[float | None, list[str]]:
    """Return the label of all usable measurements of a molecule, and the fate of each: `in`, `dropped` or `censored`."""
    numbers, sets = [one for one in found if isinstance(one, float)], [one for one in found if isinstance(one, frozenset)]
    label = centre(numbers, endpoint, policy) if numbers else None
    if numbers and label is None:
        return None, ["dropped"] * len(found)
    if endpoint.threshold is None:
        empty, sides = sets and not frozenset.intersection(*sets), {max(GRID) in one for one in sets}
        if numbers or not sets:
            return label, ["in" if isinstance(one, float) else "censored" for one in found]
        if len(sides) == 2:
            return None, ["dropped" if empty else "censored"] * len(found)
        inner = frozenset.intersection(*sets)
        edge = min(inner) if max(GRID) in inner else max(inner)
        return (edge if edge.is_integer() else edge + (0.5 if min(GRID) in inner else -0.5)), ["in"] * len(found)
    classes = [{classed(point, endpoint) for point in one} if isinstance(one, frozenset) else {label} for one in found]
    decided = {next(iter(one)) for one in classes if len(one) == 1}
    if len(decided) > 1 or (not numbers and not frozenset.intersection(*sets)):
        return None, ["dropped"] * len(found)
    return next(iter(decided), None), ["in" if len(one) == 1 else "censored" for one in classes]


def reference(
    table: list[tuple[str | None, str, str, str]], spec: IntakeSpec
) -> tuple[dict[str, list[float | None]], list[LabelCounts], set, set]:
    """Return labels by molecule, counts by endpoint, and which rows and which labels are listed."""
    endpoints, counts = spec.parsed_endpoints, [LabelCounts() for _ in spec.endpoints]
    molecules, gone, told = defaultdict(list), set(), set()
    for row, (key, *cells) in enumerate(table, start=1):
        found = [None if cell in EMPTY else alone(cell, e, spec) for cell, e in zip(cells, endpoints, strict=True)]
        usable = any(one is not None and not isinstance(one, str) for one in found)
        if key and usable:
            molecules[key].append((row, cells, found))
        else:
            gone.add(row)
        for one, count in zip(found, counts, strict=True):
            count.measured += one is not None
            fate = one if key else "dropped"
            if one is not None and isinstance(fate, str):
                setattr(count, fate, getattr(count, fate) + 1)
    labels = {}
    for key, members in molecules.items():
        of_key, missed = [], set()
        for place, (endpoint, count) in enumerate(zip(endpoints, counts, strict=True)):
            own = [(row, found[place]) for row, _, found in members if found[place] is not None]
            good = [(row, one) for row, one in own if not isinstance(one, str)]
            label, fates = together([one for _, one in good], endpoint, spec.policy(endpoint)) if good else (None, [])
            of_key.append(label)
            count.kept += "in" in fates
            count.merged += max(fates.count("in") - 1, 0)
            count.dropped, count.censored = count.dropped + fates.count("dropped"), count.censored + fates.count("censored")
            missed |= {(row, place) for (row, _), fate in zip(good, fates, strict=True) if fate != "in"}
            missed |= {(row, place) for row, one in own if isinstance(one, str)}
        if any(label is not None for label in of_key):
            labels[key] = of_key
            told |= {(row, endpoints[place].name, members_cell(members, row, place)) for row, place in missed}
        else:
            gone |= {row for row, _, _ in members}
    return labels, counts, gone, told


def members_cell(members: list, row: int, place: int) -> str:
    return next(cells[place] for number, cells, _ in members if number == row)


@given(rows, specs)
def test_every_measurement_is_accounted_for(path: Path, table: list[tuple[str | None, str, str, str]], spec: IntakeSpec) -> None:
    labels, counts, gone, told = reference(table, spec)
    if not labels:
        with pytest.raises(InputError, match="no valid molecule"):
            collect(path, spec, incoming(table))
        return
    done = collect(path, spec, incoming(table))
    assert {
        key: [None if np.isnan(x) else x for x in row] for key, row in zip(done.table.keys, done.table.labels.tolist(), strict=True)
    } == {key: [None if label is None else float(np.float32(label)) for label in row] for key, row in labels.items()}
    assert list(done.labels) == counts
    assert [one.row for one in done.dropped if not one.endpoint] == sorted(gone)
    listed = [(one.row, one.endpoint, one.value) for one in done.dropped if one.endpoint]
    assert (len(listed), set(listed)) == (len(told), told)
    assert all(one.reason for one in done.dropped)
    assert [one.row for one in done.dropped] == sorted(one.row for one in done.dropped)
    assert (done.rows, done.dropped_rows + done.merged + len(done.table)) == (len(table), len(table))
    check_file(done, path.with_name("dropped.csv"))


def check_file(done: Intake, path: Path) -> None:
    write_dropped(path, done.dropped)
    with path.open(newline="", encoding="utf-8") as stream:
        read = [DroppedRow(int(one["row"]), one["smiles"], one["reason"], one["endpoint"], one["value"]) for one in csv.DictReader(stream)]
    assert read == list(done.dropped)


@given(rows, specs, st.randoms())
def test_the_order_of_rows_decides_only_what_is_first(path: Path, table: list, spec: IntakeSpec, random) -> None:
    if "first" in (spec.conflicts_classification, spec.conflicts_regression):
        return
    shuffled = random.sample(table, len(table))
    try:
        one = collect(path, spec, incoming(table))
    except InputError:
        return
    other = collect(path, spec, incoming(shuffled))
    assert one.labels == other.labels
    assert len(one.dropped) == len(other.dropped)
    order = [other.table.keys.index(key) for key in one.table.keys]
    np.testing.assert_allclose(one.table.labels, other.table.labels[order], rtol=1e-6)


@given(rows, specs)
def test_bounds_are_labels_only_where_they_are_learnt_as_such(path: Path, table: list, spec: IntakeSpec) -> None:
    try:
        done = collect(path, spec, incoming(table))
    except InputError:
        return
    if done.table.censored is not None:
        assert spec.censored == "likelihood"
        assert not done.table.censored[:, :2].any()
        for key, label, side in zip(done.table.keys, done.table.labels[:, 2], done.table.censored[:, 2], strict=True):
            cells = [cell for known, _, _, cell in table if known == key and cell not in EMPTY]
            assert side == 0 or f"{label:.0f}" in {cell.lstrip("<>=") for cell in cells if cell[0] == ("<" if side < 0 else ">")}
