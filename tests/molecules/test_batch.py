from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from torch_geometric.data import Batch, Data
from torch_geometric.nn import global_add_pool, global_mean_pool

from fluid.models.pyg import to_pyg
from fluid.molecules.batch import GraphTensors, gather
from fluid.molecules.features import DEGREE_COLUMN, bond_category, featurize
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


def naive_batch(index: list[int]) -> tuple[list[list[int]], list[tuple[int, int, int]], list[int], list[int]]:
    """Concatenate RDKit's atoms and bonds, molecule by molecule, with a running number of atoms."""
    atoms: list[list[int]] = []
    edges: list[tuple[int, int, int]] = []
    owner: list[int] = []
    ptr = [0]
    for number, i in enumerate(index):
        mol = Chem.MolFromSmiles(SMILES[i])
        atoms += featurize(mol)[0].tolist()
        for atom in range(mol.GetNumAtoms()):
            for other in range(mol.GetNumAtoms()):
                bond = mol.GetBondBetweenAtoms(other, atom)
                if bond is not None:
                    edges.append((ptr[-1] + other, ptr[-1] + atom, bond_category(bond)))
        owner += [number] * mol.GetNumAtoms()
        ptr.append(ptr[-1] + mol.GetNumAtoms())
    return atoms, edges, owner, ptr


@pytest.mark.parametrize("seed", range(6))
def test_gather_is_the_plain_concatenation(graphs: GraphTensors, seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = rng.integers(0, len(SMILES), rng.integers(1, 20)).tolist()
    batch = gather(graphs, torch.tensor(index))
    atoms, edges, owner, ptr = naive_batch(index)
    assert batch.atoms.tolist() == atoms
    assert list(zip(*batch.edge_index.tolist(), batch.bonds.tolist(), strict=True)) == edges
    assert (batch.molecule.tolist(), batch.ptr.tolist()) == (owner, ptr)
    assert [edges[i][:2] for i in batch.reverse.tolist()] == [(b, a) for a, b, _ in edges]
    assert {tensor.dtype for tensor in batch} == {torch.int64}


@pytest.mark.parametrize("index", [[1], [3, 1, 1], [3, 3]])
def test_molecules_without_bonds_alone(graphs: GraphTensors, index: list[int]) -> None:
    batch = gather(graphs, torch.tensor(index))
    assert (batch.edge_index.shape, len(batch.bonds), len(batch.reverse)) == ((2, 0), 0, 0)
    assert batch.molecule.tolist() == list(range(len(index)))


def test_a_memory_mapped_library_gives_the_same_batches(graphs: GraphTensors, tmp_path: Path) -> None:
    PackedGraphs.from_smiles(SMILES).save(tmp_path)
    mapped = GraphTensors.from_packed(PackedGraphs.load(tmp_path))
    assert len(mapped) == len(graphs) == len(SMILES)
    for ours, theirs in zip(gather(mapped, torch.tensor([4, 1, 4])), gather(graphs, torch.tensor([4, 1, 4])), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("index", [[6], [0, 99]])
def test_a_molecule_outside_the_library_is_refused(graphs: GraphTensors, index: list[int]) -> None:
    with pytest.raises(IndexError, match="out of (bounds|range)"):
        gather(graphs, torch.tensor(index))


def test_pyg_pools_the_batch_as_it_does_its_own(graphs: GraphTensors) -> None:
    index = [2, 1, 0, 3]
    ours, theirs = to_pyg(gather(graphs, torch.tensor(index))), pyg_batch(index)
    for pool in (global_add_pool, global_mean_pool):
        assert torch.equal(pool(ours.x.double(), ours.batch), pool(theirs.x.double(), theirs.batch))
    assert (ours.num_nodes, ours.num_edges, ours.num_graphs) == (theirs.num_nodes, theirs.num_edges, theirs.num_graphs)
    assert torch.equal(ours.edge_attr[:, 0], theirs.edge_attr)


def test_an_empty_batch(graphs: GraphTensors) -> None:
    batch = gather(graphs, torch.empty(0, dtype=torch.int64))
    assert (batch.n_molecules, len(batch.atoms), batch.edge_index.shape) == (0, 0, (2, 0))


def test_to_pyg_shares_memory(graphs: GraphTensors) -> None:
    batch = gather(graphs, torch.tensor([0, 2]))
    assert to_pyg(batch).x.data_ptr() == batch.atoms.data_ptr()


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
