"""The molecules of one experiment: parts without overlap, and what had to be removed for it."""

from dataclasses import dataclass

import numpy as np

from fluid.artifacts import Artifact, read_json
from fluid.companies.leaks import check_disjoint
from fluid.federation.part import Part, read_part
from fluid.federation.spec import DataSpec, FederationSpec
from fluid.federation.stages.intake import intake_stage, resolve
from fluid.federation.stages.judge import VALIDATION
from fluid.federation.workshop import Workshop
from fluid.seeding import numpy_stream

IN_DOMAIN, EXTERNAL = "in-domain", "external"
LABELLED = "transfer-labels"


@dataclass(frozen=True, slots=True)
class ConsortiumData:
    """Everything an experiment reads.

    Attributes:
        pool: Labelled molecules of all companies together.
        validation: Labelled in-domain molecules for thresholds.
        tests: Labelled tests, `in-domain` and `external`.
        transfer: Public unlabelled molecules.
        notes: What was dropped, merged or removed, in sentences.
        intakes: The intake artifacts, by part.
        transfer_labels: Labelled molecules, some of them in the transfer set; or `None`.
    """

    pool: Part
    validation: Part
    tests: dict[str, Part]
    transfer: Part
    notes: tuple[str, ...]
    intakes: dict[str, Artifact]
    transfer_labels: Part | None = None


def without(part: Part, others: set[str]) -> Part:
    """Return the part without the molecules whose key is in `others`."""
    return part.take(np.flatnonzero([key not in others for key in part.table.keys]))


def keys(*parts: Part) -> set[str]:
    """Return all molecule keys of some parts."""
    return {key for part in parts for key in part.table.keys}


def set_aside(pool: Part, share: float, seed: int, name: str) -> tuple[Part, Part]:
    """Divide off a random share of the pool; returns what stays and what was set aside."""
    order = numpy_stream(seed, "set aside", name).permutation(len(pool))
    size = round(len(pool) * share)
    return pool.take(np.sort(order[size:])), pool.take(np.sort(order[:size]))


def intake_note(name: str, artifact: Artifact) -> str:
    """Say in a sentence what became of a file's rows."""
    counts = read_json(artifact / "counts.json")
    return f"{name}: {counts['rows']} rows read, {counts['kept']} kept, {counts['dropped']} dropped, {counts['merged']} merged."


def check_files(data: DataSpec) -> None:
    """Find a wrong path before any work is done.

    Raises:
        InputError: A file is not there.
    """
    for path in (data.test_external, data.test_in_domain, data.validation, data.pool, data.transfer, data.transfer_labels):
        if path:
            resolve(path)


def load_data(spec: FederationSpec, workshop: Workshop) -> ConsortiumData:
    """Read every file, set validation and test aside where none is given, and remove overlaps.

    Where a molecule is in two parts, tests keep it, then validation, then the pool; the transfer set gives way to all.

    Raises:
        ConfigError: The consensus learns from public labels, and no file of them is given.
    """
    spec.consensus.require_labels(bool(spec.data.transfer_labels))
    data, labelled = (
        spec.data,
        {
            "external": spec.data.test_external,
            "in-domain": spec.data.test_in_domain,
            VALIDATION: spec.data.validation,
            "pool": spec.data.pool,
        },
    )
    check_files(data)
    intakes = {name: workshop.make(intake_stage(name, path, spec.intake)) for name, path in labelled.items() if path}
    intakes["transfer"] = workshop.make(
        intake_stage("transfer", data.transfer, spec.intake, labelled=False, smiles_column=data.transfer_smiles_column)
    )
    if data.transfer_labels:
        intakes[LABELLED] = workshop.make(
            intake_stage(LABELLED, data.transfer_labels, spec.intake, smiles_column=data.transfer_smiles_column)
        )
    parts = {name: read_part(artifact) for name, artifact in intakes.items()}
    for name, share in ((IN_DOMAIN, data.test_share), (VALIDATION, data.validation_share)):
        if name not in parts:
            parts["pool"], parts[name] = set_aside(parts["pool"], share, spec.seed, name)
    notes = [intake_note(name, artifact) for name, artifact in intakes.items()]
    seen: set[str] = set()
    clean: dict[str, Part] = {}
    for name in (EXTERNAL, IN_DOMAIN, VALIDATION, "pool", "transfer"):
        if name in parts:
            clean[name] = without(parts[name], seen)
            seen |= keys(clean[name])
            if removed := len(parts[name]) - len(clean[name]):
                notes.append(f"{removed} molecules of {name} were removed because another part holds them.")
    check_disjoint({name: part.table.keys for name, part in clean.items()})
    tests = {name: clean[name] for name in (IN_DOMAIN, EXTERNAL) if name in clean}
    return ConsortiumData(clean["pool"], clean[VALIDATION], tests, clean["transfer"], tuple(notes), intakes, parts.get(LABELLED))
