import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import rdBase

from fluid.molecules.diagnosis import why_not
from fluid.molecules.parse import MoleculeRejected, parse

DUMMY = "dummy atom (polymer, R group or attachment point)"
MOL_BLOCK = "\n  made\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0    0.0    0.0 C   0  0\nM  END\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CCO>>CCN", "a reaction, not a molecule"),
        ("CCO.CC>[Na+]>CCOCC", "a reaction, not a molecule"),
        ("[CH3:1][OH:2]>>[CH3:1][Br:3]", "a reaction, not a molecule"),
        ("CN->[Fe]>>CN", "a reaction, not a molecule"),
        ("CCO.[Na+]>>CC |f:0.1|", "a reaction, not a molecule"),
        ("[#6]~[*]", "a query, not a molecule"),
        ("[#6]-[#8]", "a query, not a molecule"),
        ("[C,N]CC", "a query, not a molecule"),
        ("[C;H1]C", "a query, not a molecule"),
        ("[$(C=O)]C", "a query, not a molecule"),
        ("C~C", "a query, not a molecule"),
        ("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "an InChI, not a SMILES"),
        ("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "an InChIKey, not a SMILES"),
        ("PEPTIDE1{A.C.D}$$$$", "HELM, not a SMILES"),
        ("RNA1{R(A)P.R(C)P}$$$$V2.0", "HELM, not a SMILES"),
        (MOL_BLOCK, "a mol block, not a SMILES"),
        ("nan", "a word for no structure, not a SMILES"),
        ("NA", "a word for no structure, not a SMILES"),
        ("N/A", "a word for no structure, not a SMILES"),
        ("-", "a word for no structure, not a SMILES"),
        ("Not available", "a word for no structure, not a SMILES"),
        ("#NAME?", "an error of a spreadsheet, not a SMILES"),
        ("64-17-5", "a CAS number, not a SMILES"),
        ("12.5", "a number, not a SMILES"),
        ("-1e-3", "a number, not a SMILES"),
        ("0", "a number, not a SMILES"),
        ("<td>CCO</td>", "HTML or XML, not a SMILES"),
        ("*CC(*)c1ccccc1", DUMMY),
        ("[R1]c1ccccc1", DUMMY),
        ("R1CC", DUMMY),
        ("CC[R]", DUMMY),
        ("[Xx]CC", DUMMY),
        ("*c1ccccc1 |$R1;;;;;;$|", DUMMY),
        ("{[][$]CC[$][]}", "a polymer, not a molecule"),
        ("C{-}C{+n}", "a polymer, not a molecule"),
        ("aspirin*", "does not parse as SMILES (a name, a formula or a code?)"),
        ("~aspirin", "does not parse as SMILES (a name, a formula or a code?)"),
        ("aspirin", "does not parse as SMILES (a name, a formula or a code?)"),
        ("sodium chloride", "does not parse as SMILES (a name, a formula or a code?)"),
        ("CHEMBL25", "does not parse as SMILES (a name, a formula or a code?)"),
        ("C2H6O", "does not parse as SMILES (a name, a formula or a code?)"),
        ("C\u2011C", "does not parse as SMILES (a letter beyond ASCII)"),
        ("'CCO'", "does not parse as SMILES (quotation marks)"),
        ("CC(C", "does not parse as SMILES (a bracket is not closed)"),
        ("CC(C)(C)(C)C", "does not parse as SMILES (an atom has too many bonds)"),
        ("c1cccc1", "does not parse as SMILES (an aromatic ring that cannot be)"),
        ("C1CC", "does not parse as SMILES"),
        ("C!C", "does not parse as SMILES"),
    ],
)
def test_the_reason_is_the_true_one(text: str, reason: str) -> None:
    with pytest.raises(MoleculeRejected) as rejected:
        parse(text)
    assert rejected.value.reason == reason


@pytest.mark.parametrize("smiles", ["NO", "N", "CN", "[NH3]->[Fe]C", "I", "[Fe](C)C", "C/C", "C[Po]C", "[Rn]", "[Ru](C)C"])
def test_short_molecules_that_look_like_words_are_molecules(smiles: str) -> None:
    assert parse(smiles).GetNumAtoms()


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_every_text_has_a_reason_of_one_line(text: str) -> None:
    with rdBase.BlockLogs():
        reason = why_not(text)
    assert 0 < len(reason) < 100
    assert reason.isprintable()
