"""Several models of one company as one, each of which has not seen some of its molecules: those are answered by it alone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.prediction import PLANES, Prediction
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Models of a company, of which each answers what it never saw; a `Predictor`.

    All other molecules are dealt among the models by a hash of what they are, so that which model answered tells nothing of a molecule.

    Attributes:
        models: `F` models of the same endpoints, at least two.
        fold_of: Which model answers a molecule that others have seen, or something like it, by what its stereo-isomers share.
        transfer_digest: Identity of the molecules that `fold_of` was made for.
        similarity: Tanimoto similarity from which on a molecule is like another.

    Raises:
        ConfigError: There are fewer than two models, they answer different endpoints, or `fold_of` names one that is not there.

    References:
        Chernozhukov et al., *Econometrics Journal* 21, 2018, doi:10.1111/ectj.12097 (cross-fitting).
    """

    kind: ClassVar[str] = "cross_fit"
    models: tuple[Predictor, ...]
    fold_of: Mapping[str, int]
    transfer_digest: str
    similarity: float

    def __post_init__(self) -> None:
        """Check the models."""
        if len(self.models) < 2 or any(model.endpoints != self.models[0].endpoints for model in self.models):
            raise ConfigError(f"{len(self.models)} models cannot be cross-fitted", expected="two or more, of the same endpoints")
        if any(not 0 <= fold < len(self.models) for fold in self.fold_of.values()):
            raise ConfigError("a molecule is to be answered by a model that is not there", expected=f"one of {len(self.models)}")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of every model."""
        return self.models[0].endpoints

    def folds(self, skeletons: Sequence[str]) -> np.ndarray:
        """Return which model answers each molecule, `(M,)` int64."""
        return np.array([self.fold_of.get(one, dealt(one, len(self.models))) for one in skeletons], dtype=np.int64)

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule, in order, by the model that has not seen it."""
        folds, shape = self.folds(molecules.skeletons), (len(molecules), len(self.endpoints))
        planes = {plane: np.empty(shape, dtype=np.float32) for plane in PLANES}
        for fold in np.unique(folds):
            rows = np.flatnonzero(folds == fold)
            said = self.models[fold].predict(molecules.take(rows))
            for plane, values in planes.items():
                values[rows] = getattr(said, plane)
        return Prediction(*planes.values())


def dealt(skeleton: str, n: int) -> int:
    """Return one of `n` by a hash of a molecule."""
    return int.from_bytes(hashlib.sha256(skeleton.encode()).digest()[:8], "big") % n
