"""FedAvg: rounds of local training and averaging of the weights."""

from collections.abc import Mapping
from functools import partial

from fluid.data.dataset import Dataset
from fluid.federation.baselines.baseline import Baseline
from fluid.federation.baselines.common_model import common_model_stage
from fluid.federation.baselines.nodes import of_weights, one_model
from fluid.federation.baselines.spec import FedAvgSpec
from fluid.federation.baselines.weight_rounds import Common, weight_rounds
from fluid.federation.spec import FederationSpec
from fluid.pipeline.stage import Stage, Work


def fedavg_stage(parts: Mapping[str, Dataset], transfer: Dataset, spec: FederationSpec, settings: FedAvgSpec) -> Stage:
    """Describe FedAvg with all companies in every round.

    References:
        McMahan et al. 2017, Communication-efficient learning of deep networks from decentralized data, arXiv:1602.05629, algorithm 1
        (with AdamW, whose state stays in the company, in the place of SGD).
    """

    def rounds(work: Work) -> Common:
        from fluid.training.module import TeacherModule  # Lightning is imported when a training begins

        return weight_rounds(parts, spec, settings.rounds, settings.local_epochs, TeacherModule, work)

    return common_model_stage("fedavg", parts, transfer, spec, rounds, {"settings": settings})


BASELINE = Baseline(
    FedAvgSpec,
    partial(of_weights, "fedavg", fedavg_stage),
    partial(one_model, "fedavg"),
    rounds="fedavg",
    leaves="weights, every round",
    averages_weights=True,
    learns_bounds=True,
)
