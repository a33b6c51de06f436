import numpy as np
from rdkit import Chem

from fluid.molecules.features import featurize_each
from fluid.molecules.featurize import featurize
from fluid.molecules.fingerprints import morgan_bits

SMILES = ["CCO", "c1ccc2[nH]ccc2c1", "C[C@H](N)C(=O)O", "C" * 300, "C", "O=[N+]([O-])c1ccccc1"] * 60


def test_graphs_and_fingerprints_are_those_made_separately() -> None:
    graphs, bits = featurize(map(Chem.MolFromSmiles, SMILES))
    slow = featurize_each([Chem.MolFromSmiles(smiles) for smiles in SMILES])
    np.testing.assert_array_equal(np.diff(graphs.atom_offsets), slow.n_atoms)
    np.testing.assert_array_equal(np.diff(graphs.edge_offsets), slow.n_edges)
    for name in ("atoms", "neighbours", "bonds"):
        np.testing.assert_array_equal(getattr(graphs, name), getattr(slow, name))
    np.testing.assert_array_equal(bits, morgan_bits(SMILES))


def test_no_molecule() -> None:
    graphs, bits = featurize([])
    assert len(graphs) == len(bits) == 0
    assert bits.shape == (0, 256)
