"""Codes of Morgan environments from graphs, against RDKit's own identifiers."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from fluid.molecules.morgan_codes import are_told, environment_codes, first_of_each
from fluid.molecules.packed import PackedGraphs

SMILES = ["CCO", "C", "Oc1ccccc1", "C1CC1C1CC1", "CC(C)(C)c1ccc2[nH]ccc2c1", "[NH3+]CC([O-])=O", "CC.CC", "C" * 70, "N#CC=C"]


def rdkit_codes(smiles: str, radius: int) -> list[int]:
    make = rdFingerprintGenerator.GetMorganGenerator(radius=radius)
    found = make.GetSparseCountFingerprint(Chem.MolFromSmiles(smiles)).GetNonzeroElements()
    return sorted(code for code, count in found.items() for _ in range(count))


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 6])
def test_codes_are_those_of_rdkit(radius: int) -> None:
    rows, codes = environment_codes(PackedGraphs.from_smiles(SMILES), radius)
    for row, text in enumerate(SMILES):
        assert sorted(codes[rows == row].tolist()) == rdkit_codes(text, radius)


def test_the_order_of_atoms_does_not_matter() -> None:
    text = "CC(=O)Nc1ccc(OCC2CC2)cc1C(F)(F)F"
    mol = Chem.MolFromSmiles(text)
    turned = [Chem.MolToSmiles(mol, doRandom=True, canonical=False) for _ in range(8)]
    rows, codes = environment_codes(PackedGraphs.from_smiles([text, *turned]), 3)
    assert len({tuple(sorted(codes[rows == row])) for row in range(9)}) == 1


def test_molecules_do_not_see_each_other() -> None:
    graphs = PackedGraphs.from_smiles(SMILES)
    rows, codes = environment_codes(graphs, 3)
    for row in range(len(SMILES)):
        alone = environment_codes(graphs.take(np.array([row])), 3)[1]
        assert sorted(alone) == sorted(codes[rows == row])


def test_no_molecules() -> None:
    rows, codes = environment_codes(PackedGraphs.from_smiles([]), 2)
    assert (rows.tolist(), codes.tolist()) == ([], [])
    assert are_told(PackedGraphs.from_smiles([])).tolist() == []


@pytest.mark.parametrize("text", ["[Fe+2]", "[H][H]", "[Ti+4]", "[N-3]", "C[Mg]Br", "[OH2+]->[Cu]"])
def test_what_graphs_do_not_tell(text: str) -> None:
    assert are_told(PackedGraphs.from_smiles(["CCO", text, "[Na+].[Cl-]", "CC"])).tolist() == [True, False, text == "", True]


def test_the_first_of_the_lowest_stands_for_its_name() -> None:
    names, codes = (np.array(values, dtype=kind) for values, kind in (([7, 3, 7, 5, 3, 7], np.uint64), ([4, 9, 2, 1, 9, 2], np.uint32)))
    kept, fresh = first_of_each(names, codes, np.array([1, 5], dtype=np.uint64))
    assert kept.tolist() == [1, 2]
    assert fresh.tolist() == [3, 7]
