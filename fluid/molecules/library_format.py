"""What kind of library lies in a folder, and how much is in it: written last, so that a torn library has none."""

from pathlib import Path

from rdkit import rdBase

from fluid.artifacts import read_json, write_json
from fluid.errors import ArtifactError
from fluid.molecules.packed import PackedGraphs

FEATURES_VERSION = 1
"""Raise it with every change of what the atom, bond or fingerprint bytes mean."""
FORMAT = "format.json"
REMEDY = "Delete the folder and run again."


def write_format(folder: Path, molecules: int, atoms: int, edges: int) -> None:
    """Declare a library finished."""
    counts = {"molecules": molecules, "atoms": atoms, "edges": edges}
    write_json(folder / FORMAT, {"features": FEATURES_VERSION, "rdkit": rdBase.rdkitVersion, **counts})


def check_maker(folder: Path) -> dict[str, object]:
    """Return what a library says of itself, if features of this version made with this RDKit lie in it.

    Raises:
        ArtifactError: The library was not finished, or was written by another version.
    """
    path = folder / FORMAT
    if not path.is_file():
        raise ArtifactError("the library was not finished, or was written by an older version", where=str(path), remedy=REMEDY)
    found = read_json(path)
    if not isinstance(found, dict):
        raise ArtifactError("this is no description of a library", where=str(path), remedy=REMEDY)
    for name, here in (("features", FEATURES_VERSION), ("rdkit", rdBase.rdkitVersion)):
        if found.get(name) != here:
            what = f"the library was written with {name} version {found.get(name)!r}"
            raise ArtifactError(what, where=str(path), expected=str(here), remedy=REMEDY)
    return found


def check_counts(folder: Path, found: dict[str, object], graphs: PackedGraphs, fingerprints: int) -> None:
    """Check that as many molecules, atoms, edges and fingerprints are there as were written.

    Raises:
        ArtifactError: The library holds more or fewer molecules, atoms, edges or fingerprints than were written.
    """
    here = {"molecules": len(graphs), "atoms": len(graphs.atoms), "edges": len(graphs.bonds)}
    for name, count in (*here.items(), ("molecules", fingerprints)):
        if found.get(name) != count:
            raise ArtifactError(f"the library has {count} {name}", where=str(folder), expected=f"{found.get(name)!r}", remedy=REMEDY)
