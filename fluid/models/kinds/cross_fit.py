"""Cross-fitted models on disk: each a model folder of its own."""

from pathlib import Path
from typing import Any

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.cross_fit import CrossFit
from fluid.models.kinds.kind import PredictorKind, modules_of


def place_of(folder: Path, number: int) -> Path:
    """Return the folder of one model."""
    return folder / f"fold{number}"


def save(folder: Path, model: CrossFit) -> dict[str, Any]:
    """Write every model."""
    for number, one in enumerate(model.models):
        save_predictor(place_of(folder, number), one)
    about = {"fold_of": dict(model.fold_of), "transfer_digest": model.transfer_digest, "similarity": model.similarity}
    return {"models": len(model.models), **about}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> CrossFit:
    """Read every model.

    Raises:
        ArtifactError: The models answer other endpoints than the card says.
    """
    models = tuple(load_predictor(place_of(folder, number)) for number in range(card["models"]))
    found = CrossFit(models, card["fold_of"], card["transfer_digest"], card["similarity"])
    if found.endpoints != endpoints:
        raise ArtifactError("its models have other endpoints")
    return found


def modules(model: CrossFit) -> tuple[str, ...]:
    """Return the modules of other packages that its models come from."""
    return modules_of(*model.models)


KIND = PredictorKind(save, load, modules=modules)
