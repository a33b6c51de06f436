"""Evidence as a file of one array, with what a reader must know of it in somebody's JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from fluid.annotation.evidence import Evidence
from fluid.artifacts import hash_file
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ConfigError
from fluid.molecules.substructures import Dictionary

FILE, COUNTS = "evidence.safetensors", "counts"
KEYS = {"radius": int, "n_bits": int, "mark": str, "sha256": str}
AGAIN = "Ask its sender for the folder again."


def write_evidence(folder: Path, evidence: Evidence) -> dict[str, Any]:
    """Write evidence into a folder; return what `read_evidence` needs to be told."""
    (folder / FILE).write_bytes(save({COUNTS: np.ascontiguousarray(evidence.counts)}))  # safetensors itself hides why a write failed
    dictionary = evidence.dictionary
    return {"radius": dictionary.radius, "n_bits": dictionary.n_bits, "mark": dictionary.mark, "sha256": hash_file(folder / FILE)}


def read_evidence(folder: Path, told: Any, endpoints: tuple[Endpoint, ...]) -> Evidence:
    """Read evidence that somebody sent, and check everything.

    Args:
        folder: Where the file is.
        told: What `write_evidence` returned.
        endpoints: The `T` endpoints that it is about.

    Raises:
        ArtifactError: The file is missing, altered or of other endpoints, its dictionary is of another version, or a count cannot be.
        ShapeError: The counts are not `(T, D)` float32.
    """
    path = folder / FILE
    if not isinstance(told, Mapping) or set(told) != set(KEYS) or any(type(told[key]) is not kind for key, kind in KEYS.items()):
        raise ArtifactError("what is said of the evidence cannot be read", where=str(folder), expected=", ".join(KEYS), remedy=AGAIN)
    if not path.is_file():
        raise ArtifactError("file not found", where=str(path), remedy=AGAIN)
    if hash_file(path) != told["sha256"]:
        raise ArtifactError("the file was truncated or altered", where=str(path), expected="the SHA-256 of its manifest", remedy=AGAIN)
    dictionary = _dictionary(told, path)
    try:
        counts = load(path.read_bytes())[COUNTS]
    except (SafetensorError, KeyError, ValueError) as error:
        raise ArtifactError(f"not a file of evidence ({str(error)[:200]})", where=str(path), remedy=AGAIN) from None
    return Evidence(dictionary, endpoints, counts)


def _dictionary(told: Mapping[str, Any], path: Path) -> Dictionary:
    try:
        dictionary = Dictionary(told["radius"], told["n_bits"])
    except ConfigError as error:
        raise ArtifactError(str(error).rstrip("."), where=str(path), remedy=AGAIN) from None
    if dictionary.mark != told["mark"]:
        raise ArtifactError(
            "the evidence is about the substructures of another dictionary",
            where=str(path),
            expected=f"mark {dictionary.mark[:16]}, found {told['mark'][:16]!r}",
            remedy="All companies must count with the same version of fluid and of RDKit.",
        )
    return dictionary
