"""How the labels of a consensus confuse the truth: estimated with it, kept beside it, and corrected for in the student's loss."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fluid.artifacts import Artifact, read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.noise import LabelNoise
from fluid.errors import ArtifactError, ConfigError

FILE = "confusion.json"
FORMAT = 1
LABELS = ("soft", "hard")

Confusion = tuple[tuple[float, ...], ...]
Confusions = Mapping[str, Mapping[str, Confusion]]
"""`P(label j | true i)` by kind of label (`soft`, `hard`) and name of the endpoint."""


def write_noise(folder: Path, endpoints: Sequence[Endpoint], noise: LabelNoise | None) -> None:
    """Write the confusions of the endpoints that are classes as `confusion.json`; nothing if the consensus knows of none."""
    if noise is None:
        return
    classes = [(column, endpoint.name) for column, endpoint in enumerate(endpoints) if endpoint.kind == "classification"]
    confusions = {labels: {name: getattr(noise, labels)[column].tolist() for column, name in classes} for labels in LABELS}
    write_json(folder / FILE, {"format": FORMAT, "confusion": confusions})


def read_noise(artifact: Artifact, endpoints: Sequence[Endpoint]) -> Confusions:
    """Return the confusions of a consensus; none if it was made without.

    Raises:
        ArtifactError: The file has another format, or lacks an endpoint.
    """
    if not (artifact / FILE).exists():
        return {}
    content, names = read_json(artifact / FILE), {endpoint.name for endpoint in endpoints if endpoint.kind == "classification"}
    good = isinstance(content, dict) and content.get("format") == FORMAT and set(content.get("confusion", {})) == set(LABELS)
    if not good or any(set(content["confusion"][labels]) != names for labels in LABELS):
        raise ArtifactError(
            "the confusion has another format or other endpoints", where=str(artifact / FILE), expected=f"format {FORMAT}",
            remedy="Make the consensus again with this version.",
        )  # fmt: skip
    found = content["confusion"]
    return {labels: {name: tuple(tuple(map(float, row)) for row in rows) for name, rows in found[labels].items()} for labels in LABELS}


def look_up_confusions(loss: LossSpec, confusions: Confusions, endpoints: Sequence[Endpoint], labels: str) -> LossSpec:
    """Return the loss with the confusions of a consensus in the place of `auto`.

    Args:
        loss: The loss.
        confusions: Those of the consensus.
        endpoints: Its endpoints.
        labels: What of it is learnt, `soft` labels or the `hard` class.

    Raises:
        ConfigError: The loss asks for the confusion of the consensus, and the consensus holds no confusion.
    """
    if not loss.automatic:
        return loss
    if not confusions:
        raise ConfigError(
            "loss.confusion is auto, and the consensus holds no confusion",
            expected="one made by this version with consensus=dawid_skene",
            remedy="Make the consensus again, or give the confusion by hand: loss.confusion=[[0.95,0.05],[0.05,0.95]].",
        )
    chosen = tuple(confusions[labels][endpoint.name] for endpoint in endpoints if endpoint.kind == "classification")
    return replace(loss, confusion=(), confusions=chosen)


def drop_confusions(loss: LossSpec) -> LossSpec:
    """Return the loss without a confusion that was to be looked up: what is learnt is said of the truth already."""
    return replace(loss, confusion=()) if loss.automatic else loss
