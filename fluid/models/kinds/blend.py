"""Two models by local support, on disk: each a model folder of its own, known by the hash of its card."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fluid.artifacts import hash_file, plain
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.blend import Blend, Gate
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.kinds.kind import PredictorKind, put_own
from fluid.molecules.molecule_set import MoleculeSet

PARTS = ("local", "general")


def save(folder: Path, model: Blend) -> dict[str, Any]:
    """Write both models and the molecules that the local one knows."""
    for name in PARTS:
        save_predictor(folder / name, getattr(model, name))
    np.save(folder / "bits.npy", model.bits, allow_pickle=False)
    return {"gate": plain(model.gate), "parts": {name: hash_file(folder / name / CARD) for name in PARTS}}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> Blend:
    """Read both models.

    Raises:
        ArtifactError: The local or the general model was altered, or the blend answers other endpoints than the card says.
    """
    for name in PARTS:
        if hash_file(folder / name / CARD) != card["parts"][name]:
            raise ArtifactError(f"its part {name!r} was altered")
    local, general = (load_predictor(folder / name) for name in PARTS)
    blend = Blend(local, general, np.load(folder / "bits.npy", allow_pickle=False), Gate(**card["gate"]))
    if blend.endpoints != endpoints:
        raise ArtifactError("its parts have other endpoints")
    return blend


def add_own(model: Blend, network: GraphEnsemble | None, molecules: MoleculeSet, labels: np.ndarray) -> Blend:
    """Return the blend with both its models as they are with measured molecules, which the local one knows then."""
    local, general = put_own(model.local, None, molecules, labels), put_own(model.general, network, molecules, labels)
    return replace(model, local=local, general=general, bits=np.concatenate([model.bits, molecules.bits]))


KIND = PredictorKind(save, load, parts=PARTS, sealed_parts=PARTS, general="general", with_own=add_own, forgets_labels=True)
