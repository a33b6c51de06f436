"""SMILES to molecules: in full, or cheaply where RDKit wrote the SMILES itself."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from rdkit import Chem, rdBase

from fluid.molecules.cell import read_cell
from fluid.molecules.diagnosis import why_not
from fluid.molecules.rejected import MoleculeRejected

__all__ = ["ORDINARY", "MoleculeRejected", "is_plain", "parse", "parse_group", "reparse"]

ORDINARY = re.compile(r"(?:[CNOSFIcnos0-9()=#%/\\-]|Cl|Br|\[nH\]|\[C@@?H?\]|\[N\+\]\(=O\)\[O-\]|O=\[N\+\]\(\[O-\]\))+")
STEREO_DONE = "_StereochemDone"
"""RDKit's own mark of a molecule whose stereochemistry has been worked out; without it canonical SMILES work it out again."""
STEREO_MARKS = ("@", "/", "\\")
_FLAGS = Chem.SanitizeFlags
ALL = int(_FLAGS.SANITIZE_ALL)
SOME = int(_FLAGS.SANITIZE_PROPERTIES | _FLAGS.SANITIZE_SYMMRINGS | _FLAGS.SANITIZE_SETCONJUGATION | _FLAGS.SANITIZE_SETHYBRIDIZATION)


def parse(smiles: str) -> Chem.Mol:
    """Parse a SMILES string.

    Raises:
        MoleculeRejected: The text is empty, too long, or no SMILES of one molecule.
    """
    with rdBase.BlockLogs():
        text = read_cell(smiles).text
        (mol,) = parse_group([text])
        if mol is None:
            raise MoleculeRejected(why_not(text))
    return mol


def parse_group(texts: Sequence[str]) -> list[Chem.Mol | None]:
    """Parse SMILES without anything around them, `None` for those that do not parse; RDKit's complaints are not kept from the screen.

    A plain one has no hydrogen atoms to take away and no stereo marks to work out, which is a fifth of RDKit's time.
    """
    plain = [is_plain(text) for text in texts]
    mols = [_parse_unsanitized(text) if simple else _parse_in_full(text) for text, simple in zip(texts, plain, strict=True)]
    return [_sanitize(mol, ALL) if simple and mol else mol for mol, simple in zip(mols, plain, strict=True)]


def _parse_unsanitized(text: str) -> Chem.Mol | None:
    return Chem.MolFromSmiles(text, _parser_settings())


def _parse_in_full(text: str) -> Chem.Mol | None:
    try:
        return Chem.MolFromSmiles(text)
    except UnicodeEncodeError:  # half a letter, which RDKit cannot take
        return None


def _sanitize(mol: Chem.Mol, steps: int) -> Chem.Mol | None:
    """Carry out steps of RDKit's sanitisation on a molecule without stereo marks."""
    try:
        Chem.SanitizeMol(mol, steps)
    except ValueError:
        return None
    mol.SetIntProp(STEREO_DONE, 1, True)
    return mol


def is_plain(text: str) -> bool:
    """Return whether a SMILES has common elements only, in one fragment, no charge but in nitro groups, no radical and no stereo mark.

    The canonical SMILES of such a molecule that no tool changed is sure to be made from itself too: there is no exception in 385,000
    real molecules.
    """
    return ORDINARY.fullmatch(text) is not None and not any(mark in text for mark in STEREO_MARKS)


def reparse(text: str) -> Chem.Mol:
    """Parse a canonical SMILES that RDKit wrote itself, in about half the time of `parse`, to the same molecule.

    Its aromaticity stands in the text, so only what features, fingerprints and names need is worked out. Where there are stereo marks, or
    atoms in brackets that may be radicals (on which hybridisation depends), the molecule is parsed in full.

    Raises:
        MoleculeRejected: The SMILES does not parse.
    """
    if not is_plain(text):
        return parse(text)
    mol = _parse_unsanitized(text)
    mol = mol and _sanitize(mol, SOME)
    return parse(text) if mol is None else mol


@cache
def _parser_settings() -> Chem.SmilesParserParams:
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = False
    parameters.removeHs = False
    written: Chem.SmilesParserParams = parameters
    return written
