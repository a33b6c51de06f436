"""Forests on disk: skops, without pickle."""

from pathlib import Path
from typing import Any

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.models import skops_file
from fluid.models.forest import ForestPredictor, predict_forests
from fluid.models.kinds.kind import PredictorKind
from fluid.models.predictor import ForestSpec

TRUSTED = ["sklearn.tree._tree.Tree", "numpy.dtype"]


def save(folder: Path, model: ForestPredictor) -> dict[str, Any]:
    """Write the forest of every endpoint."""
    for number, forest in enumerate(model.forests):
        skops_file.dump(forest, folder / f"forest_{number}.skops")
    return {"spec": plain(model.spec)}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> ForestPredictor:
    """Read the forest of every endpoint."""
    forests = tuple(skops_file.load(folder / f"forest_{number}.skops", TRUSTED) for number in range(len(endpoints)))
    return ForestPredictor(forests, endpoints, ForestSpec(**card["spec"]))


def settings(model: ForestPredictor) -> ForestSpec:
    """Return the settings that it was grown with."""
    return model.spec


KIND = PredictorKind(save, load, together=predict_forests, settings=settings)
