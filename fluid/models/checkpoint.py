"""Models on disk: weights as safetensors, forests as skops, everything else as JSON. No pickle."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from fluid.artifacts import atomic_folder, hash_file, plain, read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, FluidError
from fluid.models.blend import Blend, Gate
from fluid.models.ensemble import GraphEnsemble
from fluid.models.forest import ForestPredictor
from fluid.models.heads import HeadsPredictor
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.network import Network
from fluid.models.prediction_file import PredictionFile
from fluid.models.predictor import ForestSpec, NetworkSpec, Predictor
from fluid.models.similarity_guided import SimilarityGuided
from fluid.molecules.features import ATOM_FEATURES, N_BOND_CATEGORIES

FORMAT = 1
CARD = "model.json"
PARTS = ("local", "general")
FEATURES = [*ATOM_FEATURES, N_BOND_CATEGORIES]
TRUSTED = ["sklearn.tree._tree.Tree", "numpy.dtype"]

LOAD_ERRORS = (
    FluidError,
    OSError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    RuntimeError,
    SafetensorError,
    BadZipFile,
)


def _save_ensemble(folder: Path, model: GraphEnsemble) -> dict[str, Any]:
    for number, network in enumerate(model.networks):
        weights = {name: value.contiguous().cpu() for name, value in network.state_dict().items()}
        (folder / f"member_{number}.safetensors").write_bytes(save_tensors(weights))  # safetensors itself hides why a write failed
    calibration = {name: getattr(model, name).astype(float).tolist() for name in ("temperature", "location", "scale")}
    return {
        "kind": "network",
        "spec": plain(model.networks[0].spec),
        "members": len(model.networks),
        "mc_samples": model.mc_samples,
        **calibration,
    }


def _load_ensemble(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> GraphEnsemble:
    networks = []
    for number in range(card["members"]):
        network = Network(NetworkSpec.from_dict(card["spec"]), endpoints)
        weights = load_tensors((folder / f"member_{number}.safetensors").read_bytes())
        network.load_state_dict(weights)
        networks.append(network.eval())
    temperature, location, scale = (np.array(card[name], dtype=np.float32) for name in ("temperature", "location", "scale"))
    return GraphEnsemble(tuple(networks), endpoints, temperature, location, scale, card["mc_samples"])


def _save_forest(folder: Path, model: ForestPredictor) -> dict[str, Any]:
    from fluid.models import skops_file  # its import takes as long as a small prediction; networks do not need it

    for number, forest in enumerate(model.forests):
        skops_file.dump(forest, folder / f"forest_{number}.skops")
    return {"kind": "forest", "spec": plain(model.spec)}


def _load_forest(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> ForestPredictor:
    from fluid.models import skops_file

    forests = tuple(skops_file.load(folder / f"forest_{number}.skops", TRUSTED) for number in range(len(endpoints)))
    return ForestPredictor(forests, endpoints, ForestSpec(**card["spec"]))


def _save_file(folder: Path, model: PredictionFile) -> dict[str, Any]:
    np.save(folder / "planes.npy", np.stack(model.planes), allow_pickle=False)
    write_json(folder / "keys.json", list(model.keys))
    return {"kind": "predictions", "source": Path(model.source).name}


def _load_file(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> PredictionFile:
    mean, epistemic, aleatoric = np.load(folder / "planes.npy", allow_pickle=False)
    return PredictionFile(tuple(read_json(folder / "keys.json")), endpoints, (mean, epistemic, aleatoric), card["source"])


def _save_neighbours(folder: Path, model: NeighbourPredictor) -> dict[str, Any]:
    for name in ("bits", "soft_label", "confidence"):
        np.save(folder / f"{name}.npy", getattr(model, name), allow_pickle=False)
    return {"kind": "neighbours", "spec": plain(model.spec)}


def _load_neighbours(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> NeighbourPredictor:
    bits, soft_label, confidence = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("bits", "soft_label", "confidence"))
    return NeighbourPredictor(bits, soft_label, confidence, endpoints, NeighbourSpec(**card["spec"]))


def _save_blend(folder: Path, model: Blend) -> dict[str, Any]:
    for name in PARTS:
        save_predictor(folder / name, getattr(model, name))
    np.save(folder / "bits.npy", model.bits, allow_pickle=False)
    return {"kind": "blend", "gate": plain(model.gate), "parts": {name: hash_file(folder / name / CARD) for name in PARTS}}


def _load_blend(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> Blend:
    for name in PARTS:
        if hash_file(folder / name / CARD) != card["parts"][name]:
            raise ArtifactError(f"its part {name!r} was altered")
    local, general = (load_predictor(folder / name) for name in PARTS)
    blend = Blend(local, general, np.load(folder / "bits.npy", allow_pickle=False), Gate(**card["gate"]))
    if blend.endpoints != endpoints:
        raise ArtifactError("its parts have other endpoints")
    return blend


def _save_guided(folder: Path, model: SimilarityGuided) -> dict[str, Any]:
    save_predictor(folder / "own", model.own)
    save_predictor(folder / "federated", model.federated)
    np.save(folder / "reference.npy", model.reference, allow_pickle=False)
    return {"kind": "similarity_guided", "k": model.k, "power": model.power}


def _load_guided(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> SimilarityGuided:
    reference = np.load(folder / "reference.npy", allow_pickle=False)
    return SimilarityGuided(load_predictor(folder / "own"), load_predictor(folder / "federated"), reference, card["k"], card["power"])


def _save_heads(folder: Path, model: HeadsPredictor) -> dict[str, Any]:
    save_predictor(folder / "network", model.network)
    heads = [[model.teachers[k], model.endpoints[t].name] for k, t in np.argwhere(model.answered)]
    return {"kind": "heads", "power": model.power, "teachers": list(model.teachers), "heads": heads}


def _load_heads(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> HeadsPredictor:
    network, teachers, names = load_predictor(folder / "network"), tuple(card["teachers"]), [endpoint.name for endpoint in endpoints]
    if not isinstance(network, GraphEnsemble):
        raise ArtifactError("its part 'network' is no network")
    answered = np.zeros((len(teachers), len(names)), dtype=bool)
    for teacher, name in card["heads"]:
        answered[teachers.index(teacher), names.index(name)] = True
    return HeadsPredictor(network, teachers, endpoints, answered, card["power"])


SAVERS: dict[type, Callable[[Path, Any], dict[str, Any]]] = {
    GraphEnsemble: _save_ensemble,
    ForestPredictor: _save_forest,
    PredictionFile: _save_file,
    NeighbourPredictor: _save_neighbours,
    Blend: _save_blend,
    SimilarityGuided: _save_guided,
    HeadsPredictor: _save_heads,
}
LOADERS: dict[str, Callable[[Path, dict[str, Any], tuple[Endpoint, ...]], Predictor]] = {
    "network": _load_ensemble,
    "forest": _load_forest,
    "predictions": _load_file,
    "neighbours": _load_neighbours,
    "blend": _load_blend,
    "similarity_guided": _load_guided,
    "heads": _load_heads,
}


def save_predictor(folder: Path, predictor: Predictor) -> None:
    """Write a model into a new folder, atomically: weights, and `model.json` with the hash of each file."""
    with atomic_folder(folder) as temporary:
        card = SAVERS[type(predictor)](temporary, predictor)
        files = {name: hash_file(file) for name, file in _found(temporary, _parts(card)).items() if file.is_file()}
        endpoints = [endpoint.to_dict() for endpoint in predictor.endpoints]
        versions = {name: version(name) for name in ("torch", "scikit-learn", "rdkit")}
        write_json(
            temporary / CARD, {"format": FORMAT, "features": FEATURES, "endpoints": endpoints, "versions": versions, "files": files, **card}
        )


def _parts(card: dict[str, Any]) -> tuple[str, ...]:
    """Return the subfolders that a card answers for by the hash of their own cards."""
    return PARTS if card["kind"] == "blend" else ()


def _found(folder: Path, parts: tuple[str, ...]) -> dict[str, Path]:
    """Return all files and subfolders of a folder, without `parts` and what is in them, by their relative names, in order."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: path for name, path in sorted(paths.items()) if name.split("/", 1)[0] not in parts}


