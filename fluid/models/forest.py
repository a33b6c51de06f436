"""Random forest on Morgan fingerprints: the paper's teacher, student and hybrid, and a strong baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import QuorumError
from fluid.models.prediction import Prediction, combine_members, join_predictions
from fluid.models.predictor import ForestSpec
from fluid.molecules.fingerprints import morgan_counts
from fluid.molecules.molecule_set import MoleculeSet
from fluid.threads import Spread

CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class ForestPredictor:
    """One scikit-learn forest per endpoint; a `Predictor` whose ensemble members are the trees.

    Attributes:
        forests: A fitted forest per endpoint.
        endpoints: The `T` endpoints.
        spec: Settings.
    """

    kind: ClassVar[str] = "forest"
    forests: tuple[Any, ...]
    endpoints: tuple[Endpoint, ...]
    spec: ForestSpec

    @classmethod
    def fit(
        cls, molecules: MoleculeSet, labels: np.ndarray, endpoints: Sequence[Endpoint], spec: ForestSpec, seed: int, n_jobs: int
    ) -> "ForestPredictor":
        """Fit one forest per endpoint on the molecules that have a label for it; classes are weighted to balance.

        Args:
            molecules: `M` molecules.
            labels: `(M, T)`, NaN missing.
            endpoints: The `T` endpoints.
            spec: Settings.
            seed: Seed of the trees.
            n_jobs: Threads.

        Raises:
            QuorumError: An endpoint has no label.
        """
        counts = descriptors(molecules.smiles, spec)
        forests = []
        for column, endpoint in enumerate(endpoints):
            known = _find_known(labels[:, column], endpoint)
            forests.append(_new_forest(endpoint, spec, seed % 2**32, n_jobs).fit(counts[known], labels[known, column]))
        return cls(tuple(forests), tuple(endpoints), spec)

    @classmethod
    def distil(
        cls,
        molecules: MoleculeSet,
        target: np.ndarray,
        weight: np.ndarray,
        endpoints: Sequence[Endpoint],
        spec: ForestSpec,
        seed: int,
        n_jobs: int,
    ) -> "ForestPredictor":
        """Fit one forest per endpoint on soft labels: a molecule is one row per class, weighing the class' soft label.

        The weights of both classes are balanced to equal sums. Labels of 0 and 1 with equal weights give the forest of `fit`.

        Args:
            molecules: `M` molecules.
            target: Probabilities or values `(M, T)`, NaN missing.
            weight: Weight of each `(M, T)`, 0 or more.
            endpoints: The `T` endpoints.
            spec: Settings.
            seed: Seed of the trees.
            n_jobs: Threads.

        Raises:
            QuorumError: An endpoint has no label.
        """
        counts = descriptors(molecules.smiles, spec)
        forests = []
        for column, endpoint in enumerate(endpoints):
            known = np.flatnonzero(_find_known(target[:, column], endpoint))
            said, weighs = (plane[known, column].astype(np.float64) for plane in (target, weight))
            forest = _new_forest(endpoint, spec, seed % 2**32, n_jobs, class_weight=None)
            if endpoint.kind == "classification":
                rows, classes, mass = class_rows(said, weighs)
                forests.append(forest.fit(counts[known[rows]], classes, sample_weight=mass))
            else:  # scikit-learn draws other rows where weights are given, even equal ones
                forests.append(forest.fit(counts[known], said, sample_weight=None if np.ptp(weighs) == 0 else weighs))
        return cls(tuple(forests), tuple(endpoints), spec)

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer molecules in chunks; uncertainty is decomposed over the trees."""
        return predict_forests([self], molecules)[0]

    def answers(self, counts: np.ndarray) -> Prediction:
        """Answer molecules of which the descriptors `(M, n_bits)` float32 are known."""
        members = np.stack([_tree_answers(f, e, counts) for f, e in zip(self.forests, self.endpoints, strict=True)], axis=2)
        return combine_members(self.endpoints, members, np.zeros_like(members))


def predict_forests(forests: Sequence[ForestPredictor], molecules: MoleculeSet, spread: Spread = map) -> list[Prediction]:
    """Answer molecules with several forests; descriptors are made once for all that read the same.

    Args:
        forests: Who answers.
        molecules: What.
        spread: How the forests are asked: one after the other, or by several threads.
    """
    parts: list[list[Prediction]] = [[] for _ in forests]
    for chunk in molecules.chunks(CHUNK):
        known = {spec: descriptors(chunk.smiles, spec).astype(np.float32) for spec in {forest.spec for forest in forests}}
        for own, found in zip(parts, spread(lambda forest, known=known: forest.answers(known[forest.spec]), forests), strict=True):
            own.append(found)
    return [join_predictions(own, len(forest.endpoints)) for own, forest in zip(parts, forests, strict=True)]


def descriptors(smiles: Sequence[str], spec: ForestSpec) -> np.ndarray:
    """Return what the forest reads of molecules, `(M, n_bits)` uint8."""
    counts = morgan_counts(smiles, spec.radius, spec.n_bits, spec.features)
    return counts if spec.counts else np.minimum(counts, 1)


def class_rows(probs: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, classes and weights of soft labels as certain labels: each molecule once per class that it may have.

    A row weighs `w q` for class 1 and `w (1 − q)` for class 0, times a factor by which both classes weigh alike in sum; rows of weight 0
    are left out.

    Args:
        probs: Soft labels `q` `(M,)` in [0, 1].
        weight: `w` `(M,)`, 0 or more.
    """
    rows, classes = np.repeat(np.arange(len(probs)), 2), np.tile([0.0, 1.0], len(probs))
    mass = np.stack([weight * (1 - probs), weight * probs], axis=1).ravel()
    rows, classes, mass = (plane[mass > 0] for plane in (rows, classes, mass))
    sums = np.array([mass[classes == value].sum() for value in (0.0, 1.0)])
    factor = np.divide(sums.sum(), np.count_nonzero(sums) * sums, out=np.zeros(2), where=sums > 0)
    return rows, classes, mass * factor[classes.astype(int)]


def _find_known(labels: np.ndarray, endpoint: Endpoint) -> np.ndarray:
    known: np.ndarray = np.isfinite(labels)
    if not known.any():
        raise QuorumError(f"endpoint {endpoint.name!r} has no label", expected="at least one")
    return known


def _new_forest(endpoint: Endpoint, spec: ForestSpec, seed: int, n_jobs: int, class_weight: str | None = "balanced") -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # its import takes a second; only fitting needs it

    settings: dict[str, Any] = {"n_estimators": spec.n_trees, "max_depth": spec.max_depth or None, "random_state": seed, "n_jobs": n_jobs}
    if endpoint.kind == "classification":
        return RandomForestClassifier(class_weight=class_weight, **settings)
    return RandomForestRegressor(**settings)


def _tree_answers(forest: Any, endpoint: Endpoint, counts: np.ndarray) -> np.ndarray:
    """Return each tree's probability of the active class, or value, `(S, M)`."""
    if endpoint.kind == "regression":
        return np.stack([tree.predict(counts) for tree in forest.estimators_])
    classes = list(forest.classes_)
    if 1.0 not in classes:
        return np.zeros((len(forest.estimators_), len(counts)))
    return np.stack([tree.predict_proba(counts)[:, classes.index(1.0)] for tree in forest.estimators_])
