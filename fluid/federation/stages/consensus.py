"""Stage `consensus`: the annotations of all teachers become one soft label per transfer molecule."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from fluid.annotation.annotation_set import Annotations, AnnotationSet, stack
from fluid.annotation.domain import bin_midpoints
from fluid.distillation import Consensus, combine, teacher_weights
from fluid.federation.consensus_table import ConsensusTable, write_consensus
from fluid.federation.spec import ConsensusSpec
from fluid.federation.stage import Stage, Work


def tensors(annotations: Annotations, edges: tuple[float, ...]) -> Mapping[str, torch.Tensor]:
    """Return the annotations as the tensors that a consensus reads."""
    similarity = np.asarray(bin_midpoints(edges), dtype=np.float32)[annotations.domain_bin]
    planes = {"predictions": annotations.prediction, "epistemic": annotations.epistemic, "aleatoric": annotations.aleatoric}
    return {
        **{name: torch.from_numpy(np.ascontiguousarray(plane)) for name, plane in planes.items()},
        "similarity": torch.from_numpy(similarity),
    }


def combine_annotations(annotations: Annotations, spec: ConsensusSpec, edges: tuple[float, ...]) -> Consensus:
    """Combine all annotations by the method that the spec names."""
    kinds = [endpoint.kind for endpoint in annotations.endpoints]
    return combine(spec.method, tensors(annotations, edges), kinds, **spec.options)


def contribution_table(annotations: Annotations, spec: ConsensusSpec, edges: tuple[float, ...]) -> pd.DataFrame:
    """Return each teacher's share of the consensus weight, and of its molecules the share that it weighs most for."""
    kinds = [endpoint.kind for endpoint in annotations.endpoints]
    weights = teacher_weights(spec.method, tensors(annotations, edges), kinds, **spec.options)
    share = torch.nan_to_num(weights).mean(dim=(1, 2)).numpy()
    return pd.DataFrame({"company": annotations.teachers, "weight_share": share / share.sum()})


def consensus_stage(sets: Sequence[AnnotationSet], spec: ConsensusSpec, edges: tuple[float, ...]) -> Stage:
    """Describe the consensus of annotation sets.

    Args:
        sets: One per teacher, in any order.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
    """

    def build(folder: Path, work: Work) -> None:
        annotations = stack(sets)
        combined = combine_annotations(annotations, spec, edges)
        planes = (plane.numpy() for plane in combined)
        table = ConsensusTable(annotations.endpoints, annotations.transfer_digest, *planes)
        write_consensus(folder, table, spec.method, contribution_table(annotations, spec, edges))

    return Stage(
        "consensus", "consensus", {"sets": sorted(annotations.digest for annotations in sets), "spec": spec, "edges": edges}, build
    )
