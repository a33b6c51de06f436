"""The coordinator's steps of a consortium by files: annotation sets become a consensus, and the consensus a student."""

from collections.abc import Sequence
from pathlib import Path

from fluid.annotation.annotation_set import AnnotationSet, natural_key
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact, open_artifact
from fluid.errors import ConfigError
from fluid.federation.apart import check_apart
from fluid.federation.consensus_table import read_consensus
from fluid.federation.files import add_dropped, read_file
from fluid.federation.requests import AggregateRequest, DistillRequest
from fluid.federation.stages.annotate import FOLDER
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.student import student_stage
from fluid.pipeline.runner import Runner
from fluid.privacy.forks import check_forks
from fluid.privacy.sent import Sent, promised_text, promised_together, read_sent, sent_with

FEWEST_COMPANIES = 4
"""From so many companies on, soft label and confidence of a molecule leave the single answers open."""


def read_sets(folders: tuple[Path, ...]) -> list[AnnotationSet]:
    """Read all annotation sets; they must be over one transfer set.

    Raises:
        ConfigError: No folder was given.
        ArtifactError: A set is damaged, or over another transfer set than the first.
    """
    if not folders:
        raise ConfigError("no annotation sets were given", expected="annotations=[folder,folder,...]")
    places = [inside(folder) for folder in folders]
    first = read_annotation_set(places[0])
    return [first, *(read_annotation_set(place, first.transfer_digest, len(first.domain_bin)) for place in places[1:])]


def inside(folder: Path) -> Path:
    """Return the folder of an annotation set: that one, or the one in the result of `annotate`."""
    return folder / FOLDER if (folder / FOLDER).is_dir() else folder


def promises_of(sets: Sequence[AnnotationSet], request: AggregateRequest) -> tuple[list[Sent], list[Sent]]:
    """Return what each annotation set promises, and what was sent earlier, after all certificates were compared with each other.

    Raises:
        ArtifactError: A certificate is damaged or of another release, or certificates contradict each other.
    """
    sent = [sent_with(one, inside(folder)) for one, folder in zip(sets, request.annotations, strict=True)]
    earlier = [read_sent(folder) for folder in request.earlier]
    check_forks([*sent, *earlier])
    return sent, earlier


def aggregate(request: AggregateRequest, runner: Runner) -> Artifact:
    """Combine the annotation sets of all companies into a consensus.

    Raises:
        ConfigError: The annotation sets are of two or three companies, and that is not asked for.
        ArtifactError: A certificate is of another release, or certificates of a company contradict each other.
    """
    check_apart(request.out, *request.annotations, *request.earlier)
    sets = read_sets(request.annotations)
    if not request.few_companies:
        refuse_few(len({one.teacher for one in sets}))
    if note := who_answered(sets):
        runner.progress.note(note)
    sent, earlier = promises_of(sets, request)
    if any(one.certificate for one in sent):
        runner.progress.note(promised_text(sent, earlier))
    about = promised_together(sent)
    stage = consensus_stage(sets, request.consensus, request.annotation.edges, details=request.details, promised=about)
    return runner.make_at(stage, request.out, request.overwrite)


def refuse_few(n: int) -> None:
    """Refuse a consensus of two or three companies; of one there is no partner yet from whom anything is to be kept.

    Each partner knows its own answers. Soft label and confidence are two equations for each molecule: with two companies the other's
    answers follow from them, with three both others'.

    Raises:
        ConfigError: There are two or three.
    """
    if 1 < n < FEWEST_COMPANIES:
        raise ConfigError(
            f"from a consensus of {n} companies each, who knows its own answers, can compute those of the others",
            expected=f"{FEWEST_COMPANIES} companies or more",
            remedy="If all of them agree to that: few_companies=true.",
        )


def who_answered(sets: Sequence[AnnotationSet]) -> str:
    """Say in one line which teachers answered which endpoint; nothing, if all answered all."""
    names = {
        name: sorted((one.teacher for one in sets if name in known(one)), key=natural_key)
        for name in sorted(set().union(*map(known, sets)))
    }
    if all(len(teachers) == len(sets) for teachers in names.values()):
        return ""
    return "not all teachers answered all endpoints: " + "; ".join(f"{name!r} by {', '.join(teachers)}" for name, teachers in names.items())


def known(one: AnnotationSet) -> set[str]:
    """Return the names of the endpoints that a teacher answered."""
    return {endpoint.name for endpoint in one.endpoints}


def distill(request: DistillRequest, runner: Runner) -> Artifact:
    """Train the student on the consensus, one of heads also on what each teacher said; the result is given to everybody."""
    check_apart(request.out, request.consensus_folder, request.transfer, *request.annotations)
    intake, transfer = read_file("transfer", request.transfer, request.intake.unlabelled(), runner)
    consensus = read_consensus(open_artifact(request.consensus_folder), transfer.transfer_digest)
    sets = read_sets(request.annotations) if request.distillation.reads_annotations and request.annotations else ()
    stage = student_stage(consensus, transfer, request.settings, runner.logs("student"), sets)
    return runner.make_at(add_dropped(stage, intake), request.out, request.overwrite)
