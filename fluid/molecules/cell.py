"""What stands in a cell of SMILES: one molecule, or why it is none.

RDKit takes what follows a blank for a name and goes on with what stands before it; here a cell holds one molecule and nothing else.
"""

import re
from typing import NamedTuple

from fluid.molecules.blanks import BLANK, BLANKS, strip_blanks
from fluid.molecules.diagnosis import EMPTY, why_not
from fluid.molecules.extension import read_extension
from fluid.molecules.rejected import MoleculeRejected

MAX_SMILES = 2000
ODD = re.compile(rf"{BLANK}|[*~|:]|\[#")
"""What a cell holds that is to be looked at closely; most hold nothing of it."""
STANDS_FOR_MANY = re.compile(r"[*~]|\[#")
"""Dummy atoms, and what belongs to SMARTS though RDKit reads it in a SMILES too."""
ATOM_MAP = re.compile(r":\d+\]")


class Cell(NamedTuple):
    """One molecule as it was written.

    Attributes:
        text: SMILES without white space, extension and atom maps.
        note: What the cell leaves open; empty if nothing.
    """

    text: str
    note: str = ""


def read_cell(cell: str) -> Cell:
    """Read a cell of SMILES or CXSMILES; white space around it does not count. RDKit's complaints are not kept from the screen.

    Raises:
        MoleculeRejected: The cell is empty or too long, holds more than one molecule, or something that is no molecule.
    """
    text = cell.strip() if isinstance(cell, str) else ""
    if ODD.search(text) is None:
        return Cell(_of_length(text))
    return _read_odd(text)


def _of_length(text: str) -> str:
    if not text:
        raise MoleculeRejected(EMPTY)
    if len(text) > MAX_SMILES:
        raise MoleculeRejected(f"SMILES of more than {MAX_SMILES} characters")
    return text


def _read_odd(text: str) -> Cell:
    text = strip_blanks(text)
    smiles, *others = BLANKS.split(text, maxsplit=1)
    extension = others[0] if others else ""
    if extension and not (extension.startswith("|") and extension.find("|", 1) in (-1, len(extension) - 1)):
        raise MoleculeRejected(why_not(text))
    smiles = ATOM_MAP.sub("]", _of_length(smiles))
    if STANDS_FOR_MANY.search(smiles):
        raise MoleculeRejected(why_not(smiles))
    return Cell(*read_extension(smiles, extension)) if extension else Cell(smiles)
