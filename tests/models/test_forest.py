import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from fluid.errors import QuorumError
from fluid.models.forest import ForestPredictor
from fluid.models.prediction import PLANES
from fluid.models.predictor import ForestSpec
from fluid.molecules.fingerprints import morgan_counts
from fluid.molecules.molecule_set import MoleculeSet
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


def test_a_class_that_was_never_seen_has_probability_zero(molecules: MoleculeSet) -> None:
    forest = ForestPredictor.fit(molecules, np.zeros((7, 1), dtype=np.float32), ENDPOINTS[:1], SPEC, 0, 1)
    np.testing.assert_array_equal(forest.predict(molecules).mean, 0.0)


def test_no_label_at_all(molecules: MoleculeSet) -> None:
    with pytest.raises(QuorumError, match="'active' has no label"):
        ForestPredictor.fit(molecules, np.full((7, 1), np.nan, dtype=np.float32), ENDPOINTS[:1], SPEC, 0, 1)


def test_no_molecules(forest: ForestPredictor) -> None:
    assert forest.predict(MoleculeSet.from_smiles(())).mean.shape == (0, 2)
