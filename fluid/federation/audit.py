"""The audit of a release, inside the company that is about to send it: files become candidates, and the artefact what an attacker sees."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.data.layout import Layout
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.apart import check_apart
from fluid.federation.audited import Audited, known, open_audited, required
from fluid.federation.files import read_file
from fluid.federation.model_folder import open_model
from fluid.federation.requests import AuditRequest
from fluid.federation.stages.annotate import FOLDER
from fluid.federation.stages.audit import HELD_OUT, NEAREST_PUBLIC, Before, audit_stage
from fluid.file_names import at_home
from fluid.molecules.nearest import NearestReference
from fluid.pipeline.runner import Runner
from fluid.seeding import numpy_stream


def audit(request: AuditRequest, runner: Runner) -> Artifact:
    """Audit what a company is about to send; the result is a folder, of which `at_risk.csv` stays in the company.

    Raises:
        ConfigError: A file that the artefact needs is not given, or the company's part of a student cannot be told.
        ArtifactError: An artefact is damaged, empty, or over another transfer set.
        QuorumError: There are too few members or non-members to say anything.
    """
    given: tuple[str | Path, ...] = (
        request.release,
        request.input,
        request.transfer,
        request.non_members,
        request.teacher,
        *request.annotations,
    )
    check_apart(request.out, *given)
    transfer = read_public(request, runner)
    teacher = open_model(at_home(request.teacher)) if request.teacher else None
    audited = open_audited(request.release, transfer, teacher, request.company)
    others = read_others(request.annotations, audited, transfer)
    _, own = read_file("members", request.input, request.intake, runner)
    if audited.endpoints:
        check_labels(own, audited, request.input)
    outside, what = read_outside(request, own, transfer, runner)
    before = Before(audited, own, outside, what, transfer, others, request.shadows)
    return runner.make_at(audit_stage(before, request.policy, request.candidates, request.seed), request.out, request.overwrite)


def read_public(request: AuditRequest, runner: Runner) -> Dataset | None:
    """Return the transfer set, where one is given."""
    if not request.transfer:
        return None
    public = replace(request.intake.unlabelled(), layout=Layout(where=request.transfer_where))
    return read_file("transfer", request.transfer, public, runner)[1]


def read_others(folders: Sequence[Path], audited: Audited, transfer: Dataset | None) -> list[AnnotationSet]:
    """Return the annotation sets of other companies.

    Raises:
        ConfigError: The transfer set is not given.
        ArtifactError: An annotation set is the release itself, damaged, or over another transfer set.
    """
    found = []
    for folder in folders:
        place = folder / FOLDER if (folder / FOLDER).is_dir() else folder
        found.append(read_annotation_set(place, *known(required(transfer, "an annotation set"))))
        if found[-1].teacher == audited.name:
            raise ArtifactError(
                f"the annotations of {audited.name!r} are the release itself", where=str(folder), expected="those of others"
            )
    return found


def check_labels(own: Dataset, audited: Audited, where: str) -> None:
    """Refuse labels of which the artefact answers none, or means something else by the same name.

    Raises:
        ConfigError: The release answers none of the labels' endpoints, or defines one otherwise.
    """
    shared = {one.name: one for one in audited.endpoints}
    both = [one for one in own.endpoints if one.name in shared]
    if not both:
        expected = "intake.endpoints with one of: " + ", ".join(shared)
        raise ConfigError("the release answers none of the labels' endpoints", where=where, expected=expected)
    for one in both:
        if one != shared[one.name] and not (one.binary and shared[one.name].kind == "classification"):
            said = f"the labels are of '{one.text}', and the release answers '{shared[one.name].text}'"
            raise ConfigError(said, where=where, expected=f"intake.endpoints with '{shared[one.name].text}'")


def read_outside(request: AuditRequest, own: Dataset, transfer: Dataset | None, runner: Runner) -> tuple[Dataset, str]:
    """Return the non-members, and in words what they are: the company's held-out molecules, or else public ones that are like its own.

    Raises:
        ConfigError: Non-members and the transfer set are both missing.
    """
    if request.non_members:
        _, found = read_file("non_members", request.non_members, request.intake, runner)
        kept = without_shared(found, own)
        if len(kept) < len(found):
            runner.progress.note(f"{len(found) - len(kept)} of the non-members are in {request.input} too, and left out")
        return kept, HELD_OUT
    if transfer is None:
        raise ConfigError("there are no molecules to compare with", expected="non_members=FILE, or transfer=FILE")
    runner.progress.note("no non_members are given: public molecules stand for them, which can only be told apart too well")
    return nearest_public(own, transfer, request.candidates, request.seed), NEAREST_PUBLIC


def without_shared(dataset: Dataset, own: Dataset) -> Dataset:
    """Return the molecules that are not among the company's own, stereo-isomers included."""
    there = set(own.molecules.skeletons)
    return dataset.take(np.flatnonzero([one not in there for one in dataset.molecules.skeletons]))


def nearest_public(own: Dataset, transfer: Dataset, most: int, seed: int) -> Dataset:
    """Return public molecules, one that is nearest for each of the company's (at most so many, drawn at random), without labels."""
    public = without_shared(transfer, own)
    rows = numpy_stream(seed, "audit neighbours").permutation(len(own))[:most]
    near = NearestReference(np.asarray(public.molecules.bits)).nearest(np.asarray(own.molecules.bits)[np.sort(rows)], 1)
    return public.take(np.unique(near.rows))
