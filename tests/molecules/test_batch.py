import numpy as np
import pytest
import torch
from rdkit import Chem
from torch_geometric.data import Batch, Data

from fluid.models.pyg import to_pyg
from fluid.molecules.batch import GraphTensors, gather
from fluid.molecules.features import DEGREE_COLUMN, featurize
from fluid.molecules.packed import PackedGraphs

SMILES = ["CCO", "C", "c1ccccc1O", "[Na+]", "CC(=O)N", "C1CC1"]


@pytest.fixture(scope="module")
def graphs() -> GraphTensors:
    return GraphTensors.from_packed(PackedGraphs.from_smiles(SMILES))


def pyg_batch(index: list[int]) -> Batch:
    """Build the batch the usual way, one object per molecule."""
    items = []
    for i in index:
        atoms, neighbours, bonds = featurize(Chem.MolFromSmiles(SMILES[i]))
        destination = np.repeat(np.arange(len(atoms)), atoms[:, DEGREE_COLUMN])
        edges = torch.tensor(np.stack([neighbours.astype(np.int64), destination]))
        items.append(Data(x=torch.tensor(atoms).long(), edge_index=edges, edge_attr=torch.tensor(bonds).long()))
    return Batch.from_data_list(items)


@pytest.mark.parametrize("index", [[0], [1], [3], [2, 0, 2], [0, 1, 2, 3, 4, 5], [5, 3, 1]])
def test_gather_is_pyg_collation(graphs: GraphTensors, index: list[int]) -> None:
    ours, theirs = gather(graphs, torch.tensor(index)), pyg_batch(index)
    assert torch.equal(ours.atoms, theirs.x)
    assert torch.equal(ours.edge_index, theirs.edge_index)
    assert torch.equal(ours.bonds, theirs.edge_attr)
    assert torch.equal(ours.molecule, theirs.batch)
    assert torch.equal(ours.ptr, theirs.ptr)
    assert ours.n_molecules == len(index)


def test_reverse_is_the_opposite_edge(graphs: GraphTensors) -> None:
    batch = gather(graphs, torch.tensor([2, 0, 4, 5]))
    assert torch.equal(batch.edge_index[:, batch.reverse], batch.edge_index.flip(0))
    assert torch.equal(batch.bonds[batch.reverse], batch.bonds)
    assert torch.equal(batch.reverse[batch.reverse], torch.arange(len(batch.bonds)))


def test_an_empty_batch(graphs: GraphTensors) -> None:
    batch = gather(graphs, torch.empty(0, dtype=torch.int64))
    assert (batch.n_molecules, len(batch.atoms), batch.edge_index.shape) == (0, 0, (2, 0))


def test_to_pyg_has_the_fields_of_a_pyg_batch(graphs: GraphTensors) -> None:
    batch = to_pyg(gather(graphs, torch.tensor([0, 2])))
    assert batch.num_graphs == 2
    assert torch.equal(batch.edge_index, pyg_batch([0, 2]).edge_index)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_are_the_same_on_a_gpu(graphs: GraphTensors) -> None:
    index = torch.tensor([2, 0, 4])
    there = GraphTensors.from_packed(PackedGraphs.from_smiles(SMILES), "cuda")
    for ours, theirs in zip(gather(graphs, index), gather(there, index.cuda()), strict=True):
        assert torch.equal(ours, theirs.cpu())
