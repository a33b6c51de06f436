"""A company's own teacher among the experts: it takes the place of its head, and its exact evidence that of the released one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.errors import ArtifactError, ConfigError, ShapeError
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.experts import ExpertsPredictor
from fluid.models.own_expert import OwnExpert
from fluid.models.own_measured import Measured, MeasuredSpec
from fluid.models.own_trust import OwnTrust
from fluid.models.prediction import PLANES
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS
from tests.models.test_experts import experts


def teacher_like(student: ExpertsPredictor, place: int, columns: tuple[int, ...]) -> AdditivePredictor:
    """Return an additive teacher that says what a head says."""
    one, many = np.ones(len(columns), np.float32), np.zeros((len(columns), 64), np.float32)
    return AdditivePredictor(
        student.weights[place, columns, :],
        student.bias[place, list(columns)],
        many,
        one * 0,
        student.noise[place, list(columns)],
        one,
        tuple(ENDPOINTS[c] for c in columns),
        AdditiveSpec(n_bits=64),
    )


NOWHERE = Measured(np.zeros((0, 256), np.uint8), np.zeros((0, 2), np.float32))
"""A company that is near to nothing."""


def unlabelled(molecules: MoleculeSet) -> Measured:
    """Return molecules near which the own teacher is trusted, and whose labels do not count."""
    return Measured(np.asarray(molecules.bits), np.zeros((len(molecules), 2), np.float32), MeasuredSpec(k=0))


@pytest.mark.parametrize(("place", "columns"), [(0, (0, 1)), (1, (0,)), (2, (1, 0))])
def test_a_teacher_that_says_what_its_head_says_changes_nothing(molecules: MoleculeSet, place: int, columns: tuple[int, ...]) -> None:
    student = experts()
    hybrid = OwnExpert(student, teacher_like(student, place, columns), student.teachers[place], student.counts[place], NOWHERE)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(hybrid.predict(molecules), plane), getattr(student.predict(molecules), plane), atol=2e-5)


def test_who_knows_all_is_asked_alone(molecules: MoleculeSet) -> None:
    student = experts(product=0.0)
    own = teacher_like(student, 2, (0, 1))
    own = replace(own, weights=-own.weights)
    for company in ("T10", "somebody else"):
        hybrid = OwnExpert(student, own, company, np.full((2, 64), 1e9, np.float32), NOWHERE)
        tempered = replace(own, temperature=student.temperature)
        np.testing.assert_allclose(hybrid.predict(molecules).mean, tempered.predict(molecules).mean, atol=1e-4)


def test_who_knows_nothing_is_asked_least(molecules: MoleculeSet) -> None:
    student = experts(sharpness=200.0, floor=1e-3)
    own = teacher_like(student, 0, (0, 1))
    hybrid = OwnExpert(student, replace(own, bias=own.bias + 100), "somebody else", np.zeros((2, 64), np.float32), NOWHERE)
    np.testing.assert_allclose(hybrid.predict(molecules).mean, student.predict(molecules).mean, atol=1e-4)


def test_more_trust_is_more_weight_near_own_molecules_and_nowhere_else(molecules: MoleculeSet) -> None:
    student = experts(product=0.0)
    own, near = replace(teacher_like(student, 0, (0, 1)), bias=np.array([50.0, 50.0], np.float32)), np.arange(2)
    hybrids = [
        OwnExpert(student, own, "T1", student.counts[0], unlabelled(molecules.take(near)), OwnTrust(times, 0.98, 0.99))
        for times in (0.5, 1.0, 4.0)
    ]
    said = np.stack([hybrid.predict(molecules).mean[:, 1] for hybrid in hybrids])
    other = np.setdiff1d(np.arange(len(molecules)), near)
    assert (np.diff(said, axis=0)[:, near] > 0).all()
    assert np.array_equal(said[0, other], said[2, other])


def test_near_own_molecules_the_own_teacher_can_be_asked_alone(molecules: MoleculeSet) -> None:
    student, trust = experts(product=0.0), OwnTrust(1e6, 0.2, 0.9)
    own = teacher_like(student, 0, (0, 1))
    hybrid = OwnExpert(student, own, "T1", student.counts[0], unlabelled(molecules), trust)
    tempered = replace(own, temperature=student.temperature)
    np.testing.assert_allclose(hybrid.predict(molecules).mean, tempered.predict(molecules).mean, atol=1e-4)


def test_labels_nearby_draw_the_answer_and_those_far_away_do_not(molecules: MoleculeSet) -> None:
    student, asked, bits = experts(), MoleculeSet.from_smiles(["Oc1ccccc1C", "FC(F)(F)Br"]), np.asarray(molecules.bits)
    measured = [Measured(bits, np.full((len(bits), 2), label, np.float32)) for label in (0, 1)]
    own = teacher_like(student, 0, (0, 1))
    low, high = (OwnExpert(student, own, "T1", student.counts[0], labels).predict(asked).mean for labels in measured)
    assert (high[0] - low[0] > 0.01).all()
    np.testing.assert_allclose(high[1], low[1], atol=1e-4)


def test_it_comes_back_from_its_folder_and_altered_parts_are_refused(molecules: MoleculeSet, tmp_path: Path) -> None:
    student = experts()
    measured = replace(unlabelled(molecules.take(np.arange(3))), labels=np.array([[0, np.nan], [1, 2], [np.nan, 3]], np.float32))
    measured = replace(measured, spec=MeasuredSpec(2, 3.0, 0.5))
    hybrid = OwnExpert(student, teacher_like(student, 0, (0, 1)), "T1", student.counts[0], measured, OwnTrust(3.0))
    save_predictor(tmp_path / "m", hybrid)
    again = load_predictor(tmp_path / "m")
    assert isinstance(again, OwnExpert)
    assert (again.company, again.trust, again.measured.spec) == ("T1", OwnTrust(3.0), MeasuredSpec(2, 3.0, 0.5))
    for plane in PLANES:
        assert np.array_equal(getattr(again.predict(molecules), plane), getattr(hybrid.predict(molecules), plane))
    card = tmp_path / "m" / "own" / "model.json"
    card.write_text(card.read_text() + " ")
    with pytest.raises(ArtifactError, match="its part 'own' was altered"):
        load_predictor(tmp_path / "m")


def test_what_does_not_fit() -> None:
    student = experts()
    with pytest.raises(ShapeError, match=r"evidence has shape \(1, 64\)"):
        OwnExpert(student, teacher_like(student, 0, (0, 1)), "T1", student.counts[0, :1], NOWHERE)
    narrow = replace(student, endpoints=(ENDPOINTS[0], replace(ENDPOINTS[1], name="other")))
    with pytest.raises(ConfigError, match="logd"):
        OwnExpert(narrow, teacher_like(student, 0, (0, 1)), "T1", student.counts[0], NOWHERE)
    with pytest.raises(ShapeError, match=r"labels have shape \(0, 1\); expected \(n, 2\)"):
        OwnExpert(student, teacher_like(student, 0, (0, 1)), "T1", student.counts[0], replace(NOWHERE, labels=NOWHERE.labels[:, :1]))
