"""Structures that a release lets somebody name: made-up molecules and public scaffolds, ranked by what evidence or weights say of them.

Whoever has a release and public molecules cuts those that the release likes best, joins their halves anew, and looks at what it likes best
of these. The baseline does the same without the release: halves of any public molecules, the most ordinary ones first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fluid.errors import InputError
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.recombine import recombine
from fluid.molecules.scaffold import murcko_scaffold
from fluid.molecules.substructures import presence
from fluid.privacy.attacks.evidence_counts import LEAST, counts_of, releases_evidence
from fluid.privacy.planted import Planted
from fluid.privacy.scene import Heads, Public, Scene, features_of
from fluid.privacy.statistics import Measured, clopper_pearson
from fluid.seeding import numpy_stream

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FEWEST_PUBLIC, MOST_PUBLIC = 1000, 10_000
"""Public molecules without which hardly anything can be made up, and how many are looked at."""
MADE, FIRST, PARENTS = 1000, 100, 0.25
"""Molecules that are made up, how many of the best are named, and the share of public molecules, the best liked, that are cut for them."""

WEAK, TINY = 1e-2, 1e-12
"""Smallest square of a weight that counts, as a part of their mean, and above 0."""
PLANTED = 50
"""Public molecules of which a copy of the release is made in the power check."""

Liking = Callable[["csr_matrix"], np.ndarray]


@dataclass(frozen=True, slots=True)
class Named:
    """How many of the first that a ranking names are real.

    Attributes:
        name: What is named: `chemotypes`, `scaffolds` or `structures`.
        members: Share that members have.
        non_members: Share that non-members have.
        blind: Share that members have among the first of the baseline, which does not read the release.
    """

    name: str
    members: Measured
    non_members: Measured
    blind: Measured


class Real(NamedTuple):
    """Scaffolds, or keys of structures, that members and non-members have."""

    members: frozenset[str]
    non_members: frozenset[str]


class Known(NamedTuple):
    """Public molecules that are looked at: SMILES, features and scaffolds of each, and the keys of all public ones."""

    smiles: list[str]
    features: "csr_matrix"
    scaffolds: list[str]
    keys: frozenset[str]


def liking_of(scene: Scene) -> Liking | None:
    """Return how much the release likes molecules: by counts against public shares, else by the squares of additive weights against them.

    An additive weight is a sum of residuals over the molecules that have the substructure: its square grows with their number.
    """
    public = scene.public
    if public is None or len(public.smiles) < FEWEST_PUBLIC:
        return None
    if releases_evidence(scene):
        counts = counts_of(scene)
        expected = np.maximum(public.share / public.share.max() * counts.max(), LEAST)
        return mean_of(np.log(np.maximum(counts, LEAST) / expected))
    if scene.copied is None:
        return None
    squares = (scene.copied.weights**2).mean(axis=0)  # about as large as there are molecules that made a weight
    return mean_of(np.log(np.maximum(squares, WEAK * squares.mean() + TINY) / public.share))


def ordinary(scene: Scene) -> Liking:
    """Return how ordinary molecules are among public ones: what the baseline likes."""
    share = scene.public.share if scene.public else np.ones(scene.dictionary.n_bits)
    return mean_of(np.log(share))


def mean_of(values: np.ndarray) -> Liking:
    """Return the mean of values `(D,)` over the substructures of each molecule, as a function of features."""

    def like(features: "csr_matrix") -> np.ndarray:
        there = presence(features)
        found: np.ndarray = np.asarray(there @ values) / np.maximum(np.asarray(there.sum(axis=1)).ravel(), 1.0)
        return found

    return like


def best_first(names: Sequence[str], liked: np.ndarray, known: frozenset[str]) -> list[str]:
    """Return names by their best liking, each once, without empty ones and those that are known already."""
    order = np.argsort(-liked, kind="stable")
    return [name for name in dict.fromkeys(names[row] for row in order) if name and name not in known]


def share_of(first: Sequence[str], real: frozenset[str]) -> Measured:
    """Return which share of the first names is real, with its exact interval; 0 of one where nothing is named."""
    return clopper_pearson(sum(name in real for name in first), max(len(first), 1))


def made_of(smiles: Sequence[str], rng: np.random.Generator) -> MoleculeSet:
    """Return made-up molecules; none where these halves do not join."""
    try:
        return recombine(MoleculeSet.from_smiles(smiles, smiles), MADE, rng)
    except InputError:
        return MoleculeSet.from_smiles([], [])


def scaffolds_of(smiles: Sequence[str]) -> list[str]:
    """Return the Murcko scaffolds of molecules."""
    return [murcko_scaffold(one) for one in smiles]


def known_to(scene: Scene, public: Public) -> Known:
    """Return the public molecules that are looked at, at most so many, drawn at random."""
    rows = np.sort(numpy_stream(scene.seed, "public scaffolds").permutation(len(public.smiles))[:MOST_PUBLIC])
    smiles = [public.smiles[row] for row in rows]
    return Known(smiles, public.features[rows], scaffolds_of(smiles), frozenset(public.skeletons))


def real_of(names: Sequence[str], member: np.ndarray) -> Real:
    """Return the names that members, and that non-members, have."""
    parts = ([name for name, kind in zip(names, member, strict=True) if kind == mark] for mark in (True, False))
    return Real(*map(frozenset, parts))


def reconstruct(scene: Scene) -> tuple[Named, ...]:
    """Return how many chemotypes, scaffolds and structures a release lets somebody name; nothing where it likes nothing in particular."""
    like = liking_of(scene)
    if like is None or scene.public is None:
        return ()
    known, plain = known_to(scene, scene.public), ordinary(scene)
    scaffolds = real_of(scaffolds_of(scene.candidates.smiles), scene.candidates.member)
    structures = real_of(scene.candidates.skeletons, scene.candidates.member)
    liked = like(known.features)
    chemotypes, ordinary_ones = (best_first(known.scaffolds, one, frozenset())[:FIRST] for one in (liked, plain(known.features)))
    many = max(1, int(PARENTS * len(known.smiles)))
    guided = np.sort(np.argsort(-liked, kind="stable")[:many])
    blind = np.sort(numpy_stream(scene.seed, "blind parents").permutation(len(known.smiles))[:many])
    named = [name_first(scene, way, known, parents) for way, parents in ((like, guided), (plain, blind))]
    return (
        compared("chemotypes", chemotypes, ordinary_ones, scaffolds),
        compared("scaffolds", named[0][0], named[1][0], scaffolds),
        compared("structures", named[0][1], named[1][1], structures),
    )


def compared(name: str, first: Sequence[str], blind: Sequence[str], real: Real) -> Named:
    """Return what the first of a ranking by the release are, beside the first of the baseline's."""
    return Named(name, share_of(first, real.members), share_of(first, real.non_members), share_of(blind, real.members))


