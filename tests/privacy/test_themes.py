import numpy as np
import pytest

from fluid.annotation.evidence import count_evidence
from fluid.data.endpoints import Endpoint
from fluid.privacy.scene import Answers, Candidates, Copied, Public, Scene, Whole
from fluid.privacy.themes import Theme, active, at_home, kinds, measured, themes_of
from tests.privacy.conftest import N

TWO = (Endpoint("blocker"), Endpoint("logP", "regression"))
HALF = np.arange(N) < N // 2


@pytest.fixture
def labels(scene: Scene) -> np.ndarray:
    """Labels of two endpoints, each measured for molecules of one kind: the two sides of the first principal component."""
    there = (scene.features != 0).toarray().astype(float)
    side = np.linalg.svd(there - there.mean(axis=0), full_matrices=False)[0][:, 0]
    first = side > np.median(side)
    found = np.full((N, 2), np.nan)
    found[first, 0] = scene.candidates.labels[first, 0]
    found[~first, 1] = 3.0
    return found


@pytest.fixture
def two(scene: Scene, labels: np.ndarray) -> Scene:
    """A company that measures one kind of molecules for one endpoint, and another kind for another; half of them are set aside."""
    own = scene.candidates
    evidence = count_evidence(scene.features[:150], labels[:150])
    candidates = Candidates(own.smiles, own.skeletons, own.bits, HALF, labels)
    whole = Whole.of(labels[HALF], np.array([True, False]))
    return Scene(TWO, candidates, scene.dictionary, scene.public, evidence=evidence, whole=whole)


def test_labels_are_counted_by_endpoint() -> None:
    found = Whole.of(np.array([[1.0, 4.0], [0.0, np.nan], [np.nan, 5.0], [0.0, np.nan]]), np.array([True, False]))
    assert found.measured.tolist() == [3, 2]
    assert found.active[0] == pytest.approx(1 / 3)
    assert np.isnan(found.active[1])
    assert np.isnan(Whole.of(np.full((3, 1), np.nan), np.array([True])).active[0])


def test_evidence_tells_how_many_molecules_were_measured(two: Scene) -> None:
    found = measured(two)
    assert [one.endpoint for one in found] == ["blocker", "logP"]
    assert [one.true for one in found] == np.isfinite(two.candidates.labels[:150]).sum(axis=0).tolist()
    assert [one.told for one in found] == pytest.approx([one.true for one in found], rel=0.1)
    noisy = np.maximum(two.evidence + np.random.default_rng(0).normal(0, 5, two.evidence.shape), 0)  # type: ignore[operator]
    assert [one.told for one in measured(two.changed(evidence=noisy))] == pytest.approx([one.true for one in found], rel=0.15)


def test_kinds_are_told_of_members_and_of_molecules_that_are_not_in_the_data_alike(two: Scene) -> None:
    found = kinds(two)
    assert [one.endpoint for one in found] == ["blocker", "logP"]
    assert min(one.true for one in found) > 0.8  # a random half that the release knows nothing of
    assert min(one.told for one in found) > 0.8
    assert {one.guess for one in found} == {0.5}


def test_evidence_that_does_not_depend_on_kinds_tells_none(two: Scene, labels: np.ndarray) -> None:
    mixed = labels[np.random.default_rng(3).permutation(150)]
    found = kinds(two.changed(evidence=count_evidence(two.features[:150], mixed)))
    assert all(abs(one.true - 0.5) < 0.2 for one in found)


def answered(scene: Scene, public: Public, prediction: np.ndarray, **signals: np.ndarray) -> Copied:
    return Copied(Answers(prediction[:, None], signals), scene.endpoints, public)


def test_answers_near_home_tell_the_share_of_actives(scene: Scene, public: Public) -> None:
    near = np.where(np.arange(N) < 30, 3.0, 0.0)
    said = np.where(near > 0, 0.8, 0.2)
    others = [answered(scene, public, np.full(N, 0.1)), answered(scene, public, np.full(N, 0.3))]
    whole = Whole(np.array([40]), np.array([0.75]))
    for signals in ({"familiarity": near, "bin": np.zeros(N)}, {"bin": near}):
        (found,) = active(scene.changed(sent=answered(scene, public, said, **signals), others=others, whole=whole))
        assert found == Theme("active", "blocker", pytest.approx(0.8), 0.75, pytest.approx(0.2))
    (plain,) = active(scene.changed(sent=answered(scene, public, said), others=(), whole=whole))
    assert plain.told == pytest.approx(said.mean())
    assert plain.guess is None


def test_home_is_where_the_company_is_near() -> None:
    said = np.zeros((3, 1))
    assert at_home(Answers(said, {"bin": np.array([0, 1, 2])})).tolist() == [0, 1, 16]
    assert at_home(Answers(said, {"bin": np.ones(3)})).tolist() == [1, 1, 1]


def test_what_a_release_does_not_hold_tells_nothing(scene: Scene) -> None:
    assert themes_of(scene) == ()  # nothing is known of all molecules, and there is one endpoint
    assert measured(scene.changed(evidence=None, whole=Whole(np.array([5]), np.array([0.5])))) == []
    assert kinds(scene) == []
