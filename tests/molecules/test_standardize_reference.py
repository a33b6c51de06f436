"""The standardiser, which skips what cannot change a molecule, against one that always does everything."""

import random
from collections.abc import Iterator

import pandas as pd
import pytest
from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from fluid.data.embedded import PARTS, embedded_path
from fluid.molecules.binary import featurize_many
from fluid.molecules.features import featurize_each
from fluid.molecules.parse import MoleculeRejected, is_plain, parse
from fluid.molecules.standardize import StandardizeSpec, standardize, standardize_group, standardize_molecule

pytestmark = pytest.mark.long

CAGES = """
C12C3C4C1C5C2C3C45 C1=CC2=CC=CC=CC2=C1 O=C1C=CC=CC=C1 c1ccc2cccc2cc1 C1C2CC3CC1CC(C2)C3 c1cc2ccc3cccc4ccc(c1)c2c34 C1=Cc2cccc3cccc1c23
C1=Cc2cc3ccc(cc4nc(cc5ccc(cc1n2)[nH]5)C=C4)[nH]3 C1=CN=C2C=CC=CC2=N1 O=c1cc[nH]cc1 N=c1cc[nH]cc1 C1=CSC=CS1 C1=CC=C2C=CC=CC2=C1
CS(=O)C CS(C)(=O)=O CS(=O)N OB(O)c1ccccc1 CP(=O)(O)O C[N+](C)(C)CC(=O)[O-] [O-][n+]1ccccc1 CN=[N+]=[N-] C[S+](C)[O-] CC=[N+]([O-])C N#[N+]C
F/C=C/Cl F/C=C\\Cl C[C@H](N)C(=O)O C[C@@H]1CC[C@H](C)CC1 CC(=O)N/N=C/c1ccccc1 [2H]C([2H])O C[CH2] Nc1ccc([N+](=O)[O-])cc1 Nc1ccc(N(=O)=O)cc1
"""
SPECS = (StandardizeSpec(), StandardizeSpec(stereo="remove"), StandardizeSpec(parent=False, neutralize=False))
with rdBase.BlockLogs():
    TOOLS = (rdMolStandardize.MetalDisconnector(), rdMolStandardize.Normalizer(), rdMolStandardize.Reionizer())
    UNCHARGER = rdMolStandardize.Uncharger()


def everything(mol: Chem.Mol, spec: StandardizeSpec) -> Chem.Mol:
    for change in (TOOLS[0].Disconnect, TOOLS[1].normalize, TOOLS[2].reionize):
        mol = change(mol)
    if spec.parent:
        mol = rdMolStandardize.FragmentParent(mol, skipStandardize=True)
    if spec.neutralize:
        mol = UNCHARGER.uncharge(mol)
    if spec.stereo == "remove":
        Chem.RemoveStereochemistry(mol)
    return mol


def slow(smiles: str, spec: StandardizeSpec) -> str:
    """Repeat all steps, each time from the text, until it stays the same."""
    with rdBase.BlockLogs():
        for _ in range(4):
            before, smiles = smiles, Chem.MolToSmiles(everything(Chem.MolFromSmiles(smiles), spec))
            if smiles == before:
                break
    return smiles


def written(smiles: str, times: int) -> Iterator[str]:
    """Yield other ways of writing a molecule."""
    mol = Chem.MolFromSmiles(smiles)
    yield smiles
    yield from Chem.MolToRandomSmilesVect(mol, times, randomSeed=1)
    Chem.Kekulize(mol, clearAromaticFlags=True)
    yield Chem.MolToSmiles(mol, kekuleSmiles=True)


def embedded_smiles(step: int) -> list[str]:
    return [text for part in PARTS for text in pd.read_parquet(embedded_path(part))["smiles"][::step]]


