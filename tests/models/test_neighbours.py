import numpy as np
import pytest
from scipy.stats import bernoulli

from fluid.errors import ConfigError, QuorumError, ShapeError
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec, columns_of
from fluid.molecules.fingerprints import tanimoto
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES

LABELS = np.array([[0.1, 1.5], [0.9, np.nan], [0.3, 0.5], [1.0, 2.0], [np.nan, 1.0], [0.6, 3.0], [0.0, 0.0]], dtype=np.float32)
CONFIDENCE = np.linspace(0.2, 1.0, 14, dtype=np.float32).reshape(7, 2)
ASKED = MoleculeSet.from_smiles(("CCCO", "Oc1ccccc1C", "NCC(=O)O"))


def model(molecules: MoleculeSet, **spec: float) -> NeighbourPredictor:
    return NeighbourPredictor(molecules.bits, LABELS, CONFIDENCE, ENDPOINTS, NeighbourSpec(**spec))  # type: ignore[arg-type]


def by_hand(molecules: MoleculeSet, k: int, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Return means and the weighted mean entropies, molecule by molecule."""
    similarity = tanimoto(ASKED.bits, molecules.bits).astype(np.float64)
    means, entropies = np.zeros((3, 2)), np.zeros((3, 2))
    for row in range(3):
        nearest = sorted(range(7), key=lambda j: (-similarity[row, j], j))[:k]
        for column in range(2):
            known = [j for j in nearest if np.isfinite(LABELS[j, column])]
            weight = np.array([similarity[row, j] ** a * float(CONFIDENCE[j, column]) ** b for j in known])
            labels = LABELS[known, column].astype(np.float64)
            means[row, column] = weight @ labels / weight.sum()
            entropies[row, column] = weight @ bernoulli.entropy(np.clip(labels, 0, 1)) / weight.sum()
    return means, entropies


@pytest.mark.parametrize(("k", "a", "b"), [(3, 8.0, 4.0), (5, 1.0, 0.0), (99, 0.0, 2.0)])
def test_the_answer_is_the_weighted_mean_of_the_nearest(molecules: MoleculeSet, k: int, a: float, b: float) -> None:
    answers = model(molecules, k=k, similarity_power=a, confidence_power=b).predict(ASKED)
    means, entropies = by_hand(molecules, k, a, b)
    np.testing.assert_allclose(answers.mean, means, rtol=1e-5)
    np.testing.assert_allclose(answers.aleatoric[:, 0], entropies[:, 0], rtol=1e-5)
    np.testing.assert_allclose(answers.epistemic[:, 0], bernoulli.entropy(means[:, 0]) - entropies[:, 0], atol=1e-6)
    assert np.all(answers.aleatoric[:, 1] == 0)


def test_a_molecule_that_was_annotated_keeps_its_label_when_similarity_counts_much(molecules: MoleculeSet) -> None:
    answers = model(molecules, k=7, similarity_power=200.0).predict(molecules)
    known = np.isfinite(LABELS)
    np.testing.assert_allclose(answers.mean[known], LABELS[known], atol=1e-3)


def test_equal_labels_are_a_fixed_point(molecules: MoleculeSet) -> None:
    same = np.full_like(LABELS, 0.3)
    answers = NeighbourPredictor(molecules.bits, same, CONFIDENCE, ENDPOINTS, NeighbourSpec(k=4)).predict(ASKED)
    np.testing.assert_allclose(answers.mean, 0.3, rtol=1e-6)
    np.testing.assert_allclose(answers.epistemic, 0.0, atol=1e-6)


def test_without_a_neighbour_that_weighs_the_mean_of_all_answers(molecules: MoleculeSet) -> None:
    nobody = NeighbourPredictor(molecules.bits, LABELS, np.zeros_like(CONFIDENCE), ENDPOINTS, NeighbourSpec(k=2, confidence_power=1.0))
    answers = nobody.predict(ASKED)
    np.testing.assert_allclose(answers.mean, np.broadcast_to(np.nanmean(LABELS, axis=0), (3, 2)), rtol=1e-6)
    np.testing.assert_allclose(answers.epistemic[:, 1], np.nanvar(LABELS[:, 1]), rtol=1e-6)
    blank = NeighbourPredictor(molecules.bits, np.full_like(LABELS, np.nan), CONFIDENCE, ENDPOINTS, NeighbourSpec())
    assert blank.predict(ASKED).mean.tolist() == [[0.5, 0.0]] * 3


def test_zero_confidence_is_a_missing_label(molecules: MoleculeSet) -> None:
    off, gone = CONFIDENCE.copy(), LABELS.copy()
    off[2, 0], gone[2, 0] = 0.0, np.nan
    spec = NeighbourSpec(k=6, confidence_power=4.0)
    answers = [
        NeighbourPredictor(molecules.bits, labels, confidence, ENDPOINTS, spec).predict(ASKED).mean
        for labels, confidence in ((LABELS, off), (gone, CONFIDENCE))
    ]
    np.testing.assert_array_equal(*answers)


def test_by_default_neighbours_count_by_similarity_alone(molecules: MoleculeSet) -> None:
    answers = [
        NeighbourPredictor(molecules.bits, LABELS, confidence, ENDPOINTS, NeighbourSpec(k=6)).predict(ASKED).mean
        for confidence in (CONFIDENCE, np.zeros_like(CONFIDENCE))
    ]
    np.testing.assert_array_equal(*answers)


def test_molecules_answer_independently_and_the_order_of_neighbours_does_not_matter(molecules: MoleculeSet) -> None:
    whole = model(molecules, k=7).predict(ASKED)
    alone = model(molecules, k=7).predict(ASKED.take(np.array([1])))
    np.testing.assert_array_equal(alone.mean[0], whole.mean[1])
    back = np.arange(7)[::-1]
    turned = NeighbourPredictor(molecules.bits[back], LABELS[back], CONFIDENCE[back], ENDPOINTS, NeighbourSpec(k=7)).predict(ASKED)
    np.testing.assert_allclose(turned.mean, whole.mean, rtol=1e-6)


def test_own_molecules_become_certain_neighbours(molecules: MoleculeSet) -> None:
    own = np.array([[1.0, 7.0], [0.0, np.nan], [1.0, 2.0]], dtype=np.float32)
    answers = model(molecules, similarity_power=200.0).with_more(ASKED, own).predict(ASKED)
    assert len(SMILES) == 7
    np.testing.assert_allclose(answers.mean[:, 0], own[:, 0], atol=1e-3)


def test_no_molecules(molecules: MoleculeSet) -> None:
    assert model(molecules).predict(MoleculeSet.from_smiles(())).mean.shape == (0, 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"k": 0}, "distillation.neighbours.k is 0; expected a whole number above 0"),
        ({"similarity_power": -1.0}, "distillation.neighbours.similarity_power is -1.0; expected a finite number of 0 or more"),
        ({"confidence_power": float("inf")}, "distillation.neighbours.confidence_power is inf"),
    ],
)
def test_wrong_settings(values: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        NeighbourSpec(**values)  # type: ignore[arg-type]


def test_wrong_arrays(molecules: MoleculeSet) -> None:
    spec = NeighbourSpec()
    with pytest.raises(ShapeError, match=r"soft_label has shape \(6, 2\); expected \(7, 2\)"):
        NeighbourPredictor(molecules.bits, LABELS[1:], CONFIDENCE, ENDPOINTS, spec)
    with pytest.raises(ConfigError, match="a confidence is outside"):
        NeighbourPredictor(molecules.bits, LABELS, CONFIDENCE + 1, ENDPOINTS, spec)
    with pytest.raises(ConfigError, match="a confidence is outside"):
        NeighbourPredictor(molecules.bits, LABELS, CONFIDENCE * np.float32(np.nan), ENDPOINTS, spec)
    with pytest.raises(ConfigError, match="a soft label is infinite or no probability"):
        NeighbourPredictor(molecules.bits, LABELS + 1, CONFIDENCE, ENDPOINTS, spec)
    with pytest.raises(QuorumError, match="no molecule to be a neighbour"):
        NeighbourPredictor(molecules.bits[:0], LABELS[:0], CONFIDENCE[:0], ENDPOINTS, spec)
    with pytest.raises(ShapeError, match="bits are float64"):
        NeighbourPredictor(molecules.bits.astype(float), LABELS, CONFIDENCE, ENDPOINTS, spec)
    with pytest.raises(ConfigError, match="endpoint 'logd' is unknown to the other model"):
        columns_of(ENDPOINTS, ENDPOINTS[:1])
