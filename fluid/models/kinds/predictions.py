"""Looked-up predictions on disk."""

from pathlib import Path
from typing import Any

import numpy as np

from fluid.artifacts import read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.models.kinds.kind import PredictorKind
from fluid.models.prediction_file import PredictionFile


def save(folder: Path, model: PredictionFile) -> dict[str, Any]:
    """Write keys and answers."""
    np.save(folder / "planes.npy", np.stack(model.planes), allow_pickle=False)
    write_json(folder / "keys.json", list(model.keys))
    return {"source": Path(model.source).name}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> PredictionFile:
    """Read keys and answers."""
    mean, epistemic, aleatoric = np.load(folder / "planes.npy", allow_pickle=False)
    return PredictionFile(tuple(read_json(folder / "keys.json")), endpoints, (mean, epistemic, aleatoric), card["source"])


KIND = PredictorKind(save, load, by_key=True)
