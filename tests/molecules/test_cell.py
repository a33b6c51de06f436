import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor

from fluid.molecules.blanks import INVISIBLE
from fluid.molecules.cell import read_cell
from fluid.molecules.extension import AND_OR, BROKEN, extended_smiles
from fluid.molecules.rejected import MoleculeRejected
from fluid.molecules.standardize import StandardizeSpec, standardize

KEEP, REMOVE = StandardizeSpec(), StandardizeSpec(stereo="remove")
SMILES = ("CCO", "c1ccccc1", "C[C@H](N)C(=O)O", "F/C=C/Cl", "CC(=O)[O-].[Na+]", "[2H]OC", "C%10CC%10", "N#Cc1ccc[nH]1")
SEEN = " \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u202f\u3000"
BLANKS = st.text(st.sampled_from(SEEN + INVISIBLE), max_size=4)
DUMMY = "dummy atom (polymer, R group or attachment point)"
SEVERAL, AFTER = "more than one SMILES in one cell", "text after the SMILES"


def reason(cell: str, spec: StandardizeSpec = KEEP) -> str:
    """Return why a cell is rejected, with and without a key; empty if it is not."""
    found = []
    for with_key in (True, False):
        try:
            standardize(cell, spec, with_key)
            found.append("")
        except MoleculeRejected as rejected:
            found.append(rejected.reason)
    assert found[0] == found[1]
    return found[0]


@given(BLANKS, st.sampled_from(SMILES), BLANKS)
@settings(deadline=None)
def test_white_space_around_a_smiles_does_not_count(before: str, smiles: str, after: str) -> None:
    assert read_cell(before + smiles + after) == read_cell(smiles) == (smiles, "")


@given(
    st.sampled_from(SMILES),
    st.one_of(st.text(st.sampled_from(SEEN + INVISIBLE), min_size=1, max_size=3), st.sampled_from((";", ",", "|", "; ", " and ", " + "))),
    st.sampled_from(SMILES),
)
@settings(deadline=None)
def test_two_smiles_in_one_cell_are_listed(one: str, between: str, other: str) -> None:
    assert reason(one + between + other) == SEVERAL


@given(
    st.sampled_from(SMILES),
    st.text(st.sampled_from(SEEN), min_size=1, max_size=2),
    st.sampled_from(("ethanol", "this is junk", "(R)", "éthanol")),
)
@settings(deadline=None)
def test_text_after_a_smiles_is_listed(smiles: str, between: str, text: str) -> None:
    assert reason(smiles + between + text) == AFTER


@pytest.mark.parametrize(
    ("cell", "smiles", "note"),
    [
        ("C[C@H](O)F |&1:1|", "C[C@H](O)F", AND_OR),
        ("C[C@H](O)F |o1:1|", "C[C@H](O)F", AND_OR),
        ("C[C@H](O)F\t|o1:1|\u200b", "C[C@H](O)F", AND_OR),
        ("C[C@H](O)F |(0,0,;1,0,;2,1,;3,1,),$a;;b;$,&1:1,r|", "C[C@H](O)F", AND_OR),
        ("C[C@H](O)F |r|", "C[C@H](O)F", AND_OR),
        ("C[C@H](O)F |a:1|", "C[C@H](O)F", ""),
        ("CC(O)F |&1:1|", "CC(O)F", ""),  # nothing is drawn
        ("C[C@H](O)F |(0,0,;1,0,;2,1,;3,1,),wD:1.1|", "C[C@H](O)F", ""),  # stereo is what stands in the SMILES
        ("C[C@H](O)F |w:1.0|", "CC(O)F", ""),
        ("C/C=C/C |ctu:1|", "CC=CC", ""),
        ("CC=CC |c:1|", "C/C=C\\C", ""),
        ("CCO ||", "CCO", ""),
        ("CCO |$_AV:a;b;c$,lp:2:2,atomProp:0.p.v:1.q.w|", "CCO", ""),
        ("CC(=O)[O-].[Na+] |f:0.1,SgD:1:name:some value::::|", "CC(=O)[O-].[Na+]", ""),
        ("CCO |$a b&#59;;&#124;;$|", "CCO", ""),
        ("CC |^1:0|", "[CH2]C", ""),
    ],
)
def test_extensions_that_are_understood(cell: str, smiles: str, note: str) -> None:
    assert read_cell(cell) == (smiles, note)
    molecule = standardize(cell, KEEP)
    assert (molecule.note, molecule.smiles, molecule.key) == (note, standardize(smiles, KEEP).smiles, standardize(smiles, KEEP).key)
    assert standardize(cell, REMOVE) == standardize(smiles, REMOVE)
    assert standardize(cell, KEEP, with_key=False).note == note


