from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import bernoulli
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from fluid.errors import QuorumError
from fluid.models.forest import ForestPredictor, class_rows, descriptors, predict_forests
from fluid.models.prediction import PLANES
from fluid.models.predictor import ForestSpec
from fluid.molecules.fingerprints import morgan_bits, morgan_counts
from fluid.molecules.molecule_set import MoleculeSet
from fluid.threads import spread_over
from tests.models.conftest import ENDPOINTS, SMILES

LABELS = np.array([[0, 1.5], [1, np.nan], [0, 0.5], [1, 2.0], [np.nan, 1.0], [1, 3.0], [0, 0.0]], dtype=np.float32)
SPEC = ForestSpec(n_trees=7)


@pytest.fixture(scope="module")
def forest(molecules: MoleculeSet) -> ForestPredictor:
    return ForestPredictor.fit(molecules, LABELS, ENDPOINTS, SPEC, seed=3, n_jobs=1)


def test_it_is_scikit_learns_forest_on_the_labelled_molecules(forest: ForestPredictor, molecules: MoleculeSet) -> None:
    counts = morgan_counts(SMILES)
    answers = forest.predict(molecules)
    for column, kind in enumerate((RandomForestClassifier, RandomForestRegressor)):
        known = np.isfinite(LABELS[:, column])
        extra = {"class_weight": "balanced"} if column == 0 else {}
        theirs = kind(7, random_state=3, **extra).fit(counts[known], LABELS[known, column])
        expected = theirs.predict_proba(counts)[:, 1] if column == 0 else theirs.predict(counts)
        np.testing.assert_allclose(answers.mean[:, column], expected, atol=1e-6)


def test_epistemic_is_the_spread_of_the_trees(forest: ForestPredictor, molecules: MoleculeSet) -> None:
    counts = morgan_counts(SMILES).astype(np.float32)
    trees = np.stack([tree.predict(counts) for tree in forest.forests[1].estimators_])
    np.testing.assert_allclose(forest.predict(molecules).epistemic[:, 1], trees.var(axis=0), rtol=1e-5, atol=1e-7)


def test_chunks_change_nothing(forest: ForestPredictor, molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = forest.predict(molecules)
    monkeypatch.setattr("fluid.models.forest.CHUNK", 2)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(forest.predict(molecules), plane), getattr(whole, plane))


def test_forests_together_answer_as_alone_and_read_each_chunk_once(molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.stack([np.arange(7) % 2, np.arange(7)], axis=1).astype(np.float32)
    specs = [SPEC, SPEC, replace(SPEC, radius=SPEC.radius + 1), SPEC]
    forests = [ForestPredictor.fit(molecules, labels, ENDPOINTS, spec, seed, 1) for seed, spec in enumerate(specs)]
    alone, read = [forest.predict(molecules) for forest in forests], []

    def reading(smiles: Sequence[str], spec: ForestSpec) -> np.ndarray:
        read.append(spec)
        return descriptors(smiles, spec)

    monkeypatch.setattr("fluid.models.forest.descriptors", reading)
    with spread_over(2) as spread:
        together = predict_forests(forests, molecules, spread)
    assert sorted(spec.radius for spec in read) == [SPEC.radius, SPEC.radius + 1]
    for one, other in zip(alone, together, strict=True):
        assert all(getattr(one, plane).tobytes() == getattr(other, plane).tobytes() for plane in PLANES)


def test_a_class_that_was_never_seen_has_probability_zero(molecules: MoleculeSet) -> None:
    forest = ForestPredictor.fit(molecules, np.zeros((7, 1), dtype=np.float32), ENDPOINTS[:1], SPEC, 0, 1)
    np.testing.assert_array_equal(forest.predict(molecules).mean, 0.0)


def test_no_label_at_all(molecules: MoleculeSet) -> None:
    with pytest.raises(QuorumError, match="'active' has no label"):
        ForestPredictor.fit(molecules, np.full((7, 1), np.nan, dtype=np.float32), ENDPOINTS[:1], SPEC, 0, 1)


def test_no_molecules(forest: ForestPredictor) -> None:
    assert forest.predict(MoleculeSet.from_smiles(())).mean.shape == (0, 2)


def test_other_settings_reach_scikit_learn(molecules: MoleculeSet) -> None:
    spec = ForestSpec(n_trees=5, max_depth=2, radius=3, n_bits=512)
    ours = ForestPredictor.fit(molecules, LABELS, ENDPOINTS, spec, seed=2**40 + 3, n_jobs=1)
    counts, known = morgan_counts(SMILES, 3, 512), np.isfinite(LABELS[:, 1])
    theirs = RandomForestRegressor(5, max_depth=2, random_state=3).fit(counts[known], LABELS[known, 1])
    np.testing.assert_allclose(ours.predict(molecules).mean[:, 1], theirs.predict(counts), atol=1e-6)
    assert max(tree.get_depth() for forest in ours.forests for tree in forest.estimators_) <= 2


def test_uncertainty_of_classes_is_that_of_the_trees(forest: ForestPredictor, molecules: MoleculeSet) -> None:
    counts = morgan_counts(SMILES).astype(np.float32)
    trees = np.stack([tree.predict_proba(counts)[:, 1] for tree in forest.forests[0].estimators_])
    answers = forest.predict(molecules)
    np.testing.assert_allclose(answers.aleatoric[:, 0], bernoulli.entropy(trees).mean(axis=0), atol=1e-6)
    total = bernoulli.entropy(trees.mean(axis=0))
    np.testing.assert_allclose(answers.epistemic[:, 0], total - bernoulli.entropy(trees).mean(axis=0), atol=1e-6)
    assert np.all(answers.aleatoric[:, 1] == 0)


def test_threads_and_order_of_molecules_change_nothing(forest: ForestPredictor, molecules: MoleculeSet) -> None:
    two = ForestPredictor.fit(molecules, LABELS, ENDPOINTS, SPEC, seed=3, n_jobs=2)
    back = np.arange(len(molecules))[::-1]
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(two.predict(molecules), plane), getattr(forest.predict(molecules), plane))
        np.testing.assert_array_equal(getattr(forest.predict(molecules.take(back)), plane)[::-1], getattr(forest.predict(molecules), plane))


