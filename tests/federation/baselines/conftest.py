"""All baselines on the small federation, made once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec, FedAvgSpec, FedDFSpec, FedMDSpec, FedProxSpec, SGESpec
from fluid.federation.simulation import simulate
from fluid.federation.spec import FederationSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.federation.conftest import Finished

ALL = BaselinesSpec(
    fedavg=FedAvgSpec(2, 1),
    fedprox=FedProxSpec(2, 1, 0.0),
    feddf=FedDFSpec(1, 1, 60, 1),
    fedmd=FedMDSpec(2, 80, 1, 1),
    dsfl=DSFLSpec(2, 80, 1, 1, 1.0),
    sge=SGESpec("fedavg", 2, 1.0),
)

Run = Callable[..., Finished]


@pytest.fixture(scope="session")
def compared(finished: Finished, spec: FederationSpec) -> Finished:
    """Run the small federation with all baselines, over the store of the plain one."""
    asked, runner = replace(spec, baselines=ALL), Runner(ArtifactStore(finished.runner.store.root))
    return Finished(asked, runner, simulate(asked, runner))
