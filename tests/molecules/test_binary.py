"""The features decoded from RDKit's binary form against those read off each atom and bond."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from fluid.data.embedded import PARTS, embedded_path
from fluid.molecules import binary
from fluid.molecules.binary import featurize_many, form_of, layout_is_known
from fluid.molecules.features import Features, featurize_each
from fluid.molecules.fingerprints import morgan_bits_of
from fluid.molecules.parse import parse, reparse

ODD_TEXT = """
C [Na+] [Fe+2] [2H]C([2H])[2H] [14CH3]C CC[CH2] [H][H] C[N+](C)(C)C CC(=O)[O-] [NH4+] F/C=C/F F/C=C\\F C/C=C/C=C\\C N[C@@H](C)O C#N
C[C@H]1CC[C@@H](O)CC1 C1CC1 C1CC2CC1CC2 C12C3C4C1C5C2C3C45 c1ccc2[nH]ccc2c1 c1ccccc1-c1ccccc1 C1CCCCCCCCC1 O=S(=O)(N)c1ccccc1 C$C
[C-]#[N+]C O=[N+]([O-])c1ccccc1 B1OCCO1 [SiH4] [Se]1C=CC=C1 CC(C)=CC C->[Fe] *CC [CH3:1]C O=[Os](=O)(=O)=O C1=CC=CC=CC=C1 [CH] [Rn]
FS(F)(F)(F)(F)F c1cc[o+]cc1
"""
ODD = tuple(ODD_TEXT.split())


def mols_of(smiles: Sequence[str]) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


def same(ours: Features, slow: Features) -> None:
    for name, one, other in zip(Features._fields, ours, slow, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)
    assert [array.dtype for array in ours] == [array.dtype for array in slow]


def embedded_smiles(step: int) -> list[str]:
    return [text for part in PARTS for text in pd.read_parquet(embedded_path(part))["smiles"][::step]]


def test_this_rdkit_is_known() -> None:
    assert layout_is_known()


@pytest.mark.parametrize("smiles", ODD)
def test_odd_molecules(smiles: str) -> None:
    same(featurize_many(mols_of([smiles])), featurize_each(mols_of([smiles])))


def test_odd_molecules_together() -> None:
    same(featurize_many(mols_of(ODD)), featurize_each(mols_of(ODD)))


def test_most_odd_molecules_need_no_way_out() -> None:
    known = [smiles for smiles in ODD if smiles not in ("*CC", "[CH3:1]C")]
    same(binary._decode_all([form_of(mol) for mol in mols_of(known)]), featurize_each(mols_of(known)))


@pytest.mark.parametrize("n", [250, 255, 256, 400])
def test_large_molecules(n: int) -> None:
    smiles = ["CCO", "C" * n, "C1CC1" + "C" * (n - 10), "c1ccccc1"]
    same(featurize_many(mols_of(smiles)), featurize_each(mols_of(smiles)))


def test_no_molecule() -> None:
    same(featurize_many([]), featurize_each([]))


def test_real_molecules_and_their_cheap_parse() -> None:
    smiles = embedded_smiles(50)
    full, cheap = [parse(text) for text in smiles], [reparse(text) for text in smiles]
    slow = featurize_each(full)
    same(featurize_many(full), slow)
    same(featurize_many(cheap), slow)
    np.testing.assert_array_equal(morgan_bits_of(cheap), morgan_bits_of(full))


@pytest.mark.slow
def test_all_embedded_molecules() -> None:
    smiles = embedded_smiles(1)
    for start in range(0, len(smiles), 2000):
        full, cheap = ([read(text) for text in smiles[start : start + 2000]] for read in (parse, reparse))
        same(featurize_many(cheap), featurize_each(full))
        np.testing.assert_array_equal(morgan_bits_of(cheap), morgan_bits_of(full))


RADICALS = """
C[C]Oc1ccccc1 CC[CH2] C[O] C[NH] Nc1cc[c]cc1 C[N+]C [CH]C=C [C-]#[O+] C[C+](O)C C[B]C C[Si]C [2H]C [H-] N[Na] c1cc[o+]cc1
"""


@pytest.mark.parametrize("smiles", RADICALS.split())
def test_radicals_carbenes_and_hydrides_are_not_parsed_cheaply(smiles: str) -> None:
    text = Chem.MolToSmiles(parse(smiles))
    same(featurize_many([reparse(text)]), featurize_each([parse(text)]))
    np.testing.assert_array_equal(morgan_bits_of([reparse(text)]), morgan_bits_of([parse(text)]))


@pytest.mark.parametrize(("name", "value"), [("MARK", 28), ("ATOM_FLAGS", 0), ("ATOM_FIELDS", 2), ("COUNTS", 24), ("RING_MARKS", (0,))])
def test_another_layout_is_noticed_and_gone_around(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    mols = mols_of(["CCO", "c1ccccc1N", "C[N+](C)(C)C"])
    assert layout_is_known()
    monkeypatch.setattr(binary, name, value)
    with pytest.raises(binary.UnknownLayout):
        binary._decode_all([form_of(mol) for mol in mols])
    same(featurize_many(mols), featurize_each(mols))


def test_torn_bytes_are_noticed() -> None:
    forms = [form_of(mol) for mol in mols_of(["CCO", "c1ccccc1N"])]
    with pytest.raises(binary.UnknownLayout):
        binary._decode_all([forms[0][:-20], forms[1][:-20]])


@pytest.mark.parametrize("smiles", ODD)
def test_a_molecule_made_again_from_its_form_has_the_same_features(smiles: str) -> None:
    (mol,) = mols_of([smiles])
    same(featurize_each([Chem.Mol(form_of(mol))]), featurize_each([mol]))


def test_an_unknown_version_is_featurised_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "layout_is_known", lambda: False)
    monkeypatch.setattr(binary, "_decode_all", None)
    same(featurize_many(mols_of(ODD)), featurize_each(mols_of(ODD)))
