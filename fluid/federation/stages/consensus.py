"""Stage `consensus`: the annotations of all teachers become one soft label per transfer molecule."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fluid.annotation.annotation_set import Annotations, AnnotationSet, stack
from fluid.annotation.distance import closeness, span
from fluid.annotation.domain import bin_midpoints
from fluid.distillation.combine import Rule, fit_consensus
from fluid.distillation.consensus import Consensus
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ConfigError
from fluid.federation.acquisition_scores import write_acquisition_scores
from fluid.federation.consensus_table import ConsensusTable, hash_sets, write_consensus
from fluid.federation.label_noise import write_noise
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/consensus.py"

BY_EVIDENCE = "evidence"
"""The method that weighs teachers by their evidence."""

Scale = tuple[float, float]


def reads_evidence(spec: ConsensusSpec) -> bool:
    """Return whether a consensus needs the evidence that teachers released."""
    return spec.method == BY_EVIDENCE


def scale_of(annotations: Annotations) -> Scale | None:
    """Return the span of all released distances; `None` where there are none."""
    return None if annotations.distance is None else span(annotations.distance)


def similarity_of(annotations: Annotations, edges: tuple[float, ...], scale: Scale | None = None) -> np.ndarray:
    """Return how close each molecule lies to each teacher's data `(K, M)` float32, in [0, 1].

    From raw distances, where the teachers released them, on one scale for all (by default that of these annotations); from evidence, where
    they released that, as a share of what the teacher knows who knows most of the molecule; else from bins.
    """
    if annotations.familiarity is not None:
        share: np.ndarray = annotations.familiarity / annotations.familiarity.max(axis=0, keepdims=True)
        return share
    if annotations.distance is not None:
        return closeness(annotations.distance, scale or span(annotations.distance))
    middle: np.ndarray = np.asarray(bin_midpoints(edges), dtype=np.float32)[annotations.domain_bin]
    return middle


def tensors(
    annotations: Annotations, edges: tuple[float, ...], labels: np.ndarray | None = None, scale: Scale | None = None
) -> Mapping[str, torch.Tensor]:
    """Return the annotations, and labels where there are any, as the tensors that a consensus reads; `scale` as in `similarity_of`."""
    similarity = similarity_of(annotations, edges, scale)
    planes = {"predictions": annotations.prediction, "epistemic": annotations.epistemic, "aleatoric": annotations.aleatoric}
    planes |= {} if labels is None else {"labels": labels}
    return {
        **{name: torch.from_numpy(np.ascontiguousarray(plane)) for name, plane in planes.items()},
        "similarity": torch.from_numpy(similarity),
    }


def fit_rule(annotations: Annotations, spec: ConsensusSpec, edges: tuple[float, ...], labels: np.ndarray | None = None) -> Rule:
    """Learn the method that the spec names on some annotations.

    Args:
        annotations: The answers of all teachers about `M` molecules.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
        labels: Public labels of some of the molecules `(M, T)`, NaN elsewhere; `None` where there are none.

    Raises:
        ConfigError: The method learns from labels, and there are none.
    """
    kinds = [endpoint.kind for endpoint in annotations.endpoints]
    return fit_consensus(spec.method, tensors(annotations, edges, labels), kinds, **spec.options)


def combine_annotations(
    annotations: Annotations, spec: ConsensusSpec, edges: tuple[float, ...], labels: np.ndarray | None = None
) -> Consensus:
    """Combine all annotations by the method that the spec names; arguments and errors as in `fit_rule`."""
    return fit_rule(annotations, spec, edges, labels)(tensors(annotations, edges))


def contribution_table(annotations: Annotations, rule: Rule, edges: tuple[float, ...]) -> pd.DataFrame:
    """Return each teacher's share of the consensus weight."""
    share = rule.shares(tensors(annotations, edges)).mean(dim=(1, 2)).numpy()
    return pd.DataFrame({"company": annotations.teachers, "weight_share": share / share.sum()})


def labels_hash(labels: np.ndarray | None) -> str:
    """Return a hash of public labels; empty where there are none."""
    return "" if labels is None else hashlib.sha256(np.ascontiguousarray(labels, dtype=np.float32).tobytes()).hexdigest()


def consensus_stage(
    sets: Sequence[AnnotationSet],
    spec: ConsensusSpec,
    edges: tuple[float, ...],
    labels: np.ndarray | None = None,
    details: bool = True,
    promised: Mapping[str, Any] | None = None,
) -> Stage:
    """Describe the consensus of annotation sets.

    Args:
        sets: One per teacher, in any order.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
        labels: Public labels of some molecules `(M, T)`, endpoints by name; for methods that learn from labels.
        details: Whether it also holds what students do not need: support, acquisition scores, and each teacher's share by name. From
            these the domain scores of all companies follow.
        promised: What the companies' certificates say of it; empty or `None` where there are none.

    Raises:
        ConfigError: The method learns from labels or reads evidence, and there is none.
    """
    spec.require_labels(labels is not None)
    silent = [one.teacher for one in sets if one.evidence is None]
    if reads_evidence(spec) and silent:
        raise ConfigError(
            f"consensus=evidence needs evidence, and {silent[0]} released none", expected="teachers trained with annotation.domain=evidence"
        )

    def build(folder: Path, work: Work) -> None:
        annotations = stack(sets)
        rule = fit_rule(annotations, spec, edges, labels)
        soft_label, confidence, support = (plane.numpy() for plane in rule(tensors(annotations, edges)))
        about = (annotations.endpoints, annotations.transfer_digest)
        counted: dict[str, Any] = {"sets": hash_sets(sets), "companies": len(sets), "promised": promised or {}}
        table = ConsensusTable(*about, soft_label, confidence, support if details else None, **counted)
        write_consensus(folder, table, spec.method, contribution_table(annotations, rule, edges) if details else None)
        write_noise(folder, annotations.endpoints, rule.noise(tensors(annotations, edges)))
        if details:
            write_acquisition_scores(folder, annotations, len(edges) + 1)

    inputs = {"sets": hash_sets(sets), "spec": spec, "edges": edges, "labels": labels_hash(labels), "details": details}
    inputs |= {"promised": promised} if promised else {}
    return Stage("consensus", "consensus", inputs, build, module=MODULE, modules=spec.modules)
