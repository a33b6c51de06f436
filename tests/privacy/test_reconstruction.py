from dataclasses import replace

import numpy as np
import pytest

from fluid.annotation.evidence import count_evidence
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.scaffold import murcko_scaffold
from fluid.privacy import reconstruction
from fluid.privacy.reconstruction import (
    best_first,
    liking_of,
    made_of,
    mean_of,
    name_first,
    ordinary,
    reconstruct,
    reconstruction_planted,
    share_of,
)
from fluid.privacy.scene import Candidates, Heads, Public, Scene, features_of
from tests.privacy.conftest import DICTIONARY, molecules


@pytest.fixture
def world(quiet: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene of the same candidates, with enough public molecules, and evidence of nothing."""
    monkeypatch.setattr(reconstruction, "FEWEST_PUBLIC", 100)
    monkeypatch.setattr(reconstruction, "MADE", 20)
    monkeypatch.setattr(reconstruction, "FIRST", 20)
    smiles, _ = molecules("transfer", 300)
    public = Public(smiles, tuple(f"public {i}" for i in range(300)), morgan_bits(smiles), DICTIONARY)
    return quiet.changed(public=public, sent=None, asked=None, others=(), evidence=np.zeros((1, 2048), dtype=np.float32))


def counted(scene: Scene, smiles: tuple[str, ...]) -> Scene:
    """Return the scene with exact evidence of some molecules."""
    return scene.changed(evidence=count_evidence(features_of(DICTIONARY, smiles), np.zeros((len(smiles), 1))))


def test_molecules_are_liked_by_the_mean_of_their_substructures() -> None:
    features = features_of(DICTIONARY, ("CCO", "c1ccccc1"))
    values = np.arange(2048.0)
    columns = np.unique(features[0].indices)
    assert mean_of(values)(features)[0] == pytest.approx(columns.mean())


def test_names_come_once_by_their_best_and_known_ones_are_left_out() -> None:
    names, liked = ["a", "b", "a", "", "c"], np.array([0.1, 0.5, 0.9, 2.0, 0.7])
    assert best_first(names, liked, frozenset("c")) == ["a", "b"]
    assert share_of(["a", "b"], frozenset("a")).value == 0.5
    assert share_of([], frozenset("a")).value == 0.0


def test_public_scaffolds_that_were_counted_are_named(world: Scene) -> None:
    """The company's molecules stand among the public ones: their scaffolds come first, where the baseline finds few."""
    own = tuple(world.public.smiles[200:])  # type: ignore[union-attr]
    mine = Candidates(own, tuple(f"own {i}" for i in range(100)), morgan_bits(own), np.arange(100) < 50, np.zeros((100, 1)))
    scene = counted(replace(world, candidates=mine), own[:50])
    found = {one.name: one for one in reconstruct(scene)}
    assert found["chemotypes"].members.low > found["chemotypes"].blind.value
    assert found["chemotypes"].members.value > 2 * found["chemotypes"].non_members.value


def test_made_up_molecules_that_were_counted_are_named(world: Scene) -> None:
    """Some of the molecules that can be made up are the company's: the release tells which."""
    smiles = list(world.public.smiles)  # type: ignore[union-attr]
    made = made_of(smiles, np.random.default_rng(0))
    assert len(made) == 20
    own = tuple(made.smiles[:8])
    scene = counted(world, own)
    like = liking_of(scene)
    assert like is not None
    liked = like(features_of(DICTIONARY, tuple(made.smiles)))
    first = best_first(list(made.smiles), liked, frozenset())[:8]
    assert len(set(first) & set(own)) >= 6


def test_nothing_is_named_that_is_public(world: Scene) -> None:
    known = reconstruction.known_to(world, world.public)  # type: ignore[arg-type]
    scaffolds, keys = name_first(world, ordinary(world), known, np.arange(200))
    assert scaffolds
    assert not set(scaffolds) & {murcko_scaffold(one) for one in known.smiles}
    assert len(keys) <= 20


def test_halves_that_do_not_join_make_nothing() -> None:
    assert len(made_of(["C", "CC"], np.random.default_rng(0))) == 0
    assert isinstance(made_of(["C"], np.random.default_rng(0)), MoleculeSet)


def test_weights_like_molecules_where_there_is_no_evidence(world: Scene) -> None:
    assert liking_of(world) is None
    weights = np.zeros((1, 2048))
    column = int(world.public.features[0].indices[0])  # type: ignore[union-attr]
    weights[0, column] = -3.0
    like = liking_of(world.changed(heads=Heads(weights, np.zeros(1))))
    assert like is not None
    liked = like(world.public.features)  # type: ignore[union-attr]
    has = np.asarray((world.public.features[:, [column]] != 0).todense()).ravel()  # type: ignore[union-attr]
    plain = mean_of(-np.log(world.public.share))(world.public.features)  # type: ignore[union-attr]
    assert (liked - plain)[has].min() > (liked - plain)[~has].max()


def test_few_public_molecules_make_nothing_up(quiet: Scene) -> None:
    assert reconstruct(quiet) == ()
    assert reconstruction_planted(quiet) == ()


@pytest.mark.parametrize("release", ["evidence", "heads"])
def test_a_release_that_is_made_of_public_molecules_names_their_scaffolds(
    world: Scene, monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    monkeypatch.setattr(reconstruction, "PLANTED", 15)
    some = tuple(world.public.smiles[:5])  # type: ignore[union-attr]
    scene = counted(world, some) if release == "evidence" else world.changed(heads=Heads(np.ones((1, 2048)), np.zeros(1)))
    (found,) = reconstruction_planted(scene)
    assert found.found_by == "chemotypes"
    assert found.auc.value > 0.5
