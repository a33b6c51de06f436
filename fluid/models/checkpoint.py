"""Models on disk: a folder with a card, `model.json`, that says kind, endpoints and the hash of each file. No pickle.

Each kind of predictor writes and reads its own files; see `fluid.models.kinds`.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from safetensors import SafetensorError

from fluid.artifacts import atomic_folder, hash_file, read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, FluidError
from fluid.foreign import is_foreign
from fluid.models.kinds.kind import PREDICTORS, kind_of
from fluid.models.predictor import Predictor
from fluid.molecules.features import ATOM_FEATURES, N_BOND_CATEGORIES

FORMAT = 1
CARD = "model.json"
FEATURES = [*ATOM_FEATURES, N_BOND_CATEGORIES]

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


def save_predictor(folder: Path, predictor: Predictor) -> None:
    """Write a model into a new folder, atomically: weights, and `model.json` with the hash of each file."""
    with atomic_folder(folder) as temporary:
        kind = kind_of(predictor)
        card = {"kind": predictor.kind, **kind.save(temporary, predictor)}
        files = {name: hash_file(file) for name, file in _find_files(temporary, kind.sealed_parts).items() if file.is_file()}
        endpoints = [endpoint.to_dict() for endpoint in predictor.endpoints]
        versions = {name: version(name).partition("+")[0] for name in ("torch", "scikit-learn", "rdkit")}  # for what hardware is no matter
        write_json(
            temporary / CARD, {"format": FORMAT, "features": FEATURES, "endpoints": endpoints, "versions": versions, "files": files, **card}
        )


def _find_files(folder: Path, parts: tuple[str, ...]) -> dict[str, Path]:
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
        return PREDICTORS[card["kind"]].load(folder, card, endpoints)
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
    if card.get("kind") not in list(PREDICTORS):
        raise ArtifactError(f"the model is of unknown kind {card.get('kind')!r}", where=where, expected="one of " + ", ".join(PREDICTORS))
    files = card.get("files")
    if not isinstance(files, dict):
        raise ArtifactError(
            "it does not say which files belong to the model", where=where, remedy="Copy the model again, or train it again."
        )
    present, folders = (
        _find_files(folder, PREDICTORS[card["kind"]].sealed_parts),
        {parent.as_posix() for name in files for parent in Path(name).parents},
    )
    for name, file in present.items():
        if name not in (*files, CARD, *folders) and not any(part.startswith(".") for part in Path(name).parts) and not is_foreign(name):
            raise ArtifactError("a file does not belong to the model", where=str(file), remedy="Remove it, or copy the model again.")
    for name, digest in files.items():
        known = name in present and present[name].is_file()
        if not known or hash_file(present[name]) != digest:
            what = "was altered" if known else "is missing"
            raise ArtifactError(f"a file of the model {what}", where=str(folder / name), remedy="Copy the model again, or train it again.")
