"""Whether texts look like SMILES."""

from collections.abc import Sequence
from typing import NamedTuple

from rdkit import rdBase

from fluid.molecules.cell import MAX_SMILES
from fluid.molecules.parse import parse_group


class Likeness(NamedTuple):
    """How much some texts look like SMILES.

    Attributes:
        share: Share of them that parses; 0 of none.
        atoms: Heavy atoms of those that parse, in the mean: words such as `CO` have few.
    """

    share: float
    atoms: float


def smiles_likeness(texts: Sequence[str]) -> Likeness:
    """Return how much some texts look like SMILES; each may have an extension or a title after a blank."""
    with rdBase.BlockLogs():
        mols = parse_group([text.split()[0] for text in texts if text.strip() and len(text) <= MAX_SMILES])
    sizes = [mol.GetNumHeavyAtoms() for mol in mols if mol is not None]
    return Likeness(len(sizes) / len(texts), sum(sizes) / len(sizes)) if sizes else Likeness(0.0, 0.0)
