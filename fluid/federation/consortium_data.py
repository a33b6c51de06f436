"""The molecules of one experiment: parts without overlap, and what had to be removed for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fluid.artifacts import Artifact
from fluid.companies.leaks import check_disjoint
from fluid.data.columns import check_source
from fluid.data.data_spec import DataSpec
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.errors import ConfigError
from fluid.federation.overlap import NEAR, Removed
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.evaluate import VALIDATION
from fluid.federation.stages.intake import intake_note, intake_stage, resolve
from fluid.molecules.key import number_skeletons, skeleton
from fluid.pipeline.stage import Stage
from fluid.seeding import numpy_stream

IN_DOMAIN, EXTERNAL, TRANSFER = "in-domain", "external", "transfer"
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
        removed: Molecules that a part gave up because another holds them, or nearly the same.
    """

    pool: Dataset
    validation: Dataset
    tests: dict[str, Dataset]
    transfer: Dataset
    notes: tuple[str, ...]
    intakes: dict[str, Artifact]
    transfer_labels: Dataset | None = None
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class Clean:
    """A data set without the molecules that others hold, and what was removed for it."""

    dataset: Dataset
    removed: tuple[Removed, ...] = ()


def keys(*parts: Dataset) -> set[str]:
    """Return all molecule keys of some parts."""
    return {key for part in parts for key in part.molecules.keys}


def set_aside(pool: Dataset, share: float, seed: int, name: str) -> tuple[Dataset, Dataset]:
    """Divide off a random share of the pool, stereo-isomers together; returns what stays and what was set aside."""
    number = number_skeletons(pool.molecules.skeletons)
    counts = np.bincount(number)
    order = numpy_stream(seed, "set aside", name).permutation(len(counts))
    before = np.cumsum(counts[order]) - counts[order]
    aside = np.isin(number, order[before < round(len(pool) * share)])
    return pool.take(np.flatnonzero(~aside)), pool.take(np.flatnonzero(aside))


def check_files(data: DataSpec) -> None:
    """Find a wrong path before any work is done.

    Raises:
        InputError: A file is not there.
    """
    for path in (data.test_external, data.test_in_domain, data.validation, data.pool, data.transfer, data.transfer_labels):
        if path:
            resolve(path)


def files_of(spec: FederationSpec) -> dict[str, tuple[str, IntakeSpec]]:
    """Return the file of each data set that is given as one, and how it is read."""
    data, given = spec.data, spec.intake.layout
    asked = replace(spec.labelled_intake, layout=data.layout(given))
    elsewhere = replace(asked, endpoints=data.test_external_endpoints) if data.test_external_endpoints else asked
    files = {
        EXTERNAL: (data.test_external, elsewhere),
        IN_DOMAIN: (data.test_in_domain, replace(asked, layout=data.layout(given, data.test_in_domain_where))),
        VALIDATION: (data.validation, asked),
        "pool": (data.pool, replace(asked, layout=data.layout(given, data.pool_where))),
        TRANSFER: (data.transfer, transfer_intake(spec)),
        LABELLED: (data.transfer_labels, replace(spec.labelled_intake, smiles_column=transfer_column(spec))),
    }
    return {name: (path, intake) for name, (path, intake) in files.items() if path or name in ("pool", TRANSFER)}


def transfer_intake(spec: FederationSpec) -> IntakeSpec:
    """Return how the transfer set is read: without labels."""
    return replace(spec.intake.unlabelled(), smiles_column=transfer_column(spec), layout=Layout(where=spec.data.transfer_where))


def transfer_column(spec: FederationSpec) -> str:
    """Return the SMILES column of the transfer set's files."""
    return spec.data.transfer_smiles_column or spec.intake.smiles_column


def check_columns(spec: FederationSpec) -> None:
    """Find a missing file or column before any work is done.

    Raises:
        InputError: A file is not there, cannot be read, or lacks a column that is asked for.
    """
    for path, intake in files_of(spec).values():
        check_source(resolve(path), intake)


