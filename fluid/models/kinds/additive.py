"""Additive models on disk: one safetensors file."""

from pathlib import Path
from typing import Any

from safetensors.numpy import load_file
from safetensors.numpy import save as save_arrays

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.models.additive import ARRAYS, AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.kinds.kind import PredictorKind
from fluid.models.low_rank import LowRank

FILE = "weights.safetensors"


def save(folder: Path, model: AdditivePredictor) -> dict[str, Any]:
    """Write all weights."""
    arrays = {name: getattr(model, name) for name in ARRAYS} | (model.low_rank._asdict() if model.low_rank else {})
    (folder / FILE).write_bytes(save_arrays(arrays))  # safetensors itself hides why a write failed
    return {"spec": plain(model.spec)}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> AdditivePredictor:
    """Read all weights; a card of an earlier version knows no other doubt than that of each weight by itself."""
    found, spec = load_file(folder / FILE), spec_of(card["spec"])
    low_rank = LowRank(*(found[name] for name in LowRank._fields)) if spec.laplace == "low_rank" else None
    return AdditivePredictor(**{name: found[name] for name in ARRAYS}, endpoints=endpoints, spec=spec, low_rank=low_rank)


def spec_of(values: dict[str, Any]) -> AdditiveSpec:
    """Return the settings that a card names."""
    return AdditiveSpec(**{**values, "strengths": tuple(values["strengths"])})


def settings(model: AdditivePredictor) -> AdditiveSpec:
    """Return the settings that it was made with."""
    return model.spec


KIND = PredictorKind(save, load, settings=settings)
