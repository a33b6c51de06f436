"""Ensembles of networks on disk: weights as safetensors, one file per member."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.models.ensemble import GraphEnsemble, predict_together
from fluid.models.kinds.kind import PredictorKind, in_its_place
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.molecule_set import MoleculeSet


def save(folder: Path, model: GraphEnsemble) -> dict[str, Any]:
    """Write the weights of all members."""
    for number, network in enumerate(model.networks):
        weights = {name: value.contiguous().cpu() for name, value in network.state_dict().items()}
        (folder / f"member_{number}.safetensors").write_bytes(save_tensors(weights))  # safetensors itself hides why a write failed
    calibration = {name: getattr(model, name).astype(float).tolist() for name in ("temperature", "location", "scale")}
    return {"spec": plain(model.networks[0].spec), "members": len(model.networks), "mc_samples": model.mc_samples, **calibration}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> GraphEnsemble:
    """Read the weights of all members."""
    return read(folder, card, endpoints, lambda: Network(NetworkSpec.from_dict(card["spec"]), endpoints))


def read(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...], make: Callable[[], Network]) -> GraphEnsemble:
    """Return the members that a card names, with the weights in a folder, as networks that `make` returns."""
    networks = []
    for number in range(card["members"]):
        network = make()
        weights = load_tensors((folder / f"member_{number}.safetensors").read_bytes())
        network.load_state_dict(weights)
        networks.append(network.eval())
    temperature, location, scale = (np.array(card[name], dtype=np.float32) for name in ("temperature", "location", "scale"))
    return GraphEnsemble(tuple(networks), endpoints, temperature, location, scale, card["mc_samples"])


def modules(model: GraphEnsemble) -> tuple[str, ...]:
    """Return the module of an encoder that another package adds."""
    return model.networks[0].spec.modules


def start(model: GraphEnsemble, molecules: MoleculeSet) -> GraphEnsemble:
    """Return the networks themselves."""
    return model


KIND = PredictorKind(save, load, together=predict_together, modules=modules, start=start, with_own=in_its_place, forgets_labels=True)
