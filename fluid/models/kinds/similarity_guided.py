"""An own and a federated model, guided by similarity, on disk."""

from pathlib import Path
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.kinds.kind import PredictorKind
from fluid.models.similarity_guided import SimilarityGuided

PARTS = ("own", "federated")


def save(folder: Path, model: SimilarityGuided) -> dict[str, Any]:
    """Write both models and the company's own fingerprints."""
    for name in PARTS:
        save_predictor(folder / name, getattr(model, name))
    np.save(folder / "reference.npy", model.reference, allow_pickle=False)
    return {"k": model.k, "power": model.power}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> SimilarityGuided:
    """Read both models."""
    own, federated = (load_predictor(folder / name) for name in PARTS)
    return SimilarityGuided(own, federated, np.load(folder / "reference.npy", allow_pickle=False), card["k"], card["power"])


KIND = PredictorKind(save, load, parts=PARTS)
