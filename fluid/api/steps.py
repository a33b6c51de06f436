"""The steps of a consortium as functions, one per verb."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import pandas as pd

from fluid.api.door import door
from fluid.api.inputs import Molecules
from fluid.api.models import Hybrid, Model, Student, Teacher, listed_endpoints, open_as_its_kind
from fluid.api.place import folder_of, place_of
from fluid.api.released import Annotations, Consensus
from fluid.api.settings import Settings, overrides_of
from fluid.api.work import Call, make
from fluid.errors import ConfigError

Place = str | PathLike[str]


@door
def train_teacher(
    molecules: Molecules,
    *,
    company: str,
    endpoints: Sequence[str] | str | None = None,
    out: Place | None = None,
    settings: Settings = (),
    **keywords: Any,
) -> Teacher:
    """Train a company's own model on its own measurements; the result stays in the company.

    Args:
        molecules: Path or `DataFrame` of labelled molecules.
        company: Your name in the consortium; also names the random streams.
        endpoints: Columns to learn: `blocker` (0 and 1), `pic50 >= 5` (a class from values), `pic50 [log mol/L]` (a value).
        out: Folder for the teacher.
        settings: Settings of the verb `train-teacher`.
        **keywords: Settings by name (`model="forest"`, `seed=3`).

    Raises:
        QuorumError: There are too few labels.
    """
    overrides = overrides_of(settings, keywords)
    asked = None if endpoints is None else listed_endpoints(endpoints, overrides, ())
    return Teacher(make(Call("train_teacher", {"input": molecules}, {"company": company}, overrides, asked, place_of(out))))


@door
def annotate(
    teacher: Teacher | Place, transfer: Molecules, *, out: Place | None = None, settings: Settings = (), **keywords: Any
) -> Annotations:
    """Let a teacher answer the public transfer set; see `Teacher.annotate`."""
    known = teacher if isinstance(teacher, Teacher) else Teacher(folder_of(teacher, "a teacher"))
    return known.annotate(transfer, out=out, settings=settings, **keywords)


@door
def aggregate(
    annotations: Sequence[Annotations | Place], *, out: Place | None = None, settings: Settings = (), **keywords: Any
) -> Consensus:
    """Combine the annotation sets of all companies into one consensus, in any order.

    Args:
        annotations: What `annotate` returned, or folders that companies sent.
        out: Folder for the consensus.
        settings: Settings of the verb `aggregate`.
        **keywords: Settings by name (`consensus="mean"`).

    Raises:
        ArtifactError: A set is damaged, over another transfer set, or of a teacher that is there twice.
    """
    given = {"annotations": folders_of(annotations)}
    return Consensus(make(Call("aggregate", {}, given, overrides_of(settings, keywords), out=place_of(out))))


@door
def distill(
    consensus: Consensus | Place,
    transfer: Molecules,
    *,
    annotations: Sequence[Annotations | Place] = (),
    out: Place | None = None,
    settings: Settings = (),
    **keywords: Any,
) -> Student:
    """Train the student on the consensus, and nothing else.

    Args:
        consensus: What `aggregate` returned, or its folder.
        transfer: The public molecules that were annotated.
        annotations: The sets behind the consensus, for a student of heads or of experts.
        out: Folder for the student.
        settings: Settings of the verb `distill`.
        **keywords: Settings by name.
    """
    given: dict[str, Any] = {"consensus_folder": str(folder_of(consensus, "a consensus"))}
    if len(annotations):
        given["annotations"] = folders_of(annotations)
    return Student(make(Call("distill", {"transfer": transfer}, given, overrides_of(settings, keywords), out=place_of(out))))


@door
def hybrid(
    student: Student | Place,
    consensus: Consensus | Place,
    transfer: Molecules,
    molecules: Molecules,
    *,
    company: str,
    teacher: Teacher | Place | None = None,
    out: Place | None = None,
    **options: Any,
) -> Hybrid:
    """Add a company's own data back to what the consortium learnt; the result stays in the company.

    Args:
        student: What `distill` returned, or its folder.
        consensus: What `aggregate` returned, or its folder.
        transfer: The public molecules that were annotated.
        molecules: The company's own labelled molecules.
        company: The company's name.
        teacher: The company's own teacher, for the hybrids that need one.
        out: Folder for the hybrid.
        **options: As in `train_teacher`: `endpoints`, by default the student's, unless the settings name others; `settings` of the verb
            `hybrid`, such as `settings=["hybrid=mix"]`; and settings by name.
    """
    known = student if isinstance(student, Student) else Student(folder_of(student, "a student"))
    endpoints = options.pop("endpoints", None)
    overrides = overrides_of(options.pop("settings", ()), options)
    given = {"student": str(known.folder), "consensus_folder": str(folder_of(consensus, "a consensus")), "company": company}
    if teacher is not None:
        given["teacher"] = str(folder_of(teacher, "a teacher"))
    asked = listed_endpoints(endpoints, overrides, known.endpoints)
    return Hybrid(make(Call("hybrid", {"input": molecules, "transfer": transfer}, given, overrides, asked, place_of(out))))


@door
def predict(model: Model | Place, molecules: Molecules, **options: Any) -> pd.DataFrame:
    """Answer molecules with any model; see `Model.predict`."""
    return opened(model).predict(molecules, **options)


@door
def evaluate(model: Model | Place, molecules: Molecules, **options: Any) -> pd.DataFrame:
    """Score any model on labelled molecules; see `Model.evaluate`."""
    return opened(model).evaluate(molecules, **options)


def opened(model: Model | Place) -> Model:
    """Return a model that is given as such, or as its folder."""
    return model if isinstance(model, Model) else open_as_its_kind(folder_of(model, "a model"))


def folders_of(annotations: Sequence[Annotations | Place]) -> list[str]:
    """Return the folders of annotation sets.

    Raises:
        ConfigError: A single annotation set is given in the place of a list, or the list is empty.
    """
    if isinstance(annotations, str | PathLike | Annotations | Mapping) or not len(annotations):
        raise ConfigError(
            "annotation sets are given as no list, or an empty one", expected="a list of them, e.g. [annotations, 'from_bolt']"
        )
    return [str(folder_of(item, "annotations")) for item in annotations]