def load_predictor(folder: Path) -> Predictor:
    """Read a model that `save_predictor` wrote.

    Raises:
        ArtifactError: A file is missing or altered, or the model is of another kind, format or feature set.
    """
    card = read_json(folder / CARD)
    _check(folder, card)
    try:
        endpoints = tuple(Endpoint.from_dict(value) for value in card["endpoints"])
        if not endpoints:
            raise ArtifactError("no endpoint")
        return LOADERS[card["kind"]](folder, card, endpoints)
    except LOAD_ERRORS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        reason = reason if isinstance(error, FluidError) else reason[:200]  # ours say where at the end of long paths
        raise ArtifactError(f"the model cannot be loaded ({reason})", where=str(folder / CARD), remedy="Train it again.") from None


def _check(folder: Path, card: Any) -> None:
    where = str(folder / CARD)
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ArtifactError(
            "the model has another format", where=where, expected=f"format {FORMAT}", remedy="Train it again with this version."
        )
    if card.get("features") != FEATURES:
        raise ArtifactError("the model was trained on other atom or bond features", where=where, remedy="Train it again with this version.")
    if card.get("kind") not in list(LOADERS):
        raise ArtifactError(f"the model is of unknown kind {card.get('kind')!r}", where=where, expected="one of " + ", ".join(LOADERS))
    files = card.get("files")
    if not isinstance(files, dict):
        raise ArtifactError(
            "it does not say which files belong to the model", where=where, remedy="Copy the model again, or train it again."
        )
    present, folders = _found(folder, _parts(card)), {parent.as_posix() for name in files for parent in Path(name).parents}
    for name, file in present.items():
        if name not in (*files, CARD, *folders) and not any(part.startswith(".") for part in Path(name).parts):
            raise ArtifactError("a file does not belong to the model", where=str(file), remedy="Remove it, or copy the model again.")
    for name, digest in files.items():
        known = name in present and present[name].is_file()
        if not known or hash_file(present[name]) != digest:
            what = "was altered" if known else "is missing"
            raise ArtifactError(f"a file of the model {what}", where=str(folder / name), remedy="Copy the model again, or train it again.")
