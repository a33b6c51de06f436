"""Annotated molecules that answer as neighbours, on disk."""

from pathlib import Path
from typing import Any

import numpy as np

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.models.ensemble import GraphEnsemble
from fluid.models.kinds.kind import PredictorKind
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.molecules.molecule_set import MoleculeSet

PLANES = ("bits", "soft_label", "confidence")


def save(folder: Path, model: NeighbourPredictor) -> dict[str, Any]:
    """Write fingerprints, soft labels and confidences."""
    for name in PLANES:
        np.save(folder / f"{name}.npy", getattr(model, name), allow_pickle=False)
    return {"spec": plain(model.spec)}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> NeighbourPredictor:
    """Read fingerprints, soft labels and confidences."""
    bits, soft_label, confidence = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in PLANES)
    return NeighbourPredictor(bits, soft_label, confidence, endpoints, NeighbourSpec(**card["spec"]))


def put_own(model: NeighbourPredictor, network: GraphEnsemble | None, molecules: MoleculeSet, labels: np.ndarray) -> NeighbourPredictor:
    """Return the model with measured molecules among the neighbours."""
    return model.with_more(molecules, labels)


KIND = PredictorKind(save, load, with_own=put_own)
