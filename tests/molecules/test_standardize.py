import itertools

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

from fluid.data.embedded import embedded_path
from fluid.errors import ConfigError
from fluid.molecules.key import skeleton
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import StandardizeSpec, standardize, standardize_group

SPEC = StandardizeSpec()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("OCC", "CCO"),  # canonical
        (" CCO\n", "CCO"),
        ("CC(=O)[O-].[Na+]", "CC(=O)O"),  # salt, charge
        ("C[NH3+].[Cl-]", "CN"),
        ("c1ccccc1C(=O)O.O", "O=C(O)c1ccccc1"),  # solvent
        ("C[N+](=O)[O-]", "C[N+](=O)[O-]"),  # nitro stays in its normal form
        ("CN(=O)=O", "C[N+](=O)[O-]"),
        ("C[N+](C)(C)C", "C[N+](C)(C)C"),  # cannot be neutralised
        ("[NH3+]CC(=O)[O-]", "NCC(=O)O"),  # zwitterion
        ("CC[O-][Na+]", "CCO"),
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O"),
    ],
)
def test_known_molecules(written: str, expected: str) -> None:
    assert standardize(written, SPEC).smiles == expected


@pytest.mark.parametrize("smiles", ["CC(=O)[O-].[Na+]", "CN(=O)=O", "O=C(O)c1ccccc1.NCC", "C[S+](C)[O-]", "OC1=CC=CC=N1"])
def test_agrees_with_the_slow_way_of_rdkit(smiles: str) -> None:
    mol = rdMolStandardize.Cleanup(Chem.MolFromSmiles(smiles))
    mol = rdMolStandardize.Uncharger().uncharge(rdMolStandardize.FragmentParent(mol, skipStandardize=True))
    assert standardize(smiles, SPEC).smiles == Chem.CanonSmiles(Chem.MolToSmiles(mol))


@pytest.mark.parametrize("smiles", ["CC(=O)[O-].[Na+]", "C[NH2+]CC([O-])=O.Cl", "F/C=C/F", "O=C1NC=CC=C1", "OB(O)c1ccccc1"])
def test_the_result_standardises_to_itself(smiles: str) -> None:
    once = standardize(smiles, SPEC)
    assert standardize(once.smiles, SPEC) == once


def test_the_way_a_molecule_is_written_does_not_matter() -> None:
    mol = Chem.MolFromSmiles("CCN(CC)CCNC(=O)c1ccc(N)cc1")
    written = {Chem.MolToSmiles(mol, doRandom=True) for _ in range(20)}
    assert len({standardize(text, SPEC) for text in written}) == 1


def test_stereo_policy() -> None:
    remove = StandardizeSpec(stereo="remove")
    left, right = ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O")
    assert standardize(left, SPEC).smiles != standardize(right, SPEC).smiles
    assert standardize(left, remove) == standardize(right, remove)
    assert standardize("F/C=C/F", remove).smiles == "FC=CF"


@pytest.mark.parametrize(("stereo", "length"), [("keep", 25), ("remove", 14)])
def test_the_key_is_one_block_of_the_inchikey_or_two(stereo: str, length: int) -> None:
    for text in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "F/C=C/Cl", "CCO", "[2H]OC"):
        assert standardize(text, StandardizeSpec(stereo=stereo)).key == Chem.MolToInchiKey(Chem.MolFromSmiles(text))[:length]


@pytest.mark.parametrize(
    "pair", [("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"), ("F/C=C/Cl", "F/C=C\\Cl"), ("CC(N)C(=O)O", "C[C@H](N)C(=O)O"), ("CCO", "[2H]CCO")]
)
def test_stereo_isomers_and_isotopologues_are_different_molecules_unless_stereochemistry_is_removed(pair: tuple[str, str]) -> None:
    kept, merged = ([standardize(text, StandardizeSpec(stereo=stereo)).key for text in pair] for stereo in ("keep", "remove"))
    assert kept[0] != kept[1]
    assert merged[0] == merged[1]
    assert [skeleton(key) for key in kept] == merged


