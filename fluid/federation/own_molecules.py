"""Which molecules a model of private data learnt from: kept beside it, inside the company, and asked when it answers a transfer set."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fluid.artifacts import Artifact, read_json, write_json
from fluid.data.dataset import Dataset
from fluid.errors import ArtifactError, ConfigError
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import Hidden

FILE = "own_molecules.json"
FORMAT = 1
TOLD = 3
"""Molecules that a message names."""


@dataclass(frozen=True)
class OwnMolecules:
    """The molecules that a model learnt from.

    Attributes:
        skeletons: What stereo-isomers share, of each of the `n` molecules; by it two molecules count as the same.
        reference: Rows of them whose fingerprints the domain score is counted from, in its order `(r,)` int64.
        similarity: From this Tanimoto similarity on, none of them counts for the domain score of a molecule.
    """

    skeletons: tuple[str, ...]
    reference: np.ndarray
    similarity: float = np.inf

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.skeletons)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, row in enumerate(self.reference):
            places.setdefault(self.skeletons[row], []).append(place)
        return places

    def shared(self, molecules: MoleculeSet) -> np.ndarray:
        """Return which rows of other molecules are among these, stereo-isomers included, sorted int64."""
        return np.flatnonzero([one in self._known for one in molecules.skeletons])

    def hidden(self, molecules: MoleculeSet) -> Hidden:
        """Return which references of the domain score are the very molecules that are asked about, or too like them, and do not count."""
        pairs = [(row, place) for row, one in enumerate(molecules.skeletons) for place in self._places.get(one, ())]
        rows, places = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return Hidden(rows, places, self.similarity)


def write_own_molecules(folder: Path, own: OwnMolecules) -> None:
    """Write `own_molecules.json` into a model's folder."""
    write_json(folder / FILE, {"format": FORMAT, "skeletons": own.skeletons, "reference": own.reference.tolist()})


def read_own_molecules(artifact: Artifact) -> OwnMolecules | None:
    """Return the molecules that a model learnt from; `None` if it does not say.

    Raises:
        ArtifactError: The file is of another format.
    """
    if not (artifact / FILE).exists():
        return None
    content = read_json(artifact / FILE)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ArtifactError("the list of own molecules cannot be read", where=str(artifact / FILE), expected=f"format {FORMAT}")
    return OwnMolecules(tuple(content["skeletons"]), np.array(content["reference"], dtype=np.int64))


def refuse_overlap(own: OwnMolecules | None, transfer: Dataset, where: str) -> None:
    """Refuse a transfer set that holds molecules which a teacher learnt from: its answers and domain scores would tell which.

    Args:
        own: Those molecules; `None`: nobody knows.
        transfer: The transfer set.
        where: Its file, for the message.

    Raises:
        ConfigError: A molecule is in both, or it is not known which molecules the teacher learnt from.
    """
    if own is None:
        raise ConfigError(
            "the teacher's folder does not say which molecules it learnt from, so they are not known to be absent here",
            where=where,
            remedy="Train the teacher again, or set annotation.overlap=allow.",
        )
    if len(rows := own.shared(transfer.molecules)):
        raise ConfigError(
            f"{len(rows)} of {len(transfer)} transfer molecules are in your training data: {named(rows, transfer.molecules.smiles)}",
            where=where,
            expected="none: what a model says of its own training molecules tells that they are there",
            remedy="Agree on a transfer set without them; or let models that never saw them answer them (annotation.overlap=cross_fit, "
            "for train-teacher with transfer=... too); or set annotation.overlap=allow, for research with public data.",
        )


def named(rows: np.ndarray, smiles: Sequence[str]) -> str:
    """Return the first of some molecules in words, each with its place in the transfer set."""
    first = ", ".join(f"molecule {row + 1} ({smiles[row]})" for row in rows[:TOLD])
    return first + (", ..." if len(rows) > TOLD else "")
