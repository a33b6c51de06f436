"""A trained model with what belongs to it: thresholds, domain reference, learning curve."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fluid.annotation.distance import DistanceScorer, feature_bits
from fluid.annotation.domain import DomainScorer
from fluid.annotation.evidence import Evidence, release_counts
from fluid.annotation.evidence_file import read_evidence, write_evidence
from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import Artifact, open_artifact, read_json, write_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.evaluation.thresholds import best_threshold
from fluid.federation.own_molecules import OwnMolecules, read_own_molecules, write_own_molecules
from fluid.federation.stages.columns import labels_for
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.familiarity import familiarity
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import Normal, numpy_stream
from fluid.training.curve import CurvePoint

MAX_REFERENCE = 8192
DISTANCE_REFERENCE = "distance_reference.npy"
CURVE_COLUMNS = ["epoch", "split", "loss"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready for use.

    Attributes:
        name: `pooled`, `T3`, `student`, `H3`.
        kind: Stage that made it.
        predictor: What answers.
        thresholds: `(T,)` decision thresholds from the model's own validation rows; NaN for regression.
        domain: Coarse domain score against the molecules it learnt from.
        artifact: What it was read from; its digest names the model.
        distance: Raw distance to a sample of them, of a teacher that releases it; else `None`.
        evidence: The evidence that it releases; else `None`.
        own: The private molecules that it learnt from; `None` where there are none, or it does not say.
    """

    name: str
    kind: str
    predictor: Predictor
    thresholds: np.ndarray
    domain: DomainScorer
    artifact: Artifact
    distance: DistanceScorer | None = None
    evidence: Evidence | None = None
    own: OwnMolecules | None = None

    @property
    def n_bins(self) -> int:
        """Steps of the coarse domain score that it releases: one, which says nothing, where it releases evidence."""
        return 1 if self.evidence else self.domain.n_bins

    @property
    def released(self) -> tuple[str, ...]:
        """What it releases of each molecule beside the coarse bin (`OF_MOLECULES`)."""
        return ("familiarity",) if self.evidence else ("distance",) if self.distance else ()

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.artifact.folder

    @property
    def digest(self) -> str:
        """Identity of the model: the hash of all its files."""
        return self.artifact.digest


