"""New molecules of halves of known ones."""

import numpy as np
import pytest
from rdkit import Chem

from fluid.errors import InputError
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.recombine import cut_at, halves_of, joins, recombine

ACIDS = ("CC", "CCC", "c1ccncc1", "C1CC1", "FC", "N#CC")
AMINES = ("C1CCCCC1", "C1CCOCC1", "c1ccccc1", "C1CCC1", "CCF", "CCC#N")
SMILES = [f"{acid}C(=O)N{amine}" for acid, amine in zip(ACIDS, AMINES, strict=True)]


@pytest.fixture(scope="module")
def known() -> MoleculeSet:
    return MoleculeSet.from_smiles([Chem.CanonSmiles(text) for text in SMILES])


def test_halves_by_hand() -> None:
    amide = Chem.MolFromSmiles("CC(=O)NC1CC1")
    kind, (acid, amine) = cut_at(amide, (3, 1), ("5", "1"))
    assert kind == ("1", "5")
    assert (Chem.MolToSmiles(acid), Chem.MolToSmiles(amine)) == ("CC(=O)[*:1]", "C1CC1N[*:1]")
    other = cut_at(Chem.MolFromSmiles("CCC(=O)NC"), (2, 4), ("1", "5"))[1]
    made = {
        Chem.CanonSmiles(text) for _, text in zip(range(50), joins({kind: [(acid, amine), other]}, np.random.default_rng(0)), strict=False)
    }
    assert made == {Chem.CanonSmiles(text) for text in ("CC(=O)NC", "CCC(=O)NC1CC1")}


def test_chirality_is_kept() -> None:
    halves = halves_of(["C[C@H](N)C(=O)N1CCCC1", "C[C@H](N)C(=O)N1CCOCC1"], np.random.default_rng(1))
    made = [text for _, text in zip(range(20), joins(halves, np.random.default_rng(0)), strict=False)]
    assert len(made) == 20
    assert all("@" in text for text in made)


def test_molecules_are_new_and_different_and_the_seed_decides(known: MoleculeSet) -> None:
    made, again, other = (recombine(known, 3, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert len(made) == len(set(made.keys)) == 3
    assert not set(made.keys) & set(known.keys)
    assert made.smiles == again.smiles
    assert made.smiles != other.smiles
    assert all(Chem.CanonSmiles(text) == text for text in made.smiles)
    assert MoleculeSet.from_smiles(made.smiles, made.keys).keys == MoleculeSet.from_smiles(made.smiles).keys


def test_none_are_none(known: MoleculeSet) -> None:
    assert len(recombine(known, 0, np.random.default_rng(0))) == 0


@pytest.mark.parametrize(
    "smiles", [["c1ccccc1", "CC"], ["CC(=O)NC1CCCCC1", "CCOc1ccccc1"]], ids=["no bond to cut at", "no two of one kind"]
)
def test_what_cannot_be_recombined(smiles: list[str]) -> None:
    with pytest.raises(InputError, match=r"only 0 new ones could be made; expected 3. Lower distillation\.generated\.n"):
        recombine(MoleculeSet.from_smiles(smiles), 3, np.random.default_rng(0))
