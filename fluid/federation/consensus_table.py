"""The consensus as a file: soft label, confidence and support per transfer molecule and endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.artifacts import Artifact, read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.federation.acquisition_scores import read_acquisition_scores
from fluid.federation.label_noise import Confusions, read_noise

if TYPE_CHECKING:  # a prediction should not wait for pandas
    import pandas as pd

COLUMNS = ("soft_label", "confidence", "support")


@dataclass(frozen=True, slots=True)
class ConsensusTable:
    """What all teachers together say of a transfer set.

    Attributes:
        endpoints: The `T` endpoints.
        transfer_digest: Identity of the transfer set.
        soft_label: Probability or value `(M, T)`; NaN where no teacher answered.
        confidence: In [0, 1], `(M, T)`.
        support: Effective number of teachers behind a soft label, `(M, T)`.
        acquisition: What else the annotations say, `(M,)` or `(M, T)` by name; see `fluid.distillation.acquisition`.
        confusions: How its labels confuse the truth, where the consensus estimates that; else empty.
        artifact: What it was read from; `None` while it is being made.
    """

    endpoints: tuple[Endpoint, ...]
    transfer_digest: str
    soft_label: np.ndarray
    confidence: np.ndarray
    support: np.ndarray
    acquisition: Mapping[str, np.ndarray] = field(default_factory=dict, kw_only=True)
    confusions: Confusions = field(default_factory=dict, kw_only=True)
    artifact: Artifact | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        return len(self.soft_label)

    @property
    def digest(self) -> str:
        """Identity of the consensus: the hash of all its files; empty while it is being made."""
        return self.artifact.digest if self.artifact else ""

    @property
    def where(self) -> str:
        """Where it lies, for messages."""
        return str(self.artifact.folder) if self.artifact else ""


def write_consensus(folder: Path, table: ConsensusTable, method: str, contribution: "pd.DataFrame") -> None:
    """Write `consensus.parquet`, `consensus.json` and `contribution.csv` into a stage's folder."""
    columns = {f"{e.name}/{name}": getattr(table, name)[:, i].astype(np.float32) for i, e in enumerate(table.endpoints) for name in COLUMNS}
    pq.write_table(pa.table(columns), folder / "consensus.parquet", compression="zstd")
    manifest = {
        "endpoints": [e.to_dict() for e in table.endpoints],
        "transfer_digest": table.transfer_digest,
        "method": method,
        "rows": len(table),
    }
    write_json(folder / "consensus.json", manifest)
    contribution.to_csv(folder / "contribution.csv", index=False)


def read_consensus(artifact: Artifact, transfer_digest: str | None = None) -> ConsensusTable:
    """Read a verified consensus.

    Raises:
        ArtifactError: The folder holds no consensus, or one over another transfer set.
    """
    if not (artifact / "consensus.json").exists():
        raise ArtifactError("this folder holds no consensus", where=str(artifact.folder), expected="the out= folder of aggregate")
    manifest = read_json(artifact / "consensus.json")
    if transfer_digest is not None and manifest["transfer_digest"] != transfer_digest:
        remedy = "Give the transfer file that the teachers annotated."
        raise ArtifactError(
            "the consensus is over another transfer set",
            where=str(artifact.folder),
            expected=f"transfer set {transfer_digest[:16]}",
            remedy=remedy,
        )
    endpoints = tuple(Endpoint.from_dict(value) for value in manifest["endpoints"])
    frame = pq.read_table(artifact / "consensus.parquet").to_pandas()
    planes = {name: frame[[f"{e.name}/{name}" for e in endpoints]].to_numpy(np.float32) for name in COLUMNS}
    table = ConsensusTable(endpoints, manifest["transfer_digest"], *planes.values(), artifact=artifact)
    return replace(table, acquisition=read_acquisition_scores(artifact, endpoints), confusions=read_noise(artifact, endpoints))