def test_parent_and_charges_can_be_kept() -> None:
    assert "." in standardize("CC(=O)[O-].C[NH3+]", StandardizeSpec(parent=False, neutralize=False)).smiles
    assert standardize("CC(=O)[O-]", StandardizeSpec(neutralize=False)).smiles == "CC(=O)[O-]"


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("", "empty SMILES"),
        ("   ", "empty SMILES"),
        ("C1CC", "does not parse"),
        ("c1cccc1", "does not parse"),
        ("C(C)(C)(C)(C)C", "does not parse"),
        ("hello", "does not parse"),
        ("[H][H]", "no heavy atom"),
        ("[Na+].[Cl-]", "no carbon"),
        ("C" * 151, "more than 150 heavy atoms"),
        ("C" * 2001, "more than 2000 characters"),
    ],
)
def test_rejections_say_why(smiles: str, reason: str) -> None:
    with pytest.raises(MoleculeRejected, match=reason):
        standardize(smiles, SPEC)


def test_the_limit_of_atoms_is_allowed() -> None:
    assert standardize("C" * 150, SPEC).smiles == "C" * 150


@pytest.mark.parametrize("values", [{"stereo": "maybe"}, {"max_heavy_atoms": 0}, {"timeout_s": 0.0}, {"timeout_s": float("nan")}])
def test_wrong_settings(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"standardize\."):
        StandardizeSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[Fe+2].CC", "CC"),  # metal ion
        ("CC(=O)[O-].CC[NH3+]", "CCN"),  # of two organic fragments of one size, RDKit's choice
        ("[2H]C([2H])O", "[2H]C([2H])O"),  # isotopes stay
        ("[H+].CC(=O)[O-]", "CC(=O)O"),
        ("OC(=O)C(F)(F)F.CCCCN1CCNCC1", "CCCCN1CCNCC1"),
        ("C", "C"),
    ],
)
def test_more_parents(written: str, expected: str) -> None:
    assert standardize(written, SPEC).smiles == expected
    assert standardize(written, SPEC).key == Chem.MolToInchiKey(Chem.MolFromSmiles(expected))[:25]


def test_embedded_molecules_standardise_to_themselves_however_they_are_written() -> None:
    smiles = [str(text) for text in pq.read_table(embedded_path("validation"))["smiles"].to_pylist()][:120]
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        once = standardize(text, SPEC)
        assert standardize(once.smiles, SPEC) == once
        for written in Chem.MolToRandomSmilesVect(mol, 3, randomSeed=7):
            assert standardize(written, SPEC) == once


def test_salt_forms_of_one_molecule_share_smiles_and_key() -> None:
    forms = (
        "CN1CCC(CC1)C(=O)O",
        "C[NH+]1CCC(CC1)C(=O)[O-]",
        "CN1CCC(CC1)C(=O)[O-].[K+]",
        "C[NH+]1CCC(CC1)C(=O)O.[Br-]",
        "CN1CCC(CC1)C(=O)O.O.O",
    )
    assert len({standardize(form, SPEC) for form in forms}) == 1


@pytest.mark.parametrize("smiles", [None, 3, float("nan")])
def test_what_is_no_text_counts_as_empty(smiles: object) -> None:
    with pytest.raises(MoleculeRejected, match="empty SMILES"):
        standardize(smiles, SPEC)  # type: ignore[arg-type]


@pytest.mark.parametrize("smiles", ["\ud800C", "C\0C", "é"])
def test_text_that_rdkit_cannot_take_is_rejected(smiles: str) -> None:
    with pytest.raises(MoleculeRejected, match="does not parse as SMILES"):
        standardize(smiles, SPEC)


@pytest.mark.parametrize("with_key", [True, False])
@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("*C", "dummy atom (polymer, R group or attachment point)"),
        ("[*:1]CC", "dummy atom (polymer, R group or attachment point)"),
        ("CCO.*", "dummy atom (polymer, R group or attachment point)"),
        ("C$C", "InChIKey could not be made"),
        ("C:C", "InChIKey could not be made"),
        ("[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1", "cannot be standardised (c1cccc1 is no molecule)"),
    ],
)
def test_what_cannot_be_named_is_rejected_with_and_without_its_key(smiles: str, reason: str, with_key: bool) -> None:
    with pytest.raises(MoleculeRejected) as rejected:
        standardize(smiles, SPEC, with_key)
    assert rejected.value.reason == reason


ATOMS = (
    "C",
    "c1ccccc1",
    "N",
    "O",
    "[O-]",
    "[NH3+]",
    "[Fe]",
    "[Pt+2]",
    "[Na]",
    "[2H]",
    "[13CH2]",
    "[SiH2]",
    "[Se]",
    "[C@H](F)",
    "P",
    "[As]",
)
ATOMS += ("S(=O)", "[S@@](=O)", "[n+]1ccccc1", "[B-](F)(F)F", "I(=O)=O", "[Xe]", "C#C", "N=[N+]=[N-]", "[U]", "*", "[CH3:3]")


