"""Bemis–Murcko scaffolds."""

from rdkit.Chem.Scaffolds import MurckoScaffold

from fluid.molecules.parse import parse


def murcko_scaffold(smiles: str) -> str:
    """Return the scaffold's SMILES without stereo (Bemis & Murcko 1996, doi:10.1021/jm9602928); acyclic molecules give `""`."""
    scaffold = MurckoScaffold.MurckoScaffoldSmiles(mol=parse(smiles), includeChirality=False)  # type: ignore[no-untyped-call]  # RDKit's
    return str(scaffold)
