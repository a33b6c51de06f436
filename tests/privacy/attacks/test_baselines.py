import numpy as np
import pytest

from fluid.privacy.attacks.baselines import NEIGHBOUR, STRUCTURE
from fluid.privacy.scene import Candidates, Scene
from fluid.privacy.statistics import auc


def test_alike_molecules_cannot_be_told_apart_by_structure(quiet: Scene) -> None:
    scores = STRUCTURE.score(quiet)
    assert 0.35 < auc(scores[:150], scores[150:]) < 0.6
    assert STRUCTURE.is_baseline


def test_other_molecules_can(quiet: Scene) -> None:
    public = quiet.public
    assert public is not None
    own, n = quiet.candidates, 150
    chains = tuple("C" * (3 + i % 12) + "Br" for i in range(n))
    mixed = Candidates(own.smiles[:n] + chains, own.skeletons, own.bits, own.member, own.labels)
    scores = STRUCTURE.score(Scene(quiet.endpoints, mixed, quiet.dictionary))
    assert auc(scores[:n], scores[n:]) > 0.95


def test_the_nearest_public_molecule_is_another_one(quiet: Scene) -> None:
    assert NEIGHBOUR.score(quiet) == pytest.approx(quiet.nearest.similarity[:, 0])
    public = quiet.public
    assert public is not None
    own = quiet.candidates
    moved = Candidates(own.smiles, (public.skeletons[0], *own.skeletons[1:]), own.bits, own.member, own.labels)
    scene = Scene(quiet.endpoints, moved, quiet.dictionary, public)
    assert NEIGHBOUR.score(scene)[0] == pytest.approx(scene.nearest.similarity[0, 1])
    assert NEIGHBOUR.score(scene)[1:] == pytest.approx(scene.nearest.similarity[1:, 0])


def test_few_molecules_teach_nothing(quiet: Scene) -> None:
    assert not STRUCTURE.possible(quiet.taken(np.arange(20), np.arange(20) < 5))
