import pytest
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.scaffold import murcko_scaffold


@pytest.mark.parametrize(
    ("smiles", "scaffold"),
    [("CCO", ""), ("Cc1ccccc1", "c1ccccc1"), ("O=C(Nc1ccccc1)C1CC1", "O=C(Nc1ccccc1)C1CC1"), ("C[C@H]1CC[C@@H](O)CC1", "C1CCCCC1")],
)
def test_known_scaffolds(smiles: str, scaffold: str) -> None:
    assert murcko_scaffold(smiles) == scaffold


@pytest.mark.parametrize("smiles", ["CC(=O)Nc1ccc(O)cc1", "Cc1ccc(cc1)S(=O)(=O)N1CCC(C)CC1", "O=C1CCCN1CCc1ccccn1", "C1CC1CCC1CC1"])
def test_agrees_with_rdkit_step_by_step_and_is_its_own_scaffold(smiles: str) -> None:
    scaffold = murcko_scaffold(smiles)
    assert scaffold == Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(Chem.MolFromSmiles(smiles)))
    assert murcko_scaffold(scaffold) == scaffold


def test_the_scaffold_does_not_depend_on_the_order_of_atoms() -> None:
    mol = Chem.MolFromSmiles("C[C@H](N)C(=O)Nc1ccc(OC2CCNCC2)cc1")
    written = Chem.MolToRandomSmilesVect(mol, 10, randomSeed=3)
    assert {murcko_scaffold(text) for text in written} == {murcko_scaffold(Chem.MolToSmiles(mol))}


def test_stereo_isomers_share_a_scaffold() -> None:
    assert murcko_scaffold("O[C@H]1CCC[C@@H](C1)c1ccccc1") == murcko_scaffold("O[C@@H]1CCC[C@@H](C1)c1ccccc1")


@pytest.mark.parametrize("smiles", ["C", "[Na+]", "CCCC"])
def test_no_ring_no_scaffold(smiles: str) -> None:
    assert murcko_scaffold(smiles) == ""


def test_broken_smiles_are_refused() -> None:
    with pytest.raises(MoleculeRejected, match="does not parse as SMILES"):
        murcko_scaffold("C1CC")
