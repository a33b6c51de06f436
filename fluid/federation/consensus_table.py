"""The consensus as a file: soft label and confidence per transfer molecule and endpoint; with details also what tells of companies."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.annotation.annotation_set import AnnotationSet
from fluid.artifacts import Artifact, hash_json, read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.federation.acquisition_scores import read_acquisition_scores
from fluid.federation.label_noise import Confusions, read_noise

if TYPE_CHECKING:  # a prediction should not wait for pandas
    import pandas as pd

LEARNT, SUPPORT = ("soft_label", "confidence"), "support"
COLUMNS = (*LEARNT, SUPPORT)
TABLE, ABOUT, CONTRIBUTION = "consensus.parquet", "consensus.json", "contribution.csv"
DETAILS = "aggregate with details=true"
"""How a consensus comes to hold more than students need."""


@dataclass(frozen=True, slots=True)
class ConsensusTable:
    """What all teachers together say of a transfer set.

    Attributes:
        endpoints: The `T` endpoints.
        transfer_digest: Identity of the transfer set.
        soft_label: Probability or value `(M, T)`; NaN where no teacher answered.
        confidence: In [0, 1], `(M, T)`.
        support: Effective number of teachers behind a soft label, `(M, T)`; `None` of a consensus without details.
        acquisition: What else the annotations say, `(M,)` or `(M, T)` by name; see `fluid.distillation.acquisition`;
            none without details.
        sets: Hash of the annotation sets that it is of; empty of one made by an earlier version.
        companies: How many there are, which every partner knows anyway; 0 of one made by an earlier version.
        promised: What the certificates of its companies say of it, without names; empty where nobody has one.
        confusions: How its labels confuse the truth, where the consensus estimates that; else empty.
        artifact: What it was read from; `None` while it is being made.
    """

    endpoints: tuple[Endpoint, ...]
    transfer_digest: str
    soft_label: np.ndarray
    confidence: np.ndarray
    support: np.ndarray | None
    acquisition: Mapping[str, np.ndarray] = field(default_factory=dict, kw_only=True)
    sets: str = field(default="", kw_only=True)
    companies: int = field(default=0, kw_only=True)
    promised: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
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


def hash_sets(sets: Sequence[AnnotationSet]) -> str:
    """Return a hash of annotation sets, in any order: what a consensus is of, without a name."""
    return hash_json(sorted(one.digest for one in sets))


def companies_in(artifact: Artifact | None) -> tuple[str, ...]:
    """Return the names of the companies that a consensus says it is of; none where it does not, or is still being made."""
    if artifact is None or not (artifact / CONTRIBUTION).is_file():
        return ()
    with (artifact / CONTRIBUTION).open(encoding="utf-8", newline="") as stream:
        return tuple(row["company"] for row in csv.DictReader(stream))


def write_consensus(folder: Path, table: ConsensusTable, method: str, contribution: "pd.DataFrame | None") -> None:
    """Write `consensus.parquet`, `consensus.json` and, where they are given, support and `contribution.csv` into a stage's folder."""
    planes = {name: plane for name in COLUMNS if (plane := getattr(table, name)) is not None}
    columns = {f"{e.name}/{name}": plane[:, i].astype(np.float32) for i, e in enumerate(table.endpoints) for name, plane in planes.items()}
    pq.write_table(pa.table(columns), folder / TABLE, compression="zstd")
    manifest = {
        "endpoints": [e.to_dict() for e in table.endpoints],
        "transfer_digest": table.transfer_digest,
        "method": method,
        "rows": len(table),
        "sets": table.sets,
        "companies": table.companies,
        **({"promised": dict(table.promised)} if table.promised else {}),
    }
    write_json(folder / ABOUT, manifest)
    if contribution is not None:
        contribution.to_csv(folder / CONTRIBUTION, index=False)


def read_consensus(artifact: Artifact, transfer_digest: str | None = None) -> ConsensusTable:
    """Read a verified consensus.

    Raises:
        ArtifactError: The folder holds no consensus, or one over another transfer set.
    """
    if not (artifact / ABOUT).exists():
        raise ArtifactError("this folder holds no consensus", where=str(artifact.folder), expected="the out= folder of aggregate")
    manifest = read_json(artifact / ABOUT)
    if transfer_digest is not None and manifest["transfer_digest"] != transfer_digest:
        remedy = "Give the transfer file that the teachers annotated."
        raise ArtifactError(
            "the consensus is over another transfer set",
            where=str(artifact.folder),
            expected=f"transfer set {transfer_digest[:16]}",
            remedy=remedy,
        )
    endpoints = tuple(Endpoint.from_dict(value) for value in manifest["endpoints"])
    frame = pq.read_table(artifact / TABLE).to_pandas()
    known = (*LEARNT, *([SUPPORT] if f"{endpoints[0].name}/{SUPPORT}" in frame else []))
    planes = {SUPPORT: None, **{name: frame[[f"{e.name}/{name}" for e in endpoints]].to_numpy(np.float32) for name in known}}
    counted = {"sets": manifest.get("sets", ""), "companies": manifest.get("companies", 0), "promised": manifest.get("promised", {})}
    table = ConsensusTable(endpoints, manifest["transfer_digest"], **planes, **counted, artifact=artifact)
    return replace(table, acquisition=read_acquisition_scores(artifact, endpoints), confusions=read_noise(artifact, endpoints))
