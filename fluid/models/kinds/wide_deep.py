"""A network and an additive model together, on disk: each a model folder of its own."""

from pathlib import Path
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.additive import AdditivePredictor
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.joint import JointEnsemble
from fluid.models.kinds.kind import PredictorKind
from fluid.models.wide_deep import WideDeepPredictor, predict_wide_deep
from fluid.models.wide_deep_spec import WideDeepSpec

PARTS = {"network": (GraphEnsemble.kind, JointEnsemble.kind), "additive": (AdditivePredictor.kind, WideDeepPredictor.kind)}
"""Attributes that are predictors, each with the kinds that it may be of."""


def save(folder: Path, model: WideDeepPredictor) -> dict[str, Any]:
    """Write both parts."""
    for name in PARTS:
        save_predictor(folder / name, getattr(model, name))
    return {"share": model.share, "temperature": model.temperature.astype(float).tolist()}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> WideDeepPredictor:
    """Read both parts.

    Raises:
        ArtifactError: A part is a model of another kind, or the parts answer other endpoints than the card says.
    """
    parts = {name: load_predictor(folder / name) for name in PARTS}
    for name, part in parts.items():
        if part.kind not in PARTS[name]:
            expected = " or ".join(map(repr, PARTS[name]))
            raise ArtifactError(f"its part {name!r} is of kind {part.kind!r}", expected=f"kind {expected}")
    temperature = np.array(card["temperature"], dtype=np.float32)
    model = WideDeepPredictor(**parts, share=card["share"], temperature=temperature)  # type: ignore[arg-type]
    if model.endpoints != endpoints:
        raise ArtifactError("its parts have other endpoints")
    return model


def settings(model: WideDeepPredictor) -> WideDeepSpec:
    """Return the settings that it was made with."""
    return model.spec


KIND = PredictorKind(save, load, together=predict_wide_deep, parts=tuple(PARTS), settings=settings)