def own_thresholds(predictor: Predictor, molecules: MoleculeSet, labels: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` with the best MCC on given rows; 0.5 where these have one class, NaN for regression."""
    thresholds = np.full(len(predictor.endpoints), np.nan)
    probs = predictor.predict(molecules).mean if len(molecules) else np.empty((0, len(thresholds)))
    for column, endpoint in enumerate(predictor.endpoints):
        if endpoint.kind == "classification":
            found = best_threshold(probs[:, column], labels[:, column])
            thresholds[column] = found if np.isfinite(found) else 0.5
    return thresholds


def reference_rows(n: int, seed: int) -> np.ndarray:
    """Return at most 8,192 of `n` rows, drawn at random, sorted: those whose molecules the domain score is counted from."""
    rows = np.arange(n)
    return np.sort(numpy_stream(seed, "domain reference").choice(rows, MAX_REFERENCE, replace=False)) if n > MAX_REFERENCE else rows


def reference_fingerprints(molecules: MoleculeSet, seed: int) -> np.ndarray:
    """Return packed fingerprints of at most 8,192 of the molecules, drawn at random, for the domain score."""
    return np.asarray(molecules.bits[reference_rows(len(molecules), seed)])


def own_molecules(molecules: MoleculeSet, seed: int) -> OwnMolecules:
    """Return what is kept of the molecules that a model learns from, to be known again in a transfer set."""
    return OwnMolecules(molecules.skeletons, reference_rows(len(molecules), seed))


def distance_reference(molecules: MoleculeSet, annotation: AnnotationSpec, seed: int, name: str) -> np.ndarray | None:
    """Return packed feature fingerprints of the sample that raw distances are measured to; `None` where none are released."""
    if annotation.domain != "distances":
        return None
    size = max(1, round(annotation.distance_share * len(molecules)))
    rows = np.sort(numpy_stream(seed, name, "distance sample").permutation(len(molecules))[:size])
    return feature_bits([molecules.smiles[row] for row in rows])


def released_evidence(dataset: Dataset, endpoints: Sequence[Endpoint], annotation: AnnotationSpec, source: Normal) -> Evidence | None:
    """Return the evidence that leaves a company, of a model's endpoints, with noise drawn here, once; `None` where none is released."""
    if annotation.domain != "evidence":
        return None
    spec = annotation.evidence
    features, labels = spec.dictionary.features(dataset.molecules), labels_for(dataset, endpoints)
    return Evidence(spec.dictionary, tuple(endpoints), release_counts(features, labels, spec, source))


class About(NamedTuple):
    """What belongs to a model beside what answers.

    Attributes:
        name: `pooled`, `T3`, `student`, `H3`.
        kind: Stage that made it.
        thresholds: `(T,)` decision thresholds; NaN for regression.
        reference: Packed fingerprints of molecules that it learnt from.
        annotation: How its domain score is counted.
        distances_to: Packed fingerprints of the sample that raw distances are measured to; `None` where none are released.
        evidence: The evidence that is released; `None` where none is.
        own: The private molecules that it learnt from; `None` where there are none.
    """

    name: str
    kind: str
    thresholds: np.ndarray
    reference: np.ndarray
    annotation: AnnotationSpec
    distances_to: np.ndarray | None = None
    evidence: Evidence | None = None
    own: OwnMolecules | None = None


def write_model(folder: Path, predictor: Predictor, about: About, curve: Sequence[CurvePoint] = ()) -> None:
    """Write a model folder (inside a stage's folder)."""
    name, kind, thresholds, reference, annotation, distances_to, evidence, own = about
    save_predictor(folder / "model", predictor)
    np.save(folder / "reference.npy", reference, allow_pickle=False)
    if distances_to is not None:
        np.save(folder / DISTANCE_REFERENCE, distances_to, allow_pickle=False)
    if own is not None:
        write_own_molecules(folder, own)
    with (folder / "curve.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([CURVE_COLUMNS, *curve])
    finite = [float(t) if np.isfinite(t) else None for t in thresholds]
    card = {"name": name, "kind": kind, "thresholds": finite, "edges": annotation.edges, "k": annotation.k}
    card |= {} if distances_to is None else {"distance_k": annotation.distance_k}
    card |= {} if evidence is None else {"evidence": write_evidence(folder, evidence)}
    write_json(folder / "card.json", card)


def read_model(artifact: Artifact) -> Model:
    """Read a verified model folder.

    Raises:
        ArtifactError: The folder is no model, or of another version.
    """
    if not (artifact / "card.json").exists():
        raise ArtifactError(
            "this folder holds no model", where=str(artifact.folder), expected="the out= folder of train-teacher, distill or hybrid"
        )
    card = read_json(artifact / "card.json")
    thresholds = np.array([np.nan if t is None else t for t in card["thresholds"]], dtype=float)
    reference = np.load(artifact / "reference.npy", allow_pickle=False)
    domain = DomainScorer(reference, edges=tuple(card["edges"]), k=card["k"])
    distance = None
    if "distance_k" in card:
        distance = DistanceScorer(np.load(artifact / DISTANCE_REFERENCE, allow_pickle=False), card["distance_k"])
    predictor = load_predictor(artifact / "model")
    evidence = read_evidence(artifact.folder, card["evidence"], tuple(predictor.endpoints)) if "evidence" in card else None
    return Model(card["name"], card["kind"], predictor, thresholds, domain, artifact, distance, evidence, read_own_molecules(artifact))


def domain_planes(model: Model, molecules: MoleculeSet) -> dict[str, np.ndarray]:
    """Return what a model releases of its domain: `bins` `(M,)`, and `distance` or `familiarity` `(M,)` where it releases that.

    A private molecule does not count for the bin of itself: it would say that it is there.
    """
    if model.evidence is not None:
        features = model.evidence.dictionary.features(molecules)
        known = familiarity(features, model.evidence.counts).max(axis=1).astype(np.float32)
        return {"bins": np.zeros(len(molecules), dtype=np.uint8), "familiarity": known}
    planes = {"bins": model.domain.bins(molecules.bits, model.own.hidden(molecules) if model.own else None)}
    return planes if model.distance is None else planes | {"distance": model.distance.distances(molecules.smiles)}


def open_model(folder: Path) -> Model:
    """Open a verified model folder.

    Raises:
        ArtifactError: The folder is missing, altered, or holds no model.
    """
    return read_model(open_artifact(folder))