@given(
    st.lists(st.tuples(st.sampled_from(("", "", "", "=", "->", "<-", "$", ":", ".", "/")), st.sampled_from(ATOMS)), min_size=1, max_size=5)
)
@settings(max_examples=400, deadline=None)
def test_training_and_prediction_accept_the_same(parts: list[tuple[str, str]]) -> None:
    smiles = "".join(bond * (number > 0) + atom for number, (bond, atom) in enumerate(parts))
    for spec in (SPEC, StandardizeSpec(parent=False, neutralize=False)):
        with_key, without = (standardize_group([smiles], spec, named)[0] for named in (True, False))
        if isinstance(with_key, MoleculeRejected):
            assert isinstance(without, MoleculeRejected)
            assert without.reason == with_key.reason
        else:
            assert not isinstance(without, MoleculeRejected)
            assert without[0].smiles == with_key[0].smiles


@given(st.integers(1, 999), st.sampled_from(("CCOc1ccccc1C(=O)NCC", "C[C@H](N)C(=O)O", "F/C=C/Cl", "[2H]OC", "CC(=O)[O-].[Na+]")))
@settings(deadline=None)
def test_atom_maps_do_not_survive(first: int, smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    for number, atom in enumerate(mol.GetAtoms(), start=first):
        atom.SetAtomMapNum(number)
    assert standardize(Chem.MolToSmiles(mol), SPEC) == standardize(smiles, SPEC)
    assert standardize(Chem.MolToSmiles(Chem.AddHs(mol)), SPEC) == standardize(smiles, SPEC)


def test_a_small_parent_in_a_large_mixture_counts_alone() -> None:
    spec = StandardizeSpec(max_heavy_atoms=10)
    assert standardize("CCCCCCCC" + ".O" * 30, spec).smiles == "CCCCCCCC"
    with pytest.raises(MoleculeRejected, match="more than 10 heavy atoms"):
        standardize("CCCCCCCC" + ".O" * 40, spec)


def test_wrong_settings_name_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"standardize\.stereo is 'maybe'; expected keep or remove\."):
        StandardizeSpec(stereo="maybe")
    with pytest.raises(ConfigError, match=r"standardize\.max_heavy_atoms and standardize\.timeout_s must be above 0\."):
        StandardizeSpec(timeout_s=-1.0)


def test_one_pass_is_not_enough_for_this_mixture() -> None:
    once = standardize("C[P+](C)(C)[CH2-].C[N+](C)(C)CC(=O)[O-]", SPEC)
    assert once.smiles == "C[N+](C)(C)CC(=O)[O-]"  # betaine; the first pass leaves the charge on carbon
    assert standardize(once.smiles, SPEC) == once


def test_charges_that_stay_sit_on_the_strongest_acid() -> None:
    smiles = "OS(=O)(=O)c1ccc(S(=O)[O-])cc1"
    expected = Chem.MolToSmiles(rdMolStandardize.Reionizer().reionize(Chem.MolFromSmiles(smiles)))
    assert expected != Chem.CanonSmiles(smiles)
    assert standardize(smiles, StandardizeSpec(neutralize=False)).smiles == expected


SALTS = (
    "CC(=O)[O-]",
    "C[NH3+]",
    "CN(=O)=O",
    "[Na+]",
    "[O-][n+]1ccccc1",
    "CC(=O)O[Zn]OC(C)=O",
    "C[N+](C)(C)CC(=O)[O-]",
    "C[S+](C)[O-]",
)


@pytest.mark.parametrize("pair", list(itertools.combinations(SALTS, 2)))
def test_mixtures_standardise_to_themselves_in_either_order(pair: tuple[str, str]) -> None:
    once = standardize(".".join(pair), SPEC)
    assert standardize(".".join(pair[::-1]), SPEC) == once
    assert standardize(once.smiles, SPEC) == once
    assert "." not in once.smiles


@pytest.mark.parametrize("smiles", ["OCC", "CC(=O)[O-].[Na+]", "C[C@H](N)C(=O)O"])
def test_without_key_the_molecule_is_the_same(smiles: str) -> None:
    quick = standardize(smiles, SPEC, with_key=False)
    assert quick.key == ""
    assert quick.smiles == standardize(smiles, SPEC).smiles
