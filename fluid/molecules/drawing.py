"""Pictures of molecules as SVG, also of those that are no valid molecules, and where a SMILES is wrong."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from fluid.molecules.cell import MAX_SMILES

WIDTH, HEIGHT = 220, 150
LARGEST = 400
"""Heavy atoms of the largest molecule that is drawn."""
POSITION = re.compile(r"around position (\d+)")
STAMP = re.compile(r"^\[[\d:]+\] (?:SMILES Parse Error: )?")
HEADER = re.compile(r"<\?xml[^>]*\?>|<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL)


class Fault(NamedTuple):
    """Why a text is no valid molecule, as RDKit says it.

    Attributes:
        why: In words; empty if RDKit does not say.
        position: Which character of the text is wrong, from 0; -1 if RDKit does not say.
        atoms: Atoms that are wrong, where the text can be read as a graph.
    """

    why: str
    position: int = -1
    atoms: tuple[int, ...] = ()


def find_fault(smiles: str) -> Fault:
    """Return why a SMILES does not parse; nothing of one that does."""
    text = smiles.strip()[:MAX_SMILES]
    mol, said = _parse_unchecked(text)
    if mol is None:
        position = POSITION.search(said)
        return Fault(_first_line(said), int(position[1]) - 1 if position else -1)
    with rdBase.BlockLogs():
        problems = Chem.DetectChemistryProblems(mol)
    atoms = sorted({atom for problem in problems for atom in _atoms_of(problem)})
    return Fault("; ".join(dict.fromkeys(" ".join(problem.Message().split()) for problem in problems)), atoms=tuple(atoms))


def _parse_unchecked(text: str) -> tuple[Chem.Mol | None, str]:
    """Return the graph that a text describes, whatever its valences, and what RDKit says if there is none."""
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = parameters.removeHs = False
    with rdBase.CaptureErrorLog() as log:
        try:
            mol = Chem.MolFromSmiles(text, parameters)
        except (UnicodeEncodeError, RuntimeError):
            return None, "signs that no SMILES has"
        return mol, str(log.messages)


def _first_line(said: str) -> str:
    line = STAMP.sub("", (said.strip().splitlines() or [""])[0])
    return re.split(r" while parsing: | for input: ", line)[0].strip()


def _atoms_of(problem: Chem.MolSanitizeException) -> Sequence[int]:
    if hasattr(problem, "GetAtomIndices"):
        return list(problem.GetAtomIndices())
    return [problem.GetAtomIdx()] if hasattr(problem, "GetAtomIdx") else []


def draw(smiles: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return a picture of a SMILES as an SVG element, atoms that are wrong in colour; empty if there is nothing to draw.

    Args:
        smiles: Any text; nothing of it comes into the picture but the symbols of its atoms.
        width: Pixels.
        height: Pixels.
    """
    text = smiles.strip()
    if not text or len(text) > MAX_SMILES:
        return ""
    mol, _ = _parse_unchecked(text)
    if mol is None or not 0 < mol.GetNumAtoms() <= LARGEST:
        return ""
    try:
        with rdBase.BlockLogs():
            return _svg(mol, find_fault(text).atoms, width, height)
    except (ValueError, RuntimeError):  # RDKit finds no coordinates
        return ""


def _svg(mol: Chem.Mol, wrong: Sequence[int], width: int, height: int) -> str:
    if wrong:
        mol.UpdatePropertyCache(strict=False)
        Chem.FastFindRings(mol)
    else:
        Chem.SanitizeMol(mol)
        mol = Chem.RemoveHs(mol)
    rdDepictor.Compute2DCoords(mol)
    drawing = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = drawing.drawOptions()
    options.clearBackground, options.prepareMolsBeforeDrawing = False, not wrong
    options.bondLineWidth, options.minFontSize = 1, 9
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
    drawing.DrawMolecule(mol, highlightAtoms=list(wrong))
    drawing.FinishDrawing()
    return HEADER.sub("", drawing.GetDrawingText()).strip()
