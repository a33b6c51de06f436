"""Random forest on Morgan counts: the paper's teacher, and a strong baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import QuorumError
from fluid.models.prediction import Prediction, as_prediction, combine_members
from fluid.models.predictor import ForestSpec
from fluid.molecules.fingerprints import morgan_counts
from fluid.molecules.molecule_set import MoleculeSet

CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class ForestPredictor:
    """One scikit-learn forest per endpoint; a `Predictor` whose ensemble members are the trees.

    Attributes:
        forests: A fitted forest per endpoint.
        endpoints: The `T` endpoints.
        spec: Settings.
    """

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
        counts = morgan_counts(molecules.smiles, spec.radius, spec.n_bits)
        forests = []
        for column, endpoint in enumerate(endpoints):
            known = np.isfinite(labels[:, column])
            if not known.any():
                raise QuorumError(f"endpoint {endpoint.name!r} has no label", expected="at least one")
            forests.append(_new_forest(endpoint, spec, seed % 2**32, n_jobs).fit(counts[known], labels[known, column]))
        return cls(tuple(forests), tuple(endpoints), spec)

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer molecules in chunks; uncertainty is decomposed over the trees."""
        if not len(molecules):
            return as_prediction(*(np.empty((0, len(self.endpoints))),) * 3)
        parts = [self._chunk(part) for part in molecules.chunks(CHUNK)]
        return Prediction(*(np.concatenate([getattr(part, plane) for part in parts]) for plane in ("mean", "epistemic", "aleatoric")))

    def _chunk(self, molecules: MoleculeSet) -> Prediction:
        counts = morgan_counts(molecules.smiles, self.spec.radius, self.spec.n_bits).astype(np.float32)
        members = np.stack([_tree_answers(f, e, counts) for f, e in zip(self.forests, self.endpoints, strict=True)], axis=2)
        return combine_members(self.endpoints, members, np.zeros_like(members))


def _new_forest(endpoint: Endpoint, spec: ForestSpec, seed: int, n_jobs: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # its import takes a second; only fitting needs it

    settings: dict[str, Any] = {"n_estimators": spec.n_trees, "max_depth": spec.max_depth or None, "random_state": seed, "n_jobs": n_jobs}
    if endpoint.kind == "classification":
        return RandomForestClassifier(class_weight="balanced", **settings)
    return RandomForestRegressor(**settings)


def _tree_answers(forest: Any, endpoint: Endpoint, counts: np.ndarray) -> np.ndarray:
    """Return each tree's probability of the active class, or value, `(S, M)`."""
    if endpoint.kind == "regression":
        return np.stack([tree.predict(counts) for tree in forest.estimators_])
    classes = list(forest.classes_)
    if 1.0 not in classes:
        return np.zeros((len(forest.estimators_), len(counts)))
    return np.stack([tree.predict_proba(counts)[:, classes.index(1.0)] for tree in forest.estimators_])
