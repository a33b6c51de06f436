"""The molecules of an experiment as nodes of its graph: files taken in, validation and test set aside, overlaps removed, companies divided.

Where a molecule or a stereo-isomer of it is in two data sets, tests keep it, then validation, then the pool; the transfer set gives way to
all. Molecules that are nearly the same count as the same where `intake.near_duplicates` asks for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset, read_dataset
from fluid.data.intake_spec import LEAVE_OUT
from fluid.federation.bounds import bound_notes, check_experiment
from fluid.federation.consortium_data import (
    EXTERNAL,
    IN_DOMAIN,
    LABELLED,
    TRANSFER,
    Clean,
    ConsortiumData,
    assemble,
    check_files,
    intake_stages,
    select_endpoints,
    set_aside,
)
from fluid.federation.overlap import near_ones, shared_molecules, without
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.evaluate import VALIDATION
from fluid.federation.stages.intake import intake_note
from fluid.federation.stages.overlap import overlap_stage, read_overlap
from fluid.federation.stages.spanning import read_spanning, spanning_stage
from fluid.federation.stages.split import left_out_notes, read_owned, read_split, split_stage
from fluid.pipeline.graph import Node, Step, Value, Values
from fluid.pipeline.stage import Stage

WHOLE, DATA, COMPANIES, SPLIT, PARTS, CHOSEN = "whole-data", "data", "companies", "split", "parts", "chosen-transfer"
FIRST_COME = (EXTERNAL, IN_DOMAIN, VALIDATION, "pool", TRANSFER)
"""Data sets in the order in which they keep a molecule that several hold."""


def intake_name(part: str) -> str:
    """Return the name of the node that takes a file in."""
    return f"intake-{part}"


def clean_name(part: str) -> str:
    """Return the name of the node that is a data set without overlap."""
    return f"clean-{part}"


def data_nodes(spec: FederationSpec, note: Callable[[str], None] = lambda _: None) -> Iterator[Node]:
    """Yield the nodes from the files to the companies.

    Args:
        spec: The experiment.
        note: Told what became of each file's rows and labels.

    Raises:
        ConfigError: The consensus learns from public labels, and no file of them is given.
        InputError: A file is not there.
    """
    spec.consensus.require_labels(bool(spec.data.transfer_labels))
    check_files(spec.data)
    stages = intake_stages(spec)
    intakes = tuple(map(intake_name, stages))
    for part, stage in stages.items():
        yield Step(intake_name(part), (), partial(_same, stage), partial(_open_dataset, part, note), alone=True)
    yield Value(PARTS, intakes, partial(parts_of, spec, tuple(stages)))
    names = [name for name in FIRST_COME if name != EXTERNAL or name in stages]
    for place, name in enumerate(names):
        yield from clean_nodes(name, names[:place], spec)
    if spec.data.spans:
        yield Step(CHOSEN, (clean_name(TRANSFER),), partial(_choose, spec))
    needs = (PARTS, *intakes, *map(clean_name, names), *([CHOSEN] if spec.data.spans else []))
    yield Value(WHOLE, needs, partial(_assemble, spec, tuple(stages), tuple(names)))
    yield Value(TRANSFER, (WHOLE,), lambda values: values[WHOLE].transfer)
    yield Step(SPLIT, (WHOLE,), partial(_split, spec))
    yield Value(DATA, (WHOLE, SPLIT), partial(_owned, spec))
    yield Value(COMPANIES, (WHOLE, SPLIT), lambda values: read_split(values[SPLIT], values[WHOLE].pool))


def _same(stage: Stage, values: Values) -> Stage:
    return stage


def _open_dataset(part: str, note: Callable[[str], None], artifact: Artifact, values: Values) -> tuple[Artifact, Dataset]:
    note(intake_note(part, artifact))
    return artifact, read_dataset(artifact)


def parts_of(spec: FederationSpec, files: tuple[str, ...], values: Values) -> dict[str, Dataset]:
    """Return the data sets by name: those of files, and validation and in-domain test set aside from the pool where no file is given."""
    parts = {name: values[intake_name(name)][1] for name in files}
    if spec.data.test_external_endpoints and EXTERNAL in parts:
        parts[EXTERNAL] = select_endpoints(parts[EXTERNAL], spec.labelled_intake.parsed_endpoints)
    for name, share in ((IN_DOMAIN, spec.data.test_share), (VALIDATION, spec.data.validation_share)):
        if name not in parts:
            parts["pool"], parts[name] = set_aside(parts["pool"], share, spec.seed, name)
    return parts


def clean_nodes(name: str, before: list[str], spec: FederationSpec) -> Iterator[Node]:
    """Yield the nodes that remove from a data set what others hold; `before` are those that keep their molecules."""
    careless = name == TRANSFER and spec.data.transfer_keeps_tests
    others = tuple(other for other in before if not (careless and other in (EXTERNAL, IN_DOMAIN)))
    needs, near = (PARTS, *map(clean_name, others)), f"overlap-{name}"
    searched = bool(spec.intake.near_duplicates and others)
    if searched:
        yield Step(near, needs, partial(_search, name, others, spec.intake.near_duplicates))
    yield Value(clean_name(name), (*needs, near) if searched else needs, partial(_clean, name, others, near if searched else ""))


def _others(others: tuple[str, ...], values: Values) -> dict[str, Dataset]:
    return {other: values[clean_name(other)].dataset for other in others}


def _left(dataset: Dataset, reasons: dict[int, str]) -> np.ndarray:
    left: np.ndarray = np.setdiff1d(np.arange(len(dataset)), np.array(list(reasons), dtype=np.int64))
    return left


def _search(name: str, others: tuple[str, ...], threshold: float, values: Values) -> Stage:
    part, kept = values[PARTS][name], _others(others, values)
    left = _left(part, shared_molecules(part, kept))
    return overlap_stage(name, part.take(left), {other: one for other, one in kept.items() if len(one)}, threshold)


def _clean(name: str, others: tuple[str, ...], near: str, values: Values) -> Clean:
    part = values[PARTS][name]
    reasons = shared_molecules(part, _others(others, values))
    if near:
        left = _left(part, reasons)
        reasons |= {int(left[row]): reason for row, reason in near_ones(read_overlap(values[near])).items()}
    return Clean(*without(name, part, reasons))


def _choose(spec: FederationSpec, values: Values) -> Stage:
    return spanning_stage(TRANSFER, values[clean_name(TRANSFER)].dataset, spec.data.transfer_n, spec.annotation.evidence.dictionary)


def _assemble(spec: FederationSpec, files: tuple[str, ...], names: tuple[str, ...], values: Values) -> ConsortiumData:
    intakes = {name: values[intake_name(name)][0] for name in files}
    clean = {name: values[clean_name(name)] for name in names}
    chosen = read_spanning(values[CHOSEN]) if spec.data.spans else None
    data = assemble(spec, intakes, clean, values[PARTS].get(LABELLED), chosen)
    check_experiment(spec, data.pool)
    return replace(
        data, notes=(*data.notes, *bound_notes({"pool": data.pool, VALIDATION: data.validation, **data.tests}, data.transfer_labels))
    )


def _split(spec: FederationSpec, values: Values) -> Stage:
    quorum = spec.intake.quorum if spec.intake.below_quorum == LEAVE_OUT else None
    return split_stage(values[WHOLE].pool, spec.companies, spec.seed, quorum)


def _owned(spec: FederationSpec, values: Values) -> ConsortiumData:
    data: ConsortiumData = values[WHOLE]
    notes = (*data.notes, *left_out_notes(values[SPLIT]), *spec.taking_part.notes(spec.company_names))
    return replace(data, pool=read_owned(values[SPLIT], data.pool), notes=notes)
