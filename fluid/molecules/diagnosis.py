"""Why a text is no SMILES of one molecule, in a few words: what it seems to be instead."""

import re

from rdkit import Chem

from fluid.molecules.blanks import BLANK
from fluid.molecules.extension import BROKEN, DUMMY, POLYMER, QUERY

EMPTY = "empty SMILES"
NO_SMILES = "does not parse as SMILES"
MOL_BLOCK = "a mol block, not a SMILES"
NO_STRUCTURE = "a word for no structure, not a SMILES"
REACTION = "a reaction, not a molecule"
SEVERAL = "more than one SMILES in one cell"
TEXT_AFTER = "text after the SMILES"

SEPARATORS = re.compile(rf"(?:{BLANK}|[|;,]|(?<=\s)(?:and|or|&|\+|/)(?=\s))+")
MOST_CHARACTERS, MOST_PARTS = 5000, 50
MISSING = re.compile(r"nan?|n/a|n\.a\.|nd|n\.d\.|null|none|missing|unknown|not available|no structure|--?|\?|\.|#n/a|<na>", re.IGNORECASE)
FORMS: tuple[tuple[str, str], ...] = (
    (r"InChI=.*", "an InChI, not a SMILES"),
    (r"(?:InChIKey=)?[A-Z]{14}-[A-Z]{10}-[A-Z]", "an InChIKey, not a SMILES"),
    (r"(?:PEPTIDE|RNA|DNA|CHEM|BLOB)\d+\{.*", "HELM, not a SMILES"),
    (r"#(?:NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!)", "an error of a spreadsheet, not a SMILES"),
    (r"\d{2,7}-\d\d-\d", "a CAS number, not a SMILES"),
    (r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?", "a number, not a SMILES"),
    (r"<[a-zA-Z!?/].*>", "HTML or XML, not a SMILES"),
    (r"(?:[^>]|(?<=-)>)*(?<!-)>(?:[^>]|(?<=-)>)*(?<!-)>(?:[^>]|(?<=-)>)*", REACTION),
    (r"\{.*|.*\{[-+]n?\}.*", POLYMER),
)
R_GROUP = re.compile(r"\[(?:R#?[\d']*|Xx?|A|Q|M|Pol)(?::\d+)?\]|R[\d']*(?![a-z])")
QUERY_MARKS = re.compile(r"\[#|~|\[[^\]]*[!&;,?$][^\]]*\]|!")
ATOM = re.compile(r"\[[^\[\]]*\]|Cl|Br|[BCNOPSFIbcnops]")
STEPS = {"AtomValenceException": "an atom has too many bonds", "KekulizeException": "an aromatic ring that cannot be"}


def is_mol_block(text: str) -> bool:
    """Return whether a text holds lines of a mol file."""
    return "\n" in text and any(mark in text for mark in ("M  END", "V2000", "V3000"))


def why_not(text: str) -> str:
    """Say why a text is no SMILES of one molecule, which is known of it."""
    text = text[:MOST_CHARACTERS]
    if is_mol_block(text):
        return MOL_BLOCK
    if MISSING.fullmatch(text):
        return NO_STRUCTURE
    known = next((reason for form, reason in FORMS if re.fullmatch(form, text, re.DOTALL)), "")
    return known or _why_several(text) or _why_many(text) or f"{NO_SMILES}{_fault(text)}"


def _parses(text: str) -> bool:
    return text.isascii() and Chem.MolFromSmiles(text) is not None


def _why_several(text: str) -> str:
    """Return what more there is than one SMILES, if a text begins with one."""
    parts = [part for part in SEPARATORS.split(text) if part][:MOST_PARTS]
    if len(parts) < 2 or not _parses(parts[0]):
        return ""
    if all(map(_parses, parts)):
        return SEVERAL
    return BROKEN if re.match(r"[^\s|]+\|", text) else TEXT_AFTER


def _why_many(text: str) -> str:
    """Return why a structure stands for many, if it does."""
    if QUERY_MARKS.search(text) and text.isascii() and Chem.MolFromSmarts(text) is not None:
        return QUERY
    return DUMMY if _parses(R_GROUP.sub("*", text)) else ""


def _fault(text: str) -> str:
    """Return what is wrong with a text, in brackets; nothing if that cannot be told."""
    if not text.isascii():
        return " (a letter beyond ASCII)"
    if "'" in text or '"' in text:
        return " (quotation marks)"
    if re.search("[A-Za-z]", ATOM.sub("", text)):
        return " (a name, a formula or a code?)"
    if any(text.count(mark) != text.count(other) for mark, other in ("()", "[]")):
        return " (a bracket is not closed)"
    mol = Chem.MolFromSmiles(text, sanitize=False)
    problems = Chem.DetectChemistryProblems(mol) if mol is not None else ()
    return f" ({STEPS[problems[0].GetType()]})" if problems and problems[0].GetType() in STEPS else ""