def test_nothing_is_said_of_stereo_that_went_with_a_salt() -> None:
    assert standardize("C[C@H](O)F.CCCCCCCCN |&1:1|", KEEP).note == ""


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("|&1:1,", BROKEN),
        ("|", BROKEN),
        ("|zzz|", BROKEN),
        ("|&1:9|", BROKEN),
        ("|&1:x|", BROKEN),
        ("|&1:|", BROKEN),
        ("|&1:1,|", BROKEN),
        ("|&1:1;o1:2|", BROKEN),
        ("|c:7|", BROKEN),
        ("|w:1.9|", BROKEN),
        ("|$a;b;c;d;e$|", BROKEN),
        ("|$a;b|", BROKEN),
        ("|(0,0,;1,x,)|", BROKEN),
        ("|" + "a:1," * 20_000 + "a:1|", BROKEN),
        ("|a:" + "1" * 5_000 + "|", BROKEN),
        ("|&1:1| name", AFTER),
        ("|Sg:n:1:n:ht:::|", "a polymer, not a molecule"),
        ("|Sg:any:1::ht:::(1,2,3)|", "a polymer, not a molecule"),
        ("|LN:1:1.3|", "a structure with variable or repeated parts, not a molecule"),
        ("|m:1:0.2|", "a structure with variable or repeated parts, not a molecule"),
        ("|rb:1:2|", "a query, not a molecule"),
        ("|s:1:*|", "a query, not a molecule"),
        ("|$;_R1;;$|", DUMMY),
        ("|$_AP1;;;$|", DUMMY),
        ("|$Q_e;;;$|", "a query, not a molecule"),
        ("|RG:_R1={C},LOG={_R1:;;>0}|", DUMMY),
    ],
)
def test_extensions_that_are_broken_or_make_it_no_molecule(extension: str, expected: str) -> None:
    assert reason(f"C[C@H](O)F {extension}") == expected


def test_an_extension_without_the_blank_before_it_is_broken() -> None:
    assert reason("C[C@H](O)F|&1:1|") == BROKEN


@given(st.sampled_from(SMILES), st.text(st.sampled_from("&oacrtwUDCH^lpmLNSgDsub:,.;$()|0123_AVR e"), max_size=12))
@example("CCO", "$;;$,a:0")
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_an_extension_is_read_or_listed(smiles: str, extension: str) -> None:
    cell = f"{smiles} |{extension}|"
    assert not re.match("cannot be", reason(cell))


@pytest.mark.parametrize("smiles", SMILES)
def test_what_rdkit_writes_is_read(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    for atom in mol.GetAtoms():
        atom.SetProp("atomLabel", f"a{atom.GetIdx()};|")
        atom.SetProp("mine", "x, y:z")
    rdDepictor.Compute2DCoords(mol)
    Chem.WedgeMolBonds(mol, mol.GetConformer())
    assert standardize(Chem.MolToCXSmiles(mol), KEEP) == standardize(smiles, KEEP)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("CCO", "CCO"),
        ("C[C@H](O)F |&1:1|", "C[C@H](O)F |&1:1|"),
        ("CCC |Sg:n:1:n:ht:::|", "CCC |Sg:n:1:n:ht:::|"),
        ("CCCO |LN:1:1.3|", "CCCO |LN:1:1.3|"),
        ("CCO |SgD:1:f:v::::|", "CCO"),
        ("CCO |(0,0,;1,0,;2,0,)|", "CCO"),
    ],
)
def test_a_molecule_is_written_with_what_its_smiles_does_not_say(written: str, expected: str) -> None:
    assert extended_smiles(Chem.MolFromSmiles(written)) == expected


@pytest.mark.parametrize(
    "cell", ["C" * 100_000 + " x", " " * 200_000, "C" + " " * 200_000 + "C", "C;" * 100_000, "(" * 100_000, "CCO |" + "(" * 90_000]
)
def test_long_cells_are_listed_at_once(cell: str) -> None:
    with rdBase.BlockLogs(), pytest.raises(MoleculeRejected):
        read_cell(cell) if " " in cell else standardize(cell, KEEP)


def test_the_length_of_an_extension_is_not_that_of_the_smiles() -> None:
    points = ";".join(f"{number}.123456,{number}.654321,0.000001" for number in range(120))
    assert standardize(f"{'C' * 120} |({points})|", KEEP).smiles == "C" * 120
