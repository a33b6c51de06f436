"""DS-FL: the coordinator's model learns the companies' mean answer with its entropy reduced, round by round."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from fluid.data.dataset import Dataset
from fluid.distillation.sharpen import sharpen
from fluid.federation.baselines.baseline import Baseline
from fluid.federation.baselines.nodes import one_model, starting_from_teachers
from fluid.federation.baselines.prediction_rounds import Course, prediction_rounds
from fluid.federation.baselines.rounds_stage import rounds_stage, write_central
from fluid.federation.baselines.spec import DSFLSpec
from fluid.federation.model_folder import Model
from fluid.federation.model_nodes import open_model
from fluid.federation.spec import FederationSpec
from fluid.pipeline.graph import Node
from fluid.pipeline.stage import Stage, Work

NAME = "dsfl"


def reduce_entropy(mean: Tensor, is_class: Tensor, temperature: float) -> Tensor:
    """Return mean answers `(M, T)` with sharper probabilities; values, where `is_class` `(T,)` is false, are left alone.

    DS-FL puts a softmax with a temperature on the mean of what the networks put out (Itahara et al. 2020, sec. 3.3); here the mean is a
    probability and goes through its logit, so that a temperature of 1 changes nothing, bit by bit.
    """
    return torch.where(is_class, sharpen(mean.double(), temperature).to(mean.dtype), mean)


def dsfl_stage(
    parts: Mapping[str, Dataset],
    teachers: Mapping[str, Model],
    transfer: Dataset,
    spec: FederationSpec,
    settings: DSFLSpec,
) -> Stage:
    """Describe DS-FL; the result is the coordinator's model. With a temperature of 1 it is FedMD's member without data.

    A company's local update is a teacher's training in the first round, and a revisit of its own labels in later ones.

    References:
        Itahara et al. 2020, Distillation-based semi-supervised federated learning, arXiv:2008.06180, algorithm 1.
    """

    def build(folder: Path, work: Work) -> None:
        is_class = torch.tensor([endpoint.kind == "classification" for endpoint in next(iter(teachers.values())).predictor.endpoints])

        reduced = partial(reduce_entropy, is_class=is_class, temperature=settings.temperature)
        digested = prediction_rounds(Course(parts, teachers, transfer, spec, settings, work), reduced, revisit_last=False)
        write_central(folder, NAME, digested, spec)
        digested.wire.write(folder)

    return rounds_stage(NAME, parts, teachers, transfer, spec, settings, build)


def nodes(settings: DSFLSpec, spec: FederationSpec) -> Iterator[Node]:
    """Yield the rounds, whose result is the coordinator's model."""
    yield replace(starting_from_teachers(NAME, dsfl_stage, settings, spec), opened=open_model)


BASELINE = Baseline(
    DSFLSpec,
    nodes,
    partial(one_model, NAME),
    rounds=NAME,
    leaves="predictions of public molecules, every round",
    learns_soft=True,
    learns_bounds=True,
)
