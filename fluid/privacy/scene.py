"""What an attacker has before him: a release, public molecules, and candidates of which he asks whether the company has them.

Everything here is arrays: whoever audits reads files, teachers and labels, and says which candidates are members.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import expit

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.models.additive_solve import ridge_together
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.scores import scores_of
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import Nearest, NearestReference
from fluid.molecules.substructures import KEPT, Dictionary
from fluid.privacy.inversion.seen import Released, Said, Seen

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEIGHBOURS, SHARPNESS = 5, 6
"""Public neighbours of a candidate from which the attacker guesses, and the power of similarity by which he weighs them."""
COPY_STRENGTH = 10.0
"""Inverse strength of the penalty where answers are copied: weak, so that rare substructures keep their weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Molecules of which the attacker asks whether they are in the company's data.

    Attributes:
        smiles: `N` standardised SMILES.
        skeletons: First blocks of their keys.
        bits: Packed fingerprints `(N, 256)` uint8.
        member: Which are in the data `(N,)` bool.
        labels: `(N, T)`, NaN where not measured: classes 0 and 1, or values.

    Raises:
        ShapeError: Lengths differ.
    """

    smiles: tuple[str, ...]
    skeletons: tuple[str, ...]
    bits: np.ndarray
    member: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        """Check the lengths."""
        lengths = [len(part) for part in (self.smiles, self.skeletons, self.bits, self.member, self.labels)]
        if len(set(lengths)) > 1:
            raise ShapeError(
                "candidates have {} SMILES, {} keys, {} fingerprints, {} marks and {} labels".format(*lengths), expected="equal"
            )

    def __len__(self) -> int:
        return len(self.smiles)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What an artefact says of `M` molecules.

    Attributes:
        prediction: Probabilities or values `(M, T)`; NaN for an endpoint without an answer.
        signals: What else is said of each, `(M,)` by name; larger is nearer to the data, or surer.
    """

    prediction: np.ndarray
    signals: Mapping[str, np.ndarray] = field(default_factory=dict)

    def taken(self, rows: np.ndarray) -> "Answers":
        """Return the answers to some of the molecules."""
        return Answers(self.prediction[rows], {name: plane[rows] for name, plane in self.signals.items()})


@dataclass(frozen=True, eq=False)
class Public:
    """The public molecules that were answered.

    Attributes:
        smiles: `P` standardised SMILES.
        skeletons: First blocks of their keys.
        bits: Packed fingerprints `(P, 256)` uint8.
        dictionary: Substructures that additive copies count.
    """

    smiles: tuple[str, ...]
    skeletons: tuple[str, ...]
    bits: np.ndarray
    dictionary: Dictionary

    @cached_property
    def features(self) -> "csr_matrix":
        """Counts of substructures `(P, D)`, as additive models read them."""
        return features_of(self.dictionary, self.smiles)

    @cached_property
    def share(self) -> np.ndarray:
        """Which share of the public molecules has each substructure `(D,)`, above 0."""
        share: np.ndarray = (np.asarray((self.features != 0).sum(axis=0)).ravel() + 0.5) / (len(self.smiles) + 1)
        return share

    @cached_property
    def reference(self) -> NearestReference:
        """Their fingerprints, laid out for searches."""
        return NearestReference(self.bits)


class Heads(NamedTuple):
    """Additive models of `T` endpoints: weights `(T, D)` and biases `(T,)`, in log-odds or values."""

    weights: np.ndarray
    bias: np.ndarray

    def scores(self, features: "csr_matrix") -> np.ndarray:
        """Return log-odds or values of molecules, `(N, T)`."""
        found: np.ndarray = features @ self.weights.T + self.bias
        return found


@dataclass(frozen=True, eq=False)
class Copied:
    """Answers to public molecules, and the additive models that an attacker copies from them.

    Attributes:
        answers: What was sent.
        endpoints: The `T` endpoints.
        public: The molecules that were answered.
    """

    answers: Answers
    endpoints: tuple[Endpoint, ...]
    public: Public

    @cached_property
    def heads(self) -> Heads:
        """The copies, by ridge regression; 0 for an endpoint without an answer."""
        known = ~np.isnan(self.answers.prediction).all(axis=0)
        weights, bias = np.zeros((len(known), self.public.features.shape[1])), np.zeros(len(known))
        targets = scores_of(self.answers.prediction, self.endpoints)[:, known]
        weights[known], bias[known] = ridge_together(self.public.features, targets, COPY_STRENGTH)
        return Heads(weights, bias)


class Whole(NamedTuple):
    """What is true of all molecules of a company: by endpoint `(T,)`, how many were measured, and the share of actives (NaN of values)."""

    measured: np.ndarray
    active: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, is_class: np.ndarray) -> "Whole":
        """Count labels `(N, T)`, of which the columns `is_class` `(T,)` are classes."""
        measured = np.isfinite(labels).sum(axis=0)
        share = (labels > 0.5).sum(axis=0) / np.maximum(measured, 1)
        return cls(measured, np.where(is_class & (measured > 0), share, np.nan))


