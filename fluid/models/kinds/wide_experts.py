"""Experts and a network, on disk: each a model folder of its own."""

from pathlib import Path
from typing import Any

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.experts import ExpertsPredictor
from fluid.models.kinds.kind import PredictorKind, in_its_place
from fluid.models.own_expert import OwnExpert
from fluid.models.wide_experts import WideExperts

PARTS = ("network", "experts")


def save(folder: Path, model: WideExperts) -> dict[str, Any]:
    """Write both parts."""
    for name in PARTS:
        save_predictor(folder / name, getattr(model, name))
    return {"share": model.share}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> WideExperts:
    """Read both parts.

    Raises:
        ArtifactError: A part is a model of another kind, or the parts answer other endpoints than the card says.
    """
    network, experts = (load_predictor(folder / name) for name in PARTS)
    if not isinstance(network, GraphEnsemble) or not isinstance(experts, ExpertsPredictor | OwnExpert):
        raise ArtifactError("its parts are of other kinds", expected="a network and experts")
    model = WideExperts(network, experts, card["share"])
    if model.endpoints != endpoints:
        raise ArtifactError("its parts have other endpoints")
    return model


KIND = PredictorKind(save, load, parts=PARTS, with_own=in_its_place, forgets_labels=True, takes_labels=False, has_experts=True)
