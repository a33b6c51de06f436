"""Bemis–Murcko scaffolds."""

from rdkit.Chem.Scaffolds import MurckoScaffold

from fluid.molecules.parse import parse


def murcko_scaffold(smiles: str) -> str:
    """Return the scaffold's SMILES without stereo (Bemis & Murcko 1996, doi:10.1021/jm9602928); acyclic molecules give `""`."""
    return str(MurckoScaffold.MurckoScaffoldSmiles(mol=parse(smiles), includeChirality=False))