@dataclass(frozen=True, eq=False)
class Scene:
    """What an attacker sees, and the candidates of which he asks.

    Attributes:
        endpoints: The `T` endpoints.
        candidates: The molecules in question.
        dictionary: Substructures that evidence and additive models count.
        public: The public molecules; `None` where there are none.
        sent: Answers to the public molecules, as they are sent.
        asked: Answers to the candidates: of a model that anybody can ask, or of a teacher whose transfer set holds them.
        evidence: Released counts of substructures `(T, D)`.
        heads: Additive models that stand openly in the artefact.
        others: Answers to the public molecules by other teachers.
        seed: Of random streams.
        released: The folder of a consensus, where that is the release.
        partners: What its companies said of all transfer molecules: first the partner who turns it round, then those that he does not see.
        learner: Kind of the model that answers, where it is known.
        shadows: How many shadows of that kind may be made.
        recipe: How the additive model that answers was made, where it is known.
        written: First blocks of the keys of all molecules that stand in a text, where that is the release.
        whole: What is true of all molecules of the company, where the release is of one company alone.
    """

    endpoints: tuple[Endpoint, ...]
    candidates: Candidates
    dictionary: Dictionary = field(default_factory=Dictionary)
    public: Public | None = None
    sent: Copied | None = None
    asked: Answers | None = None
    evidence: np.ndarray | None = None
    heads: Heads | None = None
    others: Sequence[Copied] = ()
    seed: int = 0
    released: Released | None = None
    partners: Sequence[Said] = ()
    learner: str = ""
    shadows: int = 0
    recipe: AdditiveSpec | None = None
    written: frozenset[str] | None = None
    whole: Whole | None = None

    @property
    def seen(self) -> Seen | None:
        """A consensus in the hands of a partner; `None` where the release is no consensus, or no partner's answers are known."""
        return Seen(self.released, self.partners[0], tuple(self.partners[1:])) if self.released and len(self.partners) else None

    @property
    def features(self) -> "csr_matrix":
        """Counts of substructures of the candidates `(N, D)`."""
        return features_of(self.dictionary, self.candidates.smiles)

    @cached_property
    def nearest(self) -> Nearest:
        """The nearest public molecules of each candidate, itself among them if it is public.

        Raises:
            ShapeError: There are no public molecules.
        """
        if self.public is None:
            raise ShapeError("there are no public molecules", expected="a transfer set")
        return self.public.reference.nearest(self.candidates.bits, NEIGHBOURS)

    @cached_property
    def in_public(self) -> np.ndarray:
        """Which candidates are public molecules, or stereo-isomers of one, `(N,)` bool."""
        known = set(self.public.skeletons) if self.public else set()
        return np.array([one in known for one in self.candidates.skeletons], dtype=bool)

    @property
    def copied(self) -> Heads | None:
        """The company's additive models: those in the artefact, else copies of the answers sent; `None` where there is neither."""
        return self.heads or (self.sent.heads if self.sent else None)

    def guessed(self, plane: np.ndarray) -> np.ndarray:
        """Return what a plane over the public molecules `(P,)` says of the candidates `(N,)`: the mean of neighbours, by similarity."""
        weight = np.maximum(self.nearest.similarity.astype(np.float64), 1e-3) ** SHARPNESS
        found: np.ndarray = (weight * plane[self.nearest.rows]).sum(axis=1) / weight.sum(axis=1)
        return found

    def margins(self, scores: np.ndarray) -> np.ndarray:
        """Return how right scores of the candidates are `(N, T)`: log-odds of the true class, or minus the error; NaN without a label."""
        return margins_of(scores, self.candidates.labels, self.is_class)

    def taken(self, rows: np.ndarray, member: np.ndarray) -> "Scene":
        """Return a scene of some of the candidates, with other marks of who is a member; what is known of neighbours goes along."""
        own = self.candidates
        smiles, skeletons = (tuple(part[row] for row in rows) for part in (own.smiles, own.skeletons))
        asked = self.asked.taken(rows) if self.asked else None
        made = replace(self, candidates=Candidates(smiles, skeletons, own.bits[rows], member, own.labels[rows]), asked=asked)
        if self.public is not None:
            made.__dict__["nearest"] = Nearest(*(part[rows] for part in self.nearest))
        return made

    def changed(self, **parts: Any) -> "Scene":
        """Return a scene of the same molecules with other releases; what is known of neighbours goes along."""
        made = replace(self, **parts)
        made.__dict__.update({name: self.__dict__[name] for name in ("nearest", "in_public") if name in self.__dict__})
        return made

    @cached_property
    def is_class(self) -> np.ndarray:
        """Which endpoints are classes, `(T,)` bool."""
        return np.array([endpoint.kind == "classification" for endpoint in self.endpoints], dtype=bool)

    def own_scores(self) -> np.ndarray | None:
        """Return log-odds or values of the candidates by the company: asked, else by its copy; `None` where there is neither."""
        if self.asked is not None:
            return scores_of(self.asked.prediction, self.endpoints)
        return self.copied.scores(self.features) if self.copied else None


@lru_cache(KEPT)
def features_of(dictionary: Dictionary, smiles: tuple[str, ...]) -> "csr_matrix":
    """Return what additive models read of molecules `(M, D)`; the last few are kept, since every attack asks for the same."""
    return dictionary.features(MoleculeSet.from_smiles(smiles, smiles))


def margins_of(scores: np.ndarray, labels: np.ndarray, is_class: np.ndarray | bool) -> np.ndarray:
    """Return how right scores are, of any shape that goes with the labels': log-odds of the true class, or minus the error of values."""
    margins: np.ndarray = np.where(is_class, scores * (2 * labels - 1), -np.abs(scores - labels))
    return margins


def mean_known(planes: np.ndarray, axis: int = 1) -> np.ndarray:
    """Return the mean over an axis, by default the endpoints of `(N, T)`, of what is known; NaN where nothing is."""
    known = np.isfinite(planes)
    count = known.sum(axis=axis)
    found: np.ndarray = np.divide(np.where(known, planes, 0.0).sum(axis=axis), count, out=np.full(count.shape, np.nan), where=count > 0)
    return found


def likelihoods(scene: Scene, scores: np.ndarray) -> np.ndarray:
    """Return the probability that scores `(N, T)` give to the true class, `(N, T)`; for values `exp` of minus the error."""
    margins = scene.margins(scores)
    found: np.ndarray = np.where(scene.is_class, expit(margins), np.exp(margins))
    return found
