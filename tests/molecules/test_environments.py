import numpy as np
import pytest
from rdkit import Chem

from fluid.molecules.environment_library import EnvironmentLibrary, environment_batch
from fluid.molecules.environments import EnvironmentBatch
from fluid.molecules.features import featurize
from fluid.molecules.packed import PackedGraphs

SMILES = ("CCO", "C", "Oc1ccccc1", "CC(N)=O", "c1ccc(CCO)cc1", "C1CC1C#N", "O=S(=O)(N)c1ccc2[nH]ccc2c1", "[Na+]")


def trees(smiles: str, radius: int) -> list[object]:
    """Describe each atom's environment the slow way: a nested tuple of what messages see."""
    mol = Chem.MolFromSmiles(smiles)
    atoms, _, _ = featurize(mol)
    bonds = featurize(mol)[2]
    edges: dict[int, list[tuple[int, int]]] = {i: [] for i in range(mol.GetNumAtoms())}
    position = 0
    for i in range(mol.GetNumAtoms()):
        for j in sorted(a.GetIdx() for a in mol.GetAtomWithIdx(i).GetNeighbors()):
            edges[i].append((j, int(bonds[position])))
            position += 1
    names: list[object] = [tuple(row) for row in atoms.tolist()]
    for _ in range(radius):
        names = [(names[i], tuple(sorted(((names[j], b) for j, b in edges[i]), key=repr))) for i in range(len(names))]
    return names


def unfold(found: EnvironmentBatch, level: int, index: int) -> object:
    """Describe an environment from the numbered layers, as `trees` does."""
    if level == 0:
        return tuple(found.atoms[index].tolist())
    layer = found.layers[level - 1]
    edges = np.flatnonzero(layer.destination.numpy() == index)
    below = sorted(((unfold(found, level - 1, int(layer.source[e])), int(layer.bond[e])) for e in edges), key=repr)
    return unfold(found, level - 1, int(layer.centre[index])), tuple(below)


@pytest.mark.parametrize("radius", [0, 1, 2, 3])
def test_environments_are_those_that_messages_see(radius: int) -> None:
    found = environment_batch(PackedGraphs.from_smiles(SMILES), radius)
    expected = [name for smiles in SMILES for name in trees(smiles, radius)]
    assert [unfold(found, radius, int(index)) for index in found.environment] == expected


@pytest.mark.parametrize("radius", [0, 1, 2, 4])
def test_as_many_as_there_are_different_ones(radius: int) -> None:
    found = environment_batch(PackedGraphs.from_smiles(SMILES), radius)
    different = {name for smiles in SMILES for name in trees(smiles, radius)}
    assert len(np.unique(found.environment)) == len(different)
    assert found.environment.max() + 1 == len(different)


def test_a_molecule_twice_adds_nothing() -> None:
    once, twice = (environment_batch(PackedGraphs.from_smiles(SMILES * n), 3) for n in (1, 2))
    assert [len(layer.centre) for layer in once.layers] == [len(layer.centre) for layer in twice.layers]
    np.testing.assert_array_equal(twice.environment, np.tile(once.environment, 2))


def test_molecules_without_bonds_and_no_molecules() -> None:
    found = environment_batch(PackedGraphs.from_smiles(("C", "[Na+]", "C")), 2)
    assert found.environment.tolist() == [0, 1, 0]
    assert len(environment_batch(PackedGraphs.from_smiles(()), 2).environment) == 0


@pytest.mark.parametrize("index", [[0], [5, 2, 5, 0], [7, 1], list(range(8))])
def test_a_batch_of_a_library_is_numbered_like_its_molecules_alone(index: list[int]) -> None:
    graphs = PackedGraphs.from_smiles(SMILES)
    found = EnvironmentLibrary.of(graphs, 3).batch(np.array(index))
    alone = environment_batch(graphs.take(np.array(index)), 3)
    assert len(found.layers) == len(alone.layers) == 3
    for ours, theirs in zip((found.atoms, *found[2:]), (alone.atoms, *alone[2:]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(found.layers, alone.layers, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
