"""Ensembles of networks that read graphs and counts, on disk: weights as safetensors, one file per member."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.models.count_network import CountNetwork
from fluid.models.joint import JointEnsemble
from fluid.models.kinds import network
from fluid.models.kinds.additive import spec_of
from fluid.models.kinds.kind import PredictorKind
from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep_spec import WideDeepSpec


def save(folder: Path, model: JointEnsemble) -> dict[str, Any]:
    """Write the weights of all members."""
    return {**network.save(folder, model), "spec": plain(model.spec)}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> JointEnsemble:
    """Read the weights of all members."""
    said = card["spec"]
    spec = WideDeepSpec(**{**said, "network": NetworkSpec.from_dict(said["network"]), "additive": spec_of(said["additive"])})
    found = network.read(folder, card, endpoints, lambda: CountNetwork(spec, endpoints))
    return JointEnsemble(*(getattr(found, field.name) for field in fields(found)))


def settings(model: JointEnsemble) -> WideDeepSpec:
    """Return the settings that it was made with."""
    return model.spec


KIND = PredictorKind(save, load, modules=network.modules, settings=settings)
