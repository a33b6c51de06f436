"""Each encoder against the plain reading of its equations: loops over atoms and bonds, or PyG's own layers."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import GINEConv
from torch_geometric.nn.models import AttentiveFP

from fluid.models.aggregate import SUM_SCALE, readout, sum_to_nodes
from fluid.models.encoders.attentivefp import TIMESTEPS, AttentiveFPEncoder
from fluid.models.encoders.dmpnn import DMPNNEncoder
from fluid.models.encoders.gine import GINEEncoder
from fluid.molecules.batch import GraphBatch
from fluid.molecules.environment_library import environment_batch
from fluid.molecules.features import ATOM_FEATURES
from fluid.molecules.packed import PackedGraphs
from tests.models.conftest import SMILES, batch_of, settled


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def slow_readout(states: Tensor, batch: GraphBatch) -> Tensor:
    parts = [states[batch.molecule == m] for m in range(batch.n_molecules)]
    return torch.stack([torch.cat([part.sum(0) / SUM_SCALE, part.mean(0)]) for part in parts])


def test_atom_embedding_is_the_sum_over_columns() -> None:
    torch.manual_seed(0)
    encoder, batch = settled(GINEEncoder(8, 1, 0.0)), batch_of(SMILES)
    tables = torch.split(encoder.atoms.table.weight, list(ATOM_FEATURES))
    expected = torch.stack([sum(table[row[i]] for i, table in enumerate(tables)) for row in batch.atoms])  # type: ignore[misc]
    close(encoder.atoms(batch.atoms), expected)


def test_gine_is_pygs_convolution() -> None:
    torch.manual_seed(0)
    encoder, batch = settled(GINEEncoder(8, 3, 0.5)), batch_of(SMILES)
    states = encoder.atoms(batch.atoms)
    for layer in encoder.layers:
        convolution = GINEConv(layer.mlp, eps=0.0).double().eval()
        states = states + F.relu(layer.norm(convolution(states, batch.edge_index, layer.bonds(batch.bonds))))
    close(encoder(batch), slow_readout(states, batch))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize("layers", [1, 4])
@pytest.mark.parametrize("kind", [GINEEncoder, DMPNNEncoder])
def test_distinct_environments_give_the_same_vectors(
    kind: type[GINEEncoder | DMPNNEncoder], layers: int, dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    encoder = settled(kind(16, layers, 0.5)).to(dtype)
    library = encoder.environments(PackedGraphs.from_smiles(SMILES))
    for block in (4, 2048):
        monkeypatch.setattr("fluid.models.blocks.BLOCK", block)
        for index in (np.arange(len(SMILES)), np.array([3, 1, 3, 0]), np.array([0]), np.array([], dtype=np.int64)):
            with torch.inference_mode():
                fast, plain = encoder.on_environments(library.batch(index)), encoder(batch_of([SMILES[i] for i in index]))
            torch.testing.assert_close(fast, plain, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", [GINEEncoder, DMPNNEncoder])
def test_compact_names_are_the_same_names(kind: type[GINEEncoder | DMPNNEncoder]) -> None:
    encoder, graphs, index = kind(8, 3, 0.0), PackedGraphs.from_smiles(SMILES), np.array([2, 0, 2])
    long, short = (encoder.environments(graphs, compact).batch(index) for compact in (False, True))
    torch.testing.assert_close(encoder.eval().on_environments(long), encoder.on_environments(short), rtol=0, atol=0)


def test_dmpnn_trains_on_distinct_bonds_as_on_all() -> None:
    torch.manual_seed(0)
    encoder = DMPNNEncoder(8, 3, 0.0).double().train()
    batches = (encoder.environments(PackedGraphs.from_smiles(SMILES)).batch(np.arange(len(SMILES))), batch_of(SMILES))
    outputs = (encoder.on_environments(batches[0]), encoder(batches[1]))
    grads = [torch.autograd.grad(vectors.sin().sum(), list(encoder.parameters())) for vectors in outputs]
    for fast, plain in zip(*grads, strict=True):
        close(fast, plain)


def test_in_training_a_molecule_twice_changes_no_statistic() -> None:
    torch.manual_seed(0)
    encoder = GINEEncoder(16, 3, 0.0).double().train()
    once, twice = (encoder.on_environments(environment_batch(PackedGraphs.from_smiles(SMILES * n), 3)) for n in (1, 2))
    close(twice, once.repeat(2, 1))


def test_in_training_gradients_are_those_of_the_plain_path_when_no_environment_repeats() -> None:
    torch.manual_seed(0)
    encoder = GINEEncoder(8, 1, 0.0).double().train()
    smiles = ("FC(Cl)(Br)I",)  # five atoms, five environments
    grads = []
    for vectors in (encoder.on_environments(environment_batch(PackedGraphs.from_smiles(smiles), 1)), encoder(batch_of(smiles))):
        grads.append(torch.autograd.grad(vectors.square().sum(), list(encoder.parameters())))
    for fast, plain in zip(*grads, strict=True):
        close(fast, plain)


def test_dmpnn_is_the_loop_over_bonds() -> None:
    torch.manual_seed(0)
    encoder, batch = settled(DMPNNEncoder(8, 3, 0.5)), batch_of(SMILES)
    atoms, bonds = encoder.atoms(batch.atoms), encoder.bonds(batch.bonds)
    edges = [(int(v), int(w)) for v, w in batch.edge_index.T]
    first = {(v, w): atoms[v] + bonds[i] for i, (v, w) in enumerate(edges)}
    states = {edge: F.relu(value) for edge, value in first.items()}
    zero = torch.zeros(8, dtype=torch.float64)
    for _ in range(3):
        messages = {(v, w): sum((states[k, u] for k, u in edges if u == v and k != w), zero) for v, w in edges}
        states = {edge: F.relu(first[edge] + encoder.message.weight @ messages[edge]) for edge in edges}
    arrived = torch.stack([sum((states[k, u] for k, u in edges if u == v), zero) for v in range(len(atoms))])
    final = F.relu(encoder.update(torch.cat([atoms, arrived], dim=1)))
    close(encoder(batch), encoder.norm(slow_readout(final, batch)))


def test_attentivefp_is_pygs() -> None:
    torch.manual_seed(0)
    encoder, batch = settled(AttentiveFPEncoder(8, 2, 0.3)), batch_of(SMILES)
    theirs = AttentiveFP(8, 8, 8, edge_dim=8, num_layers=2, num_timesteps=TIMESTEPS, dropout=0.3).double().eval()
    theirs.load_state_dict(encoder.attention.state_dict())
    expected = theirs(encoder.atoms(batch.atoms), batch.edge_index, encoder.bonds(batch.bonds), batch.molecule)
    close(encoder(batch), expected)


def test_sum_to_nodes_and_readout_of_molecules_without_bonds() -> None:
    assert torch.equal(sum_to_nodes(torch.ones(0, 3), torch.empty(0, dtype=torch.int64), 2), torch.zeros(2, 3))
    batch = batch_of(("C", "N"))
    states = torch.tensor([[1.0], [2.0]])
    close(readout(states, batch.molecule, batch.ptr), torch.tensor([[1 / SUM_SCALE, 1.0], [2 / SUM_SCALE, 2.0]]))


def test_the_readout_of_a_molecule_without_atoms_is_zero() -> None:
    states, molecule, ptr = torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]), torch.tensor([0, 2, 2])
    close(readout(states, molecule, ptr), torch.tensor([[4 / SUM_SCALE, 2.0], [0.0, 0.0]]))
