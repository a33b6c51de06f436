"""Acquisition scores on transfer molecules: made with the consensus, kept beside it, read by the selection of the student's molecules."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from fluid.annotation.annotation_set import Annotations
from fluid.artifacts import Artifact
from fluid.data.endpoints import Endpoint
from fluid.distillation.acquisition import ACQUISITION, acquisition_scores

FILE = "acquisition.parquet"


def write_acquisition_scores(folder: Path, annotations: Annotations, n_bins: int) -> None:
    """Write the acquisition scores of stacked annotations as `acquisition.parquet`; `n_bins` is the number of steps of the domain score."""
    planes = (annotations.prediction, annotations.epistemic, annotations.aleatoric)
    prediction, epistemic, aleatoric = (torch.from_numpy(np.ascontiguousarray(plane)) for plane in planes)
    bins = torch.from_numpy(annotations.domain_bin.astype(np.int64))
    acquisition = acquisition_scores(prediction, epistemic, aleatoric, bins, n_bins)
    columns: dict[str, np.ndarray] = {}
    for name, plane in acquisition.items():
        values = plane.numpy().astype(np.float32)
        columns |= {name: values} if values.ndim == 1 else {f"{e.name}/{name}": values[:, i] for i, e in enumerate(annotations.endpoints)}
    pq.write_table(pa.table(columns), folder / FILE, compression="zstd")


def read_acquisition_scores(artifact: Artifact, endpoints: Sequence[Endpoint]) -> Mapping[str, np.ndarray]:
    """Return the acquisition `(M,)` or `(M, T)` by name; none if the consensus was made without."""
    if not (artifact / FILE).exists():
        return {}
    table = pq.read_table(artifact / FILE)
    columns = {name: [name] if name in table.column_names else [f"{e.name}/{name}" for e in endpoints] for name in ACQUISITION}
    planes = {name: np.stack([table[column].to_numpy() for column in wanted], axis=1) for name, wanted in columns.items()}
    return {name: plane[:, 0] if columns[name] == [name] else plane for name, plane in planes.items()}