def agrees(smiles: str, spec: StandardizeSpec) -> None:
    molecule, mol = standardize_molecule(smiles, spec, with_key=False)
    assert molecule.smiles == slow(smiles, spec), smiles
    assert standardize(molecule.smiles, spec, with_key=False) == molecule, smiles
    for ours, reference in zip(featurize_many([mol]), featurize_each([parse(molecule.smiles)]), strict=True):
        assert ours.tolist() == reference.tolist(), smiles


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("smiles", CAGES.split())
def test_odd_molecules_however_they_are_written(smiles: str, spec: StandardizeSpec) -> None:
    for text in written(smiles, 10):
        agrees(text, spec)


@pytest.mark.parametrize("spec", SPECS)
def test_real_molecules_however_they_are_written(spec: StandardizeSpec) -> None:
    for smiles in embedded_smiles(400):
        for text in written(smiles, 1):
            agrees(text, spec)


def with_more_bonds(smiles: str, dice: random.Random) -> str:
    """Return a molecule with a few more bonds and charges, if it can exist."""
    mol = Chem.RWMol(Chem.MolFromSmiles(smiles))
    Chem.Kekulize(mol, clearAromaticFlags=True)
    for _ in range(dice.randint(1, 4)):
        one, other = dice.sample(range(mol.GetNumAtoms()), 2)
        if not mol.GetBondBetweenAtoms(one, other):
            mol.AddBond(one, other, Chem.BondType.SINGLE)
        mol.GetAtomWithIdx(dice.randrange(mol.GetNumAtoms())).SetFormalCharge(dice.choice((0, 0, 0, 0, 1, -1)))
    return Chem.MolToSmiles(mol)


@pytest.mark.parametrize("spec", SPECS)
def test_molecules_that_nobody_has_made(spec: StandardizeSpec) -> None:
    dice, usable = random.Random(5), 0
    for smiles in embedded_smiles(100):
        text = with_more_bonds(smiles, dice)
        try:
            parse(text)
        except MoleculeRejected:
            continue
        agrees(text, spec)
        usable += 1
    assert usable > 30


BROKEN = (
    "",
    "C" * 3000,
    "not a SMILES",
    "c1ccccc",
    "C(C)(C)(C)(C)C",
    "\ud800",
    "[Na+].[Cl-]",
    "[HH]",
    "O",
    "C" * 200,
    "C" * 700,
    "CC |$a;b$|",
)


def test_a_group_gives_each_molecule_what_it_gets_alone() -> None:
    mixed = [text for pair in zip(embedded_smiles(1000), (*BROKEN, *CAGES.split()), strict=False) for text in pair]
    for with_key in (False, True):
        group = standardize_group(mixed, SPECS[0], with_key)
        for smiles, found in zip(mixed, group, strict=True):
            if isinstance(found, MoleculeRejected):
                with pytest.raises(MoleculeRejected) as rejected:
                    standardize(smiles, SPECS[0], with_key)
                assert rejected.value.reason == found.reason
            else:
                assert found[0] == standardize(smiles, SPECS[0], with_key)
                assert Chem.MolToSmiles(found[1]) == found[0].smiles
        assert sum(isinstance(found, MoleculeRejected) for found in group) == len(BROKEN) - 1


def test_plain_molecules_are_parsed_as_rdkit_parses_them() -> None:
    texts = [text for smiles in embedded_smiles(100) for text in written(smiles, 1)]
    assert sum(map(is_plain, texts)) > len(texts) / 2
    for text in texts:
        ours, theirs = parse(text), Chem.MolFromSmiles(text)
        assert ours.ToBinary(0) == theirs.ToBinary(0), text
        assert Chem.MolToSmiles(ours) == Chem.MolToSmiles(theirs), text
        assert Chem.MolToInchiKey(ours) == Chem.MolToInchiKey(theirs), text


@pytest.mark.slow
def test_all_embedded_molecules() -> None:
    for number, smiles in enumerate(embedded_smiles(1)):
        agrees(smiles if number % 2 else Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=number)[0], SPECS[0])
