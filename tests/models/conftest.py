"""Molecules and small networks that the model tests share."""

import pytest
import torch

from fluid.data.endpoints import Endpoint
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphBatch, GraphTensors, gather
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import PackedGraphs

SMILES = ("CCO", "C", "Oc1ccccc1", "CC(N)=O", "C1CC1C#N", "O=S(=O)(N)c1ccc2[nH]ccc2c1", "C[C@H](N)C(=O)O")
ENDPOINTS = (Endpoint.parse("active"), Endpoint.parse("logd [log]"))


def batch_of(smiles: tuple[str, ...]) -> GraphBatch:
    """Return molecules as one batch."""
    return gather(GraphTensors.from_packed(PackedGraphs.from_smiles(smiles)), torch.arange(len(smiles)))


def settled(network: torch.nn.Module) -> torch.nn.Module:
    """Give the batch norms statistics that differ from their defaults, then switch to evaluation in float64."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) * 0.1)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
    return network.double().eval()


@pytest.fixture(scope="session")
def molecules() -> MoleculeSet:
    """Return a few molecules, one without bonds."""
    return MoleculeSet.from_smiles(SMILES)


@pytest.fixture(params=["gine", "dmpnn", "attentivefp"])
def network(request: pytest.FixtureRequest) -> Network:
    """Return a small network of each kind, in float64."""
    torch.manual_seed(0)
    return settled(Network(NetworkSpec(request.param, hidden=8, layers=3), ENDPOINTS))  # type: ignore[return-value]
