"""FedDF: the average of the weights learns what the companies' models together say of public molecules."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from fluid.data.dataset import Dataset
from fluid.distillation.aggregation import mean_logits
from fluid.federation.baselines.baseline import Baseline
from fluid.federation.baselines.common_model import common_model_stage
from fluid.federation.baselines.company import Weights, weights_of
from fluid.federation.baselines.nodes import of_weights, one_model
from fluid.federation.baselines.public import answers, public_rows
from fluid.federation.baselines.spec import FedDFSpec
from fluid.federation.baselines.weight_rounds import Common, Ensemble, Refine, network_spec, weight_rounds
from fluid.federation.spec import FederationSpec
from fluid.pipeline.stage import Stage, Work
from fluid.training.train import Job, train_student


def ensemble_distillation(transfer: Dataset, spec: FederationSpec, settings: FedDFSpec, work: Work) -> Refine:
    """Return the coordinator's step: distil the companies' models, which it has, into their average."""
    config = replace(spec.student_config, epochs=settings.digest_epochs, members=spec.training.teacher.members)

    def refine(number: int, average: Weights, companies: Mapping[str, Weights], ensemble: Ensemble) -> Weights:
        start = ensemble(average)
        molecules = transfer.molecules.take(public_rows(len(transfer), settings.public, spec.seed, number))
        said = answers({name: ensemble(weights) for name, weights in companies.items()}, molecules, spec.annotation.chunk)
        is_class = torch.tensor([endpoint.kind == "classification" for endpoint in start.endpoints])
        soft_label = mean_logits(torch.stack(list(said.values())), is_class).numpy()
        scratch = work.scratch / f"feddf-{number}"
        job = Job(f"feddf {number + 1}", network_spec(spec), config, spec.trainer, spec.seed, scratch=scratch)
        learnt = train_student(job, molecules, soft_label, np.ones_like(soft_label), start.endpoints, start=start)
        return weights_of(learnt.predictor.networks)

    return refine


def feddf_stage(parts: Mapping[str, Dataset], transfer: Dataset, spec: FederationSpec, settings: FedDFSpec) -> Stage:
    """Describe FedDF with one architecture.

    References:
        Lin et al. 2020, Ensemble distillation for robust model fusion in federated learning, arXiv:2006.07242, algorithm 1.
    """

    def rounds(work: Work) -> Common:
        from fluid.training.module import TeacherModule  # Lightning is imported when a training begins

        refine = ensemble_distillation(transfer, spec, settings, work)
        return weight_rounds(parts, spec, settings.rounds, settings.local_epochs, TeacherModule, work, refine)

    return common_model_stage("feddf", parts, transfer, spec, rounds, {"settings": settings, "student": spec.student_config})


BASELINE = Baseline(
    FedDFSpec,
    partial(of_weights, "feddf", feddf_stage),
    partial(one_model, "feddf"),
    rounds="feddf",
    leaves="weights, every round",
    averages_weights=True,
    learns_soft=True,
    learns_bounds=True,
)