def intake_stages(spec: FederationSpec) -> dict[str, Stage]:
    """Describe the intake of every file that is given."""
    return {name: intake_stage(name, path, intake) for name, (path, intake) in files_of(spec).items()}


def _kind_and_unit(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.kind, endpoint.unit if endpoint.kind == "regression" else ""


def select_endpoints(dataset: Dataset, asked: tuple[Endpoint, ...]) -> Dataset:
    """Return a data set under the names of the asked endpoints, in their order.

    Raises:
        ConfigError: The dataset has another number of endpoints, or an endpoint of another kind or unit.
    """
    given = dataset.endpoints
    if [_kind_and_unit(endpoint) for endpoint in given] != [_kind_and_unit(endpoint) for endpoint in asked]:
        shown = ", ".join(endpoint.text for endpoint in given)
        expected = f"the same kinds and units, in order, as {', '.join(endpoint.text for endpoint in asked)}"
        raise ConfigError(f"data.test_external_endpoints is {shown}", expected=expected)
    return dataset.with_labels(dataset.labels, asked, dataset.censored)


def draw(dataset: Dataset, n: int, seed: int) -> Dataset:
    """Return `n` molecules of a part, drawn at random, in their order."""
    return dataset.take(np.sort(numpy_stream(seed, "drawn", TRANSFER).permutation(len(dataset))[:n]))


def removal_notes(removed: Sequence[Removed], threshold: float) -> list[str]:
    """Say in sentences how many molecules each part gave up."""
    notes = []
    for name in dict.fromkeys(row.part for row in removed):
        near = sum(row.part == name and row.reason.startswith(NEAR) for row in removed)
        if same := sum(row.part == name for row in removed) - near:
            notes.append(f"{same} molecules of {name} were removed because another part holds them.")
        if near:
            notes.append(
                f"{near} more of {name} were removed: Tanimoto of at least {threshold} to one of another part (dropped/overlap.csv)."
            )
    return notes


def assemble(
    spec: FederationSpec,
    intakes: Mapping[str, Artifact],
    clean: Mapping[str, Clean],
    labels: Dataset | None,
    chosen: np.ndarray | None = None,
) -> ConsortiumData:
    """Put together what an experiment reads, with notes on what became of it.

    Args:
        spec: The experiment.
        intakes: The intake artifacts, by data set.
        clean: The data sets without overlap, by name.
        labels: Labelled molecules, some of them in the transfer set; or `None`.
        chosen: Rows of the transfer molecules that are used, if not drawn at random; or `None`.
    """
    kept = {name: one.dataset for name, one in clean.items()}
    removed = tuple(row for one in clean.values() for row in one.removed)
    check_disjoint({name: part.molecules.keys for name, part in kept.items() if name != TRANSFER or not spec.data.transfer_keeps_tests})
    tests = {name: kept[name] for name in (IN_DOMAIN, EXTERNAL) if name in kept}
    notes = [intake_note(name, artifact) for name, artifact in intakes.items()]
    notes += removal_notes(removed, spec.intake.near_duplicates)
    if spec.data.transfer_keeps_tests:
        shared = set(map(skeleton, keys(kept[TRANSFER]))) & set(map(skeleton, keys(*tests.values())))
        notes.append(f"{len(shared)} test molecules stayed in the transfer set, as asked.")
    if 0 < spec.data.transfer_n < len(kept[TRANSFER]):
        how = "drawn at random" if chosen is None else "chosen by their substructures"
        notes.append(f"{spec.data.transfer_n} of {len(kept[TRANSFER])} transfer molecules were {how}.")
        kept[TRANSFER] = draw(kept[TRANSFER], spec.data.transfer_n, spec.seed) if chosen is None else kept[TRANSFER].take(chosen)
    return ConsortiumData(kept["pool"], kept[VALIDATION], tests, kept[TRANSFER], tuple(notes), dict(intakes), labels, removed)
