"""A student of regions, on disk: one safetensors file, in which nothing has a company's name."""

from pathlib import Path
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.models.kinds.experts import load_planes, save_planes
from fluid.models.kinds.kind import PredictorKind, in_its_place
from fluid.models.regions import RegionsPredictor, region_names


def save(folder: Path, model: RegionsPredictor) -> dict[str, Any]:
    """Write all arrays, and how many regions there are."""
    return {"regions": len(model.teachers), **save_planes(folder, model)}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> RegionsPredictor:
    """Read all arrays.

    Raises:
        ArtifactError: The substructures are those of another version of the dictionary.
    """
    everywhere = np.ones((card["regions"], len(endpoints)), dtype=bool)
    return RegionsPredictor(region_names(card["regions"]), endpoints, everywhere, **load_planes(folder, card))


KIND = PredictorKind(save, load, with_own=in_its_place, forgets_labels=True, takes_labels=False, has_experts=True)
