"""FedProx: FedAvg whose local training is pulled towards the weights of the round's beginning."""

from collections.abc import Mapping
from functools import partial

from fluid.data.dataset import Dataset
from fluid.federation.baselines.baseline import Baseline
from fluid.federation.baselines.common_model import common_model_stage
from fluid.federation.baselines.nodes import of_weights, one_model
from fluid.federation.baselines.spec import FedProxSpec
from fluid.federation.baselines.weight_rounds import Common, weight_rounds
from fluid.federation.spec import FederationSpec
from fluid.pipeline.stage import Stage, Work


def fedprox_stage(parts: Mapping[str, Dataset], transfer: Dataset, spec: FederationSpec, settings: FedProxSpec) -> Stage:
    """Describe FedProx; with `mu` of 0 it is FedAvg.

    References:
        Li et al. 2020, Federated optimization in heterogeneous networks, arXiv:1812.06127, algorithm 2.
    """

    def rounds(work: Work) -> Common:
        from fluid.training.proximal import ProximalModule  # Lightning is imported when a training begins

        module = partial(ProximalModule, mu=settings.mu)
        return weight_rounds(parts, spec, settings.rounds, settings.local_epochs, module, work)

    return common_model_stage("fedprox", parts, transfer, spec, rounds, {"settings": settings})


BASELINE = Baseline(
    FedProxSpec,
    partial(of_weights, "fedprox", fedprox_stage),
    partial(one_model, "fedprox"),
    rounds="fedprox",
    leaves="weights, every round",
    averages_weights=True,
    learns_bounds=True,
)
