"""Near duplicates within a sample of molecules, and how near the molecules of a sample come to those of another file."""

from dataclasses import dataclass, field

import numpy as np

from fluid.inspection.facts import NearPair
from fluid.inspection.sampling import Reservoir
from fluid.molecules.fingerprints import BYTES
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference, nearest_similarity

NEAR = 0.95
ROUNDING = 1e-6
MOST_MOLECULES = 5_000
MOST_PAIRS = 12


@dataclass(slots=True)
class MoleculeSample:
    """A fair sample of rows with a usable molecule.

    Attributes:
        size: Most rows in it.
        rows: Their numbers.
        smiles: Their standardised SMILES.
        keys: Their keys, hashed.
        skeletons: And the first blocks of these.
        bits: Their fingerprints `(size, bytes)`; only as many as there are rows count.
    """

    size: int = MOST_MOLECULES
    rows: list[int] = field(default_factory=list)
    smiles: list[str] = field(default_factory=list)
    keys: np.ndarray = field(init=False)
    skeletons: np.ndarray = field(init=False)
    bits: np.ndarray = field(init=False)
    places: Reservoir = field(init=False)

    def __post_init__(self) -> None:
        """Make room."""
        self.places = Reservoir(self.size, "molecules")
        self.keys, self.skeletons = (np.zeros(self.size, dtype=np.uint64) for _ in range(2))
        self.bits = np.zeros((self.size, BYTES), dtype=np.uint8)

    def add(self, rows: list[int], molecules: MoleculeSet, keys: np.ndarray, skeletons: np.ndarray) -> None:
        """Take in some more."""
        which, places = self.places.places(len(rows))
        for one, place in zip(which.tolist(), places.tolist(), strict=True):
            if place == len(self.rows):
                self.rows.append(0)
                self.smiles.append("")
            self.rows[place], self.smiles[place] = rows[one], molecules.smiles[one]
            self.keys[place], self.skeletons[place], self.bits[place] = keys[one], skeletons[one], molecules.bits[one]

    def distinct(self, most: int) -> np.ndarray:
        """Return the places of at most `most` different molecules."""
        _, first = np.unique(self.keys[: len(self.rows)], return_index=True)
        return np.sort(first)[:most]

    @property
    def whole(self) -> bool:
        """Whether it holds every row that came."""
        return self.places.seen <= self.size


def near_pairs(sample: MoleculeSample, places: np.ndarray) -> tuple[int, tuple[NearPair, ...]]:
    """Return how many molecules have a near duplicate among the others, and the most similar pairs, each once."""
    if len(places) < 2:
        return 0, ()
    bits = sample.bits[places]
    found = NearestReference(bits).nearest(bits, 2)
    own = np.arange(len(places))
    column = (found.rows[:, 0] == own).astype(int)  # the nearest is a molecule itself, or one with the same fingerprint
    other, similarity = (part[own, column] for part in found)
    near = np.flatnonzero((similarity >= NEAR - ROUNDING) & (other != own))
    order = near[np.argsort(-similarity[near], kind="stable")]
    pairs = dict.fromkeys((min(one, int(other[one])), max(one, int(other[one]))) for one in order.tolist())
    best = {pair: float(similarity[pair[0]] if other[pair[0]] == pair[1] else similarity[pair[1]]) for pair in list(pairs)[:MOST_PAIRS]}
    return len(near), tuple(_pair(sample, int(places[one]), int(places[two]), value) for (one, two), value in best.items())


def _pair(sample: MoleculeSample, one: int, other: int, similarity: float) -> NearPair:
    first, second = sorted((one, other), key=lambda place: sample.rows[place])
    return NearPair((sample.rows[first], sample.rows[second]), (sample.smiles[first], sample.smiles[second]), round(similarity, 4))


class NearestSoFar:
    """How similar each query is to the nearest of all references that came.

    Args:
        bits: Fingerprints of the queries.
    """

    def __init__(self, bits: np.ndarray) -> None:
        self._bits, self.similarity = bits, np.zeros(len(bits))

    def add(self, references: np.ndarray) -> None:
        """Take in the fingerprints of some more references."""
        if len(references) and len(self._bits):
            self.similarity = np.maximum(self.similarity, nearest_similarity(self._bits, references, 1))
