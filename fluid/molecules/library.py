"""A library of molecules on disk: graphs and fingerprints, written in a stream and memory-mapped ever after."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fluid.errors import ArtifactError
from fluid.molecules.array_writer import ArrayWriter
from fluid.molecules.features import ATOM_FEATURES
from fluid.molecules.fingerprints import BYTES
from fluid.molecules.library_format import check_counts, check_maker, write_format
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import FILES, PackedGraphs
from fluid.molecules.workers import featurize_stream

GRAPHS, BITS = "graphs", "bits.npy"
OFFSETS = {"atom_offsets": "atoms", "edge_offsets": "bonds"}


def write_library(folder: Path, smiles: Sequence[str], workers: int) -> None:
    """Featurise standardised SMILES in worker processes and write the arrays as they come."""
    write_parts(folder, featurize_stream(smiles, workers))


def write_parts(folder: Path, parts: Iterable[tuple[PackedGraphs, np.ndarray]]) -> None:
    """Write graphs and fingerprints part by part, and last of all what they are."""
    (folder / GRAPHS).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        shapes = {"atoms": (len(ATOM_FEATURES),)}
        writers = {
            name: stack.enter_context(ArrayWriter(folder / GRAPHS / f"{name}.npy", dtype, shapes.get(name, ())))
            for name, dtype in FILES.items()
        }
        bits_writer = stack.enter_context(ArrayWriter(folder / BITS, np.uint8, (BYTES,)))
        for name in OFFSETS:
            writers[name].append(np.zeros(1, dtype=np.int64))
        for graphs, bits in parts:
            for name, flat in OFFSETS.items():
                writers[name].append(getattr(graphs, name)[1:] + writers[flat].rows)
            for name in ("atoms", "neighbours", "bonds"):
                writers[name].append(getattr(graphs, name))
            bits_writer.append(bits)
    write_format(folder, bits_writer.rows, writers["atoms"].rows, writers["bonds"].rows)


def read_library(folder: Path, smiles: Sequence[str], keys: Sequence[str]) -> MoleculeSet:
    """Memory-map a library.

    Raises:
        ArtifactError: A file is missing, torn or does not fit, or another version wrote the library.
    """
    written = check_maker(folder)
    try:
        bits = np.load(folder / BITS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(
            f"fingerprints cannot be read ({error})", where=str(folder / BITS), remedy="Delete the folder and run again."
        ) from None
    if bits.dtype != np.uint8 or bits.ndim != 2 or bits.shape[1] != BYTES:
        what = f"fingerprints have shape {bits.shape} and type {bits.dtype}"
        raise ArtifactError(what, where=str(folder / BITS), expected=f"uint8 rows of {BYTES}", remedy="Delete the folder and run again.")
    graphs = PackedGraphs.load(folder / GRAPHS)
    check_counts(folder, written, graphs, len(bits))
    return MoleculeSet(tuple(smiles), tuple(keys), graphs, bits)
