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


@pytest.mark.parametrize(("place", "columns"), [(0, (0, 1)), (1, (0,)), (2, (1, 0))])
def test_a_teacher_that_says_what_its_head_says_changes_nothing(molecules: MoleculeSet, place: int, columns: tuple[int, ...]) -> None:
    student = experts()
    hybrid = OwnExpert(student, teacher_like(student, place, columns), student.teachers[place], student.counts[place])
    for plane in PLANES:
        np.testing.assert_allclose(getattr(hybrid.predict(molecules), plane), getattr(student.predict(molecules), plane), atol=2e-5)


def test_who_knows_all_is_asked_alone(molecules: MoleculeSet) -> None:
    student = experts(product=0.0)
    own = teacher_like(student, 2, (0, 1))
    own = replace(own, weights=-own.weights)
    for company in ("T10", "somebody else"):
        hybrid = OwnExpert(student, own, company, np.full((2, 64), 1e9, np.float32))
        tempered = replace(own, temperature=student.temperature)
        np.testing.assert_allclose(hybrid.predict(molecules).mean, tempered.predict(molecules).mean, atol=1e-4)


def test_who_knows_nothing_is_asked_least(molecules: MoleculeSet) -> None:
    student = experts(sharpness=200.0, floor=1e-3)
    own = teacher_like(student, 0, (0, 1))
    hybrid = OwnExpert(student, replace(own, bias=own.bias + 100), "somebody else", np.zeros((2, 64), np.float32))
    np.testing.assert_allclose(hybrid.predict(molecules).mean, student.predict(molecules).mean, atol=1e-4)


def test_more_trust_is_more_weight(molecules: MoleculeSet) -> None:
    student = experts(product=0.0)
    own = replace(teacher_like(student, 0, (0, 1)), bias=np.array([50.0, 50.0], np.float32))
    said = [OwnExpert(student, own, "T1", student.counts[0], trust).predict(molecules).mean[:, 1] for trust in (0.5, 1.0, 4.0)]
    assert (np.diff(said, axis=0) > 0).all()
    with pytest.raises(ConfigError, match=r"trust is 0\.0; expected a finite number above 0"):
        OwnExpert(student, own, "T1", student.counts[0], 0.0)


def test_it_comes_back_from_its_folder_and_altered_parts_are_refused(molecules: MoleculeSet, tmp_path: Path) -> None:
    student = experts()
    hybrid = OwnExpert(student, teacher_like(student, 0, (0, 1)), "T1", student.counts[0], 3.0)
    save_predictor(tmp_path / "m", hybrid)
    again = load_predictor(tmp_path / "m")
    assert isinstance(again, OwnExpert)
    assert (again.company, again.trust) == ("T1", 3.0)
    for plane in PLANES:
        assert np.array_equal(getattr(again.predict(molecules), plane), getattr(hybrid.predict(molecules), plane))
    card = tmp_path / "m" / "own" / "model.json"
    card.write_text(card.read_text() + " ")
    with pytest.raises(ArtifactError, match="its part 'own' was altered"):
        load_predictor(tmp_path / "m")


def test_what_does_not_fit() -> None:
    student = experts()
    with pytest.raises(ShapeError, match=r"evidence has shape \(1, 64\)"):
        OwnExpert(student, teacher_like(student, 0, (0, 1)), "T1", student.counts[0, :1])
    narrow = replace(student, endpoints=(ENDPOINTS[0], replace(ENDPOINTS[1], name="other")))
    with pytest.raises(ConfigError, match="logd"):
        OwnExpert(narrow, teacher_like(student, 0, (0, 1)), "T1", student.counts[0])