def name_first(scene: Scene, like: Liking, known: Known, parents: np.ndarray) -> tuple[list[str], list[str]]:
    """Return the first scaffolds, and keys of structures, of molecules made up of parents, that no public molecule has.

    Args:
        scene: Whose dictionary and seed are used.
        like: How much molecules are liked.
        known: The public molecules.
        parents: Which of them are cut.
    """
    made = made_of([known.smiles[row] for row in parents], numpy_stream(scene.seed, "made-up molecules"))
    if not len(made):
        return [], []
    liked = like(features_of(scene.dictionary, tuple(made.smiles)))
    scaffolds = best_first(scaffolds_of(made.smiles), liked, frozenset(known.scaffolds))
    return scaffolds[:FIRST], best_first(made.skeletons, liked, known.keys)[:FIRST]


def reconstruction_planted(scene: Scene) -> tuple[Planted, ...]:
    """Return whether the scaffolds of public molecules come first that a copy of the release is made of; nothing where it names nothing."""
    if liking_of(scene) is None or scene.public is None:
        return ()
    rows = numpy_stream(scene.seed, "planted scaffolds").permutation(len(scene.public.smiles))[:FEWEST_PUBLIC]
    smiles, features = [scene.public.smiles[row] for row in rows], scene.public.features[rows]
    counts = np.asarray(presence(features[:PLANTED]).sum(axis=0)).reshape(1, -1)
    copy = scene.changed(evidence=counts) if releases_evidence(scene) else scene.changed(heads=Heads(np.sqrt(counts), np.zeros(1)))
    like = liking_of(copy)
    scaffolds = scaffolds_of(smiles)
    first = best_first(scaffolds, like(features), frozenset())[:PLANTED] if like else []
    found = share_of(first, frozenset(scaffolds[:PLANTED]))
    says = f"the release is made of {PLANTED} public molecules (share of the first {PLANTED} scaffolds)"
    return (Planted("planted_scaffolds", says, "chemotypes" if found.low > 2 * PLANTED / len(smiles) else "", found),)
