import numpy as np
import pytest

from fluid.errors import ShapeError
from fluid.privacy.scene import Candidates, Scene, likelihoods, mean_known


def test_some_of_the_candidates_keep_what_belongs_to_them(quiet: Scene) -> None:
    rows = np.array([7, 250, 3])
    few = quiet.taken(rows, np.array([True, False, True]))
    assert few.candidates.smiles == tuple(quiet.candidates.smiles[row] for row in rows)
    assert np.array_equal(few.nearest.rows, quiet.nearest.rows[rows])
    assert np.array_equal(few.asked.signals["bin"], quiet.asked.signals["bin"][rows])  # type: ignore[union-attr]
    assert few.features.shape == (3, quiet.dictionary.n_bits)
    assert np.array_equal(few.features.toarray(), quiet.features[rows].toarray())


def test_the_mean_of_what_is_known() -> None:
    assert mean_known(np.array([[1.0, 3.0], [np.nan, 2.0], [np.nan, np.nan]])) == pytest.approx([2, 2, np.nan], nan_ok=True)


def test_a_likelihood_is_that_of_the_true_class(quiet: Scene) -> None:
    found = likelihoods(quiet, np.zeros((300, 1)))
    assert found == pytest.approx(np.full((300, 1), 0.5))


def test_candidates_that_do_not_fit_are_refused(quiet: Scene) -> None:
    own = quiet.candidates
    with pytest.raises(ShapeError, match="299 marks"):
        Candidates(own.smiles, own.skeletons, own.bits, own.member[:299], own.labels)
    with pytest.raises(ShapeError, match="no public molecules"):
        _ = quiet.changed(public=None).taken(np.arange(3), np.ones(3, dtype=bool)).nearest
