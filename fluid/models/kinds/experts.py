"""A student of experts, on disk: one safetensors file."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from safetensors.numpy import save as save_arrays

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.experts import ARRAYS, ExpertsPredictor
from fluid.models.experts_spec import ExpertsSpec
from fluid.models.kinds.kind import PredictorKind, in_its_place
from fluid.molecules.substructures import Dictionary

FILE = "experts.safetensors"


def save(folder: Path, model: ExpertsPredictor) -> dict[str, Any]:
    """Write all arrays, and which heads there are."""
    heads = [[model.teachers[k], model.endpoints[t].name] for k, t in np.argwhere(model.answered)]
    return {"teachers": list(model.teachers), "heads": heads, **save_planes(folder, model)}


def save_planes(folder: Path, model: ExpertsPredictor) -> dict[str, Any]:
    """Write all arrays; return what the card says of them."""
    arrays = {name: np.ascontiguousarray(getattr(model, name)) for name in ARRAYS}
    (folder / FILE).write_bytes(save_arrays(arrays))  # safetensors itself hides why a write failed
    return {"dictionary": plain(model.dictionary), "mark": model.dictionary.mark, "spec": plain(model.spec)}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> ExpertsPredictor:
    """Read all arrays.

    Raises:
        ArtifactError: The substructures are those of another version of the dictionary.
    """
    teachers, names = tuple(card["teachers"]), [endpoint.name for endpoint in endpoints]
    answered = np.zeros((len(teachers), len(names)), dtype=bool)
    for teacher, name in card["heads"]:
        answered[teachers.index(teacher), names.index(name)] = True
    return ExpertsPredictor(teachers, endpoints, answered, **load_planes(folder, card))


def load_planes(folder: Path, card: dict[str, Any]) -> dict[str, Any]:
    """Return all arrays, the dictionary and the settings, by the names of a predictor's attributes.

    Raises:
        ArtifactError: The substructures are those of another version of the dictionary.
    """
    dictionary = Dictionary(**card["dictionary"])
    if dictionary.mark != card["mark"]:
        expected = "the versions of fluid and RDKit that it was made with"
        raise ArtifactError("it counts the substructures of another dictionary", expected=expected)
    spec = ExpertsSpec(**{**card["spec"], "strengths": tuple(card["spec"]["strengths"])})
    found = load_file(folder / FILE)
    return {"dictionary": dictionary, "spec": spec, **{name: found[name] for name in ARRAYS}}


KIND = PredictorKind(save, load, with_own=in_its_place, forgets_labels=True, takes_labels=False, has_experts=True)
