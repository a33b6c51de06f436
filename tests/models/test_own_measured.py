"""A company's labels near a molecule beside an answer: who counts how much, what is not counted, and what becomes of doubt."""

from dataclasses import replace

import numpy as np
import pytest
from rdkit.DataStructs import ExplicitBitVect, TanimotoSimilarity

from fluid.errors import ConfigError, ShapeError
from fluid.models.own_measured import Measured, MeasuredSpec, Near
from fluid.models.prediction import PLANES, Prediction, as_prediction, entropy
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS

LABELS = np.array([[0, 1.5], [1, np.nan], [1, -2], [0, 0.5], [np.nan, 3], [1, 2], [0, np.nan]], np.float32)


def measured_on(molecules: MoleculeSet, labels: np.ndarray = LABELS, **spec: float) -> Measured:
    return Measured(np.asarray(molecules.bits), labels, MeasuredSpec(**spec))  # type: ignore[arg-type]


def answers(n: int, seed: int = 0) -> Prediction:
    rng = np.random.default_rng(seed)
    probs, values = rng.uniform(0.1, 0.9, n), rng.normal(size=n)
    unsure = entropy(probs) * rng.uniform(0.1, 0.9, n)
    mean, epistemic = np.stack([probs, values], axis=1), np.stack([unsure, rng.uniform(0.1, 1, n)], axis=1)
    return as_prediction(mean, epistemic, np.stack([entropy(probs) - unsure, np.full(n, 0.3)], axis=1))


def similarities(one: MoleculeSet, others: MoleculeSet) -> np.ndarray:
    """Return all similarities by RDKit."""

    def vector(bits: np.ndarray) -> ExplicitBitVect:
        found = ExplicitBitVect(2048)
        found.SetBitsFromList(np.flatnonzero(np.unpackbits(bits)).tolist())
        return found

    ours, theirs = ([vector(bits) for bits in part.bits] for part in (one, others))
    return np.array([[TanimotoSimilarity(a, b) for b in theirs] for a in ours])


@pytest.mark.parametrize("k", [1, 2, 10])
def test_the_nearest_of_each_endpoint_count_their_similarity_to_a_power(molecules: MoleculeSet, k: int) -> None:
    asked = MoleculeSet.from_smiles(["CCCO", "Oc1ccccc1C", "CC(N)=O"])
    near, likeness = measured_on(molecules, k=k, power=3.0).near(asked), similarities(asked, molecules)
    for column in range(2):
        known = np.flatnonzero(np.isfinite(LABELS[:, column]))
        for row, own in enumerate(likeness[:, known]):
            best = np.argsort(-own, kind="stable")[:k]
            weight = np.where(own[best] < 1, own[best] ** 3, 0)
            assert near.nearest[row, column] == pytest.approx(own.max())
            assert near.weight[row, column] == pytest.approx(weight.sum(), abs=1e-6)
            if weight.sum():
                mean = np.average(LABELS[known[best], column], weights=weight)
                spread = np.average((LABELS[known[best], column] - mean) ** 2, weights=weight)
                assert (near.mean[row, column], near.spread[row, column]) == pytest.approx((mean, spread), abs=1e-5)


def test_a_molecule_does_not_count_for_itself(molecules: MoleculeSet) -> None:
    alone = measured_on(molecules.take(np.arange(1)), LABELS[:1]).near(molecules.take(np.arange(1)))
    assert alone.nearest.tolist() == [[1.0, 1.0]]
    assert not alone.weight.any()
    others = np.where(np.arange(len(LABELS))[:, None] == 2, 1 - LABELS, LABELS).astype(np.float32)
    one = molecules.take(np.array([2]))
    for first, second in zip(measured_on(molecules).near(one), measured_on(molecules, others).near(one), strict=True):
        assert np.array_equal(first, second)


def test_the_answer_counts_as_so_many_labels(molecules: MoleculeSet) -> None:
    said = answers(3)
    near = Near(*(np.full((3, 2), value) for value in (0.9, 1.5, 0.8, 0.1)))
    for prior in (0.5, 1.0, 4.0):
        found = measured_on(molecules, prior=prior).beside(near, said, ENDPOINTS)
        np.testing.assert_allclose(found.mean, (prior * said.mean + 1.5 * 0.8) / (prior + 1.5), rtol=1e-6)


def test_a_large_prior_and_nothing_nearby_leave_answers_as_they_are(molecules: MoleculeSet) -> None:
    said = answers(len(molecules))
    for measured in (measured_on(molecules, prior=1e9), measured_on(molecules, k=0), measured_on(molecules, LABELS * np.nan)):
        found = measured.beside(measured.near(molecules), said, ENDPOINTS)
        for plane in PLANES:
            np.testing.assert_allclose(getattr(found, plane), getattr(said, plane), atol=1e-6)


def test_doubt_is_what_answer_and_labels_disagree_about(molecules: MoleculeSet) -> None:
    said, measured = answers(1), measured_on(molecules)
    near = Near(*(np.array([[1.0, value]]) for value in (0.9, 1.0, 4.0, 0.0)))
    found = measured.beside(near._replace(spread=np.zeros((1, 2))), said, ENDPOINTS)
    total = found.epistemic[0, 0] + found.aleatoric[0, 0]
    assert total == pytest.approx(entropy(found.mean[0, 0]), abs=1e-6)
    assert found.aleatoric[0, 1] == pytest.approx(0.3)
    apart = (said.mean[0, 1] - 4.0) ** 2 / 4
    assert found.epistemic[0, 1] == pytest.approx(said.epistemic[0, 1] / 2 + apart, rel=1e-5)


def test_the_order_of_the_companys_molecules_does_not_matter(molecules: MoleculeSet) -> None:
    order = np.random.default_rng(1).permutation(len(molecules))
    asked = MoleculeSet.from_smiles(["CCCO", "CC(C)C(=O)O"])
    turned = measured_on(molecules.take(order), LABELS[order]).near(asked)
    for first, second in zip(measured_on(molecules).near(asked), turned, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": -1}, r"hybrid\.measured\.k is -1; expected a whole number of 0 or more"),
        ({"power": -0.5}, r"hybrid\.measured\.power is -0\.5"),
        ({"prior": 0.0}, r"hybrid\.measured\.prior is 0"),
    ],
)
def test_values_that_cannot_be(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MeasuredSpec(**settings)  # type: ignore[arg-type]


def test_what_does_not_fit(molecules: MoleculeSet) -> None:
    measured = measured_on(molecules)
    with pytest.raises(ShapeError, match="bits are float64"):
        replace(measured, bits=np.zeros((7, 256)))
    for labels in (LABELS[:3], LABELS.astype(np.float64), LABELS[:, 0]):
        with pytest.raises(ShapeError, match=r"labels have shape .* expected float32 \(7, T\)"):
            replace(measured, labels=labels)
