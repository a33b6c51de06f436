"""A network with one head per teacher, on disk."""

from pathlib import Path
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.heads import HeadsPredictor
from fluid.models.kinds.kind import PredictorKind, in_its_place
from fluid.models.single_head import single_head
from fluid.molecules.molecule_set import MoleculeSet


def save(folder: Path, model: HeadsPredictor) -> dict[str, Any]:
    """Write the network, and which heads it has."""
    save_predictor(folder / "network", model.network)
    heads = [[model.teachers[k], model.endpoints[t].name] for k, t in np.argwhere(model.answered)]
    return {"power": model.power, "teachers": list(model.teachers), "heads": heads}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> HeadsPredictor:
    """Read the network.

    Raises:
        ArtifactError: The part `network` is a model of another kind.
    """
    network, teachers, names = load_predictor(folder / "network"), tuple(card["teachers"]), [endpoint.name for endpoint in endpoints]
    if network.kind != GraphEnsemble.kind:
        raise ArtifactError("its part 'network' is no network")
    answered = np.zeros((len(teachers), len(names)), dtype=bool)
    for teacher, name in card["heads"]:
        answered[teachers.index(teacher), names.index(name)] = True
    return HeadsPredictor(network, teachers, endpoints, answered, card["power"])  # type: ignore[arg-type]


def start(model: HeadsPredictor, molecules: MoleculeSet) -> GraphEnsemble:
    """Return one head in the place of all: their mean, each teacher with its mean share for the company's own molecules."""
    return single_head(model, model.shares(molecules).mean(axis=1))


KIND = PredictorKind(save, load, parts=("network",), start=start, with_own=in_its_place, forgets_labels=True)
