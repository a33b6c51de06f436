import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from fluid.molecules.feature_dictionary import dictionary_of, features_of, find_covered

SMILES = ("CCO", "CCCO", "c1ccccc1N", "CC(=O)Nc1ccc(O)cc1")


@pytest.mark.parametrize("pharmacophoric", [True, False])
def test_features_are_those_of_rdkits_bit_info(pharmacophoric: bool) -> None:
    invariants = (
        rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
        if pharmacophoric
        else rdFingerprintGenerator.GetMorganAtomInvGen(includeRingMembership=True)
    )
    make = rdFingerprintGenerator.GetMorganGenerator(radius=2, atomInvariantsGenerator=invariants)
    found = features_of(SMILES, pharmacophoric=pharmacophoric)
    for own, text in zip(np.split(found.ids, np.cumsum(found.sizes)[:-1]), SMILES, strict=True):
        info = rdFingerprintGenerator.AdditionalOutput()
        info.AllocateBitInfoMap()
        make.GetSparseCountFingerprint(Chem.MolFromSmiles(text), additionalOutput=info)
        environments = info.GetBitInfoMap()
        assert set(own.tolist()) == set(environments)
        assert max(radius for places in environments.values() for _, radius in places) <= 2


def test_a_molecule_is_covered_if_each_of_its_features_was_seen() -> None:
    known = dictionary_of(features_of(["CCCCCO"]))
    # all environments of radius 2 of a longer chain are there, but not those of another end, nor those of a branch
    assert find_covered(features_of(["CCCCCCO", "CCCCCN", "CC(C)O", "CCCCCO"]), known).tolist() == [True, False, False, True]
    both = dictionary_of(features_of(["CCCCCO"]), features_of(["CCCCCN"]))
    assert find_covered(features_of(["CCCCCCN"]), both).tolist() == [True]


def test_nothing_learnt_covers_nothing_and_nobody_asked_gives_nothing() -> None:
    assert find_covered(features_of(SMILES), dictionary_of(features_of([]))).tolist() == [False] * 4
    assert find_covered(features_of([]), dictionary_of(features_of(SMILES))).shape == (0,)
