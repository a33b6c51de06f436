"""Whether texts look like SMILES."""

from collections.abc import Sequence
from typing import NamedTuple

from rdkit import rdBase

from fluid.molecules.parse import MAX_SMILES, parse_group


class Likeness(NamedTuple):
    """How much some texts look like SMILES.

    Attributes:
        share: Share of them that parses; 0 of none.
        atoms: Heavy atoms of those that parse, in the mean: words such as `CO` have few.
    """

    share: float
    atoms: float


def smiles_likeness(texts: Sequence[str]) -> Likeness:
    """Return how much some texts look like SMILES; each may have a title after a blank."""
    with rdBase.BlockLogs():
        mols = parse_group([text.strip() for text in texts if 0 < len(text.strip()) <= MAX_SMILES])
    sizes = [mol.GetNumHeavyAtoms() for mol in mols if mol is not None]
    return Likeness(len(sizes) / len(texts), sum(sizes) / len(sizes)) if sizes else Likeness(0.0, 0.0)