def test_another_seed_grows_other_trees(forest: ForestPredictor, molecules: MoleculeSet) -> None:
    other = ForestPredictor.fit(molecules, LABELS, ENDPOINTS, SPEC, seed=4, n_jobs=1)
    assert not np.array_equal(other.predict(molecules).mean, forest.predict(molecules).mean)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_one_class_only_is_answered_with_certainty(molecules: MoleculeSet, value: float) -> None:
    forest = ForestPredictor.fit(molecules, np.full((7, 1), value, dtype=np.float32), ENDPOINTS[:1], SPEC, 0, 1)
    answers = forest.predict(molecules)
    np.testing.assert_array_equal(answers.mean, value)
    np.testing.assert_array_equal(answers.epistemic, 0.0)
    np.testing.assert_array_equal(answers.aleatoric, 0.0)


def test_a_rare_class_weighs_as_much_as_the_other() -> None:
    twins = MoleculeSet.from_smiles(("CCO",) * 10)
    labels = np.array([[1.0]] + [[0.0]] * 9, dtype=np.float32)
    forest = ForestPredictor.fit(twins, labels, ENDPOINTS[:1], ForestSpec(n_trees=400), 0, 1)
    plain = RandomForestClassifier(400, random_state=0).fit(morgan_counts(twins.smiles), labels[:, 0])
    balanced = RandomForestClassifier(400, random_state=0, class_weight="balanced").fit(morgan_counts(twins.smiles), labels[:, 0])
    answer = forest.predict(twins).mean[0, 0]
    assert answer == pytest.approx(balanced.predict_proba(morgan_counts(twins.smiles))[0, 1], abs=1e-6)
    assert answer > 2 * plain.predict_proba(morgan_counts(twins.smiles))[0, 1]


def test_the_second_endpoint_without_a_label_is_named(molecules: MoleculeSet) -> None:
    labels = LABELS.copy()
    labels[:, 1] = np.nan
    with pytest.raises(QuorumError, match=r"endpoint 'logd' has no label; expected at least one\."):
        ForestPredictor.fit(molecules, labels, ENDPOINTS, SPEC, 0, 1)


def test_feature_bits_are_the_papers_fingerprint() -> None:
    bits = descriptors(SMILES, ForestSpec(features=True, counts=False))
    np.testing.assert_array_equal(bits, np.unpackbits(morgan_bits(SMILES, features=True), axis=1))
    assert not np.array_equal(bits, descriptors(SMILES, ForestSpec(counts=False)))
    assert descriptors(SMILES, ForestSpec()).max() > 1


def test_a_soft_label_becomes_one_row_per_class() -> None:
    rows, classes, weight = class_rows(np.array([0.25, 1.0, 0.0]), np.array([2.0, 1.0, 1.0]))
    assert rows.tolist() == [0, 0, 1, 2]
    assert classes.tolist() == [0.0, 1.0, 1.0, 0.0]
    np.testing.assert_allclose(weight, np.array([1.5 / 2.5, 0.5 / 1.5, 1 / 1.5, 1 / 2.5]) * 4 / 2)
    assert weight[classes == 0].sum() == pytest.approx(weight[classes == 1].sum())
    np.testing.assert_allclose(class_rows(np.array([1.0, 1.0]), np.ones(2))[2], 1.0)


def test_certain_soft_labels_give_the_forest_of_labels(forest: ForestPredictor, molecules: MoleculeSet) -> None:
    distilled = ForestPredictor.distil(molecules, LABELS, np.ones_like(LABELS), ENDPOINTS, SPEC, 3, 1)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(distilled.predict(molecules), plane), getattr(forest.predict(molecules), plane))


def test_a_soft_forest_answers_by_the_weight_of_the_classes(molecules: MoleculeSet) -> None:
    soft = np.full((7, 1), 0.5, dtype=np.float32)
    even = ForestPredictor.distil(molecules, soft, np.ones_like(soft), ENDPOINTS[:1], ForestSpec(n_trees=300), 0, 1)
    np.testing.assert_allclose(even.predict(molecules).mean, 0.5, atol=0.12)
    soft[0], soft[1] = 0.05, 0.95
    taught = ForestPredictor.distil(molecules, soft, np.ones_like(soft), ENDPOINTS[:1], ForestSpec(n_trees=300), 0, 1)
    answers = taught.predict(molecules).mean[:, 0]
    assert answers[0] < 0.4 < 0.6 < answers[1]


def test_soft_labels_of_nothing(molecules: MoleculeSet) -> None:
    with pytest.raises(QuorumError, match="'active' has no label"):
        ForestPredictor.distil(molecules, np.full((7, 1), np.nan), np.ones((7, 1)), ENDPOINTS[:1], SPEC, 0, 1)
