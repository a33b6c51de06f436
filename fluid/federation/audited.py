"""What an attacker sees of each kind of artefact: answers, what else is said of molecules, evidence and weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import expit

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import MANIFEST, read_annotation_set
from fluid.artifacts import open_artifact, read_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.consensus_table import ABOUT, ConsensusTable, companies_in, read_consensus
from fluid.federation.model_folder import Model, domain_planes, open_model
from fluid.federation.stages.annotate import FOLDER
from fluid.federation.texts import digest_of, is_text_only, molecules_in, read_texts, text_files
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.experts import ExpertsPredictor
from fluid.models.familiarity import familiarity
from fluid.models.heads import HeadsPredictor
from fluid.models.kinds.kind import parts_of
from fluid.models.prediction import Prediction, join_predictions
from fluid.models.predictor import Predictor
from fluid.models.scores import scores_of
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.substructures import Dictionary
from fluid.privacy.inversion.seen import Released, Said
from fluid.privacy.scene import Answers, Heads

CHUNK = 4096
Ask = Callable[[MoleculeSet], Answers]


@dataclass(frozen=True, slots=True, eq=False)
class Audited:
    """What an attacker sees of an artefact.

    Attributes:
        kind: What it is, in words.
        name: Whose it is.
        digest: Its identity.
        endpoints: The `T` endpoints.
        dictionary: Substructures that its evidence or weights are about.
        sent: Answers to the transfer set, where they are sent.
        ask: Answers any molecule; `None` where nobody can ask.
        evidence: Released counts `(T, D)`.
        heads: Additive models that stand openly in it.
        released: The folder of a consensus.
        companies: Of which companies a consensus is, where it says so.
        learner: Kind of the model that answers any molecule.
        recipe: How that model was made, where it is additive.
        written: First blocks of the keys of all molecules that stand in a text.
    """

    kind: str
    name: str
    digest: str
    endpoints: tuple[Endpoint, ...]
    dictionary: Dictionary
    sent: Answers | None = None
    ask: Ask | None = None
    evidence: np.ndarray | None = None
    heads: Heads | None = None
    released: Released | None = None
    companies: tuple[str, ...] = ()
    learner: str = ""
    recipe: AdditiveSpec | None = None
    written: frozenset[str] | None = None


def open_audited(folder: Path, transfer: Dataset | None, teacher: Model | None, company: str) -> Audited:
    """Open an artefact as an attacker would.

    Args:
        folder: An annotation set (or the result of `annotate`), a consensus, a model, or a file or folder of text.
        transfer: The transfer set, which an annotation set and a consensus must be over.
        teacher: The teacher behind an annotation set: it answers as if the transfer set held other molecules.
        company: Whose part of a student of experts or of heads is looked at; empty elsewhere.

    Raises:
        ArtifactError: The folder is missing, damaged or empty, over another transfer set, or the teacher is another one's.
        ConfigError: The transfer set is missing, or the company's part cannot be told.
    """
    inside = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    if (inside / MANIFEST).is_file():
        return of_set(read_annotation_set(inside, *known(required(transfer, "an annotation set"))), teacher)
    if (folder / ABOUT).is_file():
        return of_consensus(read_consensus(open_artifact(folder), required(transfer, "a consensus").transfer_digest))
    if (folder / "card.json").is_file():
        return of_model(open_model(folder), company)
    texts = text_files(folder)
    if texts and is_text_only(folder):
        return of_texts(texts, company)
    expected = "an annotation set, a consensus, a student, another model, or reports and logs"
    if not folder.exists():
        raise ArtifactError("this folder does not exist", where=str(folder), expected=expected)
    raise ArtifactError("this folder holds nothing that can be audited", where=str(folder), expected=expected)


def required(transfer: Dataset | None, what: str) -> Dataset:
    """Return the transfer set.

    Raises:
        ConfigError: The transfer set is not given.
    """
    if transfer is None:
        raise ConfigError(f"{what} says something of the transfer set, which is not given", expected="transfer=...")
    return transfer


def known(transfer: Dataset) -> tuple[str, int]:
    """Return identity and length of a transfer set."""
    return transfer.transfer_digest, len(transfer)


def answers_of(one: AnnotationSet, endpoints: tuple[Endpoint, ...]) -> Answers:
    """Return what a set says, in the columns of some endpoints; NaN for those that it does not answer.

    Raises:
        ArtifactError: An endpoint of the same name is defined otherwise.
    """
    prediction = np.full((len(one), len(endpoints)), np.nan)
    names = [endpoint.name for endpoint in endpoints]
    for place, endpoint in enumerate(one.endpoints):
        if endpoint.name in names:
            column = names.index(endpoint.name)
            if endpoints[column] != endpoint:
                raise ArtifactError(f"{one.teacher} defines the endpoint {endpoint.name!r} otherwise", expected=endpoints[column].text)
            prediction[:, column] = one.prediction[:, place]
    raw = {"closeness": None if one.distance is None else -one.distance, "familiarity": one.familiarity}
    signals = {"bin": one.domain_bin.astype(np.float64), **{name: plane for name, plane in raw.items() if plane is not None}}
    return Answers(prediction, signals | doubts(one.prediction, one.epistemic, one.endpoints))


def doubts(prediction: np.ndarray, epistemic: np.ndarray, endpoints: tuple[Endpoint, ...]) -> dict[str, np.ndarray]:
    """Return how certain, and of classes how decided, answers are: means over endpoints, each in units of its own spread, `(M,)`."""
    found = {"certainty": -in_units(epistemic.astype(np.float64)).mean(axis=1)}
    classes = [place for place, endpoint in enumerate(endpoints) if endpoint.kind == "classification"]
    if classes:
        found["confidence"] = in_units(np.abs(scores_of(prediction, endpoints)[:, classes])).mean(axis=1)
    return found


def in_units(planes: np.ndarray) -> np.ndarray:
    """Return columns `(M, T)` divided by their standard deviations; constant ones stay."""
    spread = planes.std(axis=0)
    found: np.ndarray = planes / np.where(spread > 0, spread, 1.0)
    return found


def of_set(one: AnnotationSet, teacher: Model | None) -> Audited:
    """Return what an annotation set shows; with its teacher, also what it would show of any molecule.

    Raises:
        ArtifactError: The teacher is of another name, or answers other endpoints.
    """
    if teacher and (teacher.name, tuple(teacher.predictor.endpoints)) != (one.teacher, one.endpoints):
        said = f"the teacher is {teacher.name!r}, and the annotation set is of {one.teacher!r}, or of other endpoints"
        raise ArtifactError(said, where=str(teacher.folder), expected="the teacher that made the annotation set")
    dictionary = one.evidence.dictionary if one.evidence else Dictionary()
    recipe = teacher.predictor.spec if teacher and isinstance(teacher.predictor, AdditivePredictor) else None  # how it learns is no secret
    if recipe and not one.evidence:
        dictionary = recipe.dictionary
    counts = one.evidence.counts if one.evidence else None
    ask = partial(ask_model, teacher) if teacher else None
    learner = teacher.predictor.kind if teacher else ""
    about = ("annotation set", one.teacher, one.digest, one.endpoints, dictionary, answers_of(one, one.endpoints))
    return Audited(*about, ask, counts, learner=learner, recipe=recipe)


def of_texts(files: list[Path], company: str) -> Audited:
    """Return what reports, tables and logs show: the molecules that stand in them."""
    return Audited("report or log", company or "nobody", digest_of(files), (), Dictionary(), written=molecules_in(read_texts(files)))


def of_consensus(table: ConsensusTable) -> Audited:
    """Return what a consensus shows: soft labels and confidence, with details also support and coverage."""
    signals = {"certainty": table.confidence.mean(axis=1)}
    if table.support is not None:
        signals["support"] = table.support.mean(axis=1)
    if (coverage := table.acquisition.get("coverage")) is not None:
        signals["coverage"] = coverage if coverage.ndim == 1 else coverage.mean(axis=1)
    sent = Answers(table.soft_label.astype(np.float64), {name: np.nan_to_num(plane) for name, plane in signals.items()})
    names = companies_in(table.artifact)
    released = Released(
        table.endpoints,
        read_json(table.artifact / ABOUT)["method"] if table.artifact else "",
        table.companies or len(names),
        table.soft_label.astype(np.float64),
        None if table.support is None else table.support.astype(np.float64),
        table.acquisition.get("coverage"),
        table.acquisition.get("disagreement"),
    )
    about = ("consensus", "all companies", table.digest, table.endpoints, Dictionary(), sent)
    return Audited(*about, released=released, companies=names)


def said_by(one: AnnotationSet, audited: Audited) -> Said:
    """Return what a company said of all transfer molecules, in the columns of a consensus.

    Raises:
        ArtifactError: The company is none of those that the consensus is of.
    """
    if audited.companies and one.teacher not in audited.companies:
        said = f"the annotations of {one.teacher!r} are of no partner of the consensus"
        raise ArtifactError(said, expected="those of " + ", ".join(audited.companies))
    return Said(answers_of(one, audited.endpoints).prediction, one.domain_bin.astype(np.int64), one.n_bins)


def of_model(model: Model, company: str) -> Audited:
    """Return what a model shows that anybody may ask; of a student of experts or of heads, what the company's part shows.

    Raises:
        ConfigError: The student has parts of several companies, and the company is none of them.
    """
    predictor = model.predictor
    about = (f"{model.kind} ({predictor.kind})", company or model.name, model.digest, tuple(predictor.endpoints))
    parts: tuple[Predictor, ...] = (predictor, *parts_of(predictor))
    experts = next((part for part in parts if isinstance(part, ExpertsPredictor)), None)
    if experts is not None:
        k = place_of(company, experts.teachers)
        heads = Heads(experts.weights[k].astype(np.float64), experts.bias[k].astype(np.float64))
        return Audited(*about, experts.dictionary, ask=partial(ask_expert, experts, k), evidence=experts.counts[k], heads=heads)
    if isinstance(predictor, HeadsPredictor):
        return Audited(*about, Dictionary(), ask=partial(ask_head, predictor, place_of(company, predictor.teachers)))
    if isinstance(predictor, AdditivePredictor):
        scaled = predictor.temperature[:, None].astype(np.float64)
        heads = Heads(predictor.weights / scaled, predictor.bias / scaled[:, 0])
        return Audited(*about, predictor.spec.dictionary, ask=partial(ask_model, model), heads=heads, recipe=predictor.spec)
    return Audited(*about, Dictionary(), ask=partial(ask_model, model), learner=predictor.kind)


def place_of(company: str, teachers: tuple[str, ...]) -> int:
    """Return which of the teachers of a student the company's is.

    Raises:
        ConfigError: The company is none of them.
    """
    if company not in teachers:
        raise ConfigError(f"company is {company!r}", expected="one of those whose parts stand in the student: " + ", ".join(teachers))
    return teachers.index(company)


def ask_model(model: Model, molecules: MoleculeSet) -> Answers:
    """Return what a model says of molecules, as it would of a transfer set."""
    endpoints, said, domains = tuple(model.predictor.endpoints), list[Prediction](), list[dict[str, np.ndarray]]()
    for chunk in molecules.chunks(CHUNK):
        said.append(model.predictor.predict(chunk))
        domains.append(domain_planes(model, chunk))
    answer, domain = join_predictions(said, len(endpoints)), {name: np.concatenate([one[name] for one in domains]) for name in domains[0]}
    planes = (answer.mean, answer.epistemic, answer.aleatoric)
    raw = (domain.get("distance"), model.evidence, domain.get("familiarity"))
    return answers_of(AnnotationSet(model.name, endpoints, "", *planes, domain["bins"], model.n_bins, *raw), endpoints)


def ask_expert(experts: ExpertsPredictor, k: int, molecules: MoleculeSet) -> Answers:
    """Return what one expert of a student says of molecules, and how familiar its evidence is with them."""
    features = experts.features(molecules)
    score = features @ experts.weights[k].T.astype(np.float64) + experts.bias[k]
    prediction = np.where(experts.is_class, expit(score), score)
    return Answers(prediction, {"familiarity": familiarity(features, experts.counts[k], experts.spec.floor).max(axis=1)})


def ask_head(student: HeadsPredictor, k: int, molecules: MoleculeSet) -> Answers:
    """Return what one head of a student says of molecules, and its predicted domain score."""
    parts = [student.heads(chunk) for chunk in molecules.chunks(CHUNK)]
    mean, epistemic = (np.concatenate([part[place][k].numpy() for part in parts]) for place in (0, 1))
    domain = np.concatenate([part[3][k].numpy() for part in parts])
    return Answers(mean, {"bin": domain} | doubts(np.nan_to_num(mean, nan=0.5), np.nan_to_num(epistemic), student.endpoints))
