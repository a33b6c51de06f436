import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.privacy.attacks.evidence_counts import KNOWN, RATIO, SINGLETONS, counts_of, profile
from fluid.privacy.scene import Scene

FEATURES = csr_matrix(np.array([[1.0, 0.7, 0.0, 0.0], [0.0, 1.0, 1.1, 0.0], [2.0, 0.0, 0.0, 1.0]]))


def test_a_profile_counts_what_was_never_and_what_was_once_counted() -> None:
    found = profile(FEATURES, np.array([5.0, 1.0, 0.0, 1.3]))
    assert found.missing.tolist() == [0, 1, 0]
    assert found.singletons.tolist() == [1, 1, 1]
    assert found.size.tolist() == [2, 2, 2]


def test_who_was_counted_has_all_its_substructures(quiet: Scene) -> None:
    own = quiet.features[:150]
    told = quiet.changed(evidence=np.asarray((own != 0).sum(axis=0), dtype=np.float32).reshape(1, -1))
    assert (KNOWN.score(told)[:150] == 0).all()
    assert (KNOWN.score(told)[150:] < 0).mean() > 0.5
    assert (SINGLETONS.score(told)[:150] >= 0).all()
    assert SINGLETONS.score(told)[150:].min() < 0


def test_the_ratio_is_that_of_two_poisson_distributions(quiet: Scene) -> None:
    told = quiet.changed(evidence=np.full((1, quiet.dictionary.n_bits), 4.0, dtype=np.float32))
    share = quiet.public.share  # type: ignore[union-attr]
    expected = np.maximum(share / share.max() * 4, 0.05)
    of_first = (quiet.features[0] != 0).indices
    assert RATIO.score(told)[0] == pytest.approx(np.log(4 / expected[of_first]).mean())


def test_no_evidence_is_no_attack(quiet: Scene) -> None:
    for nothing in (None, np.zeros((1, quiet.dictionary.n_bits), dtype=np.float32)):
        told = quiet.changed(evidence=nothing)
        assert not any(attack.possible(told) for attack in (KNOWN, RATIO, SINGLETONS))
    assert counts_of(quiet.changed(evidence=np.array([[1.0, 0.0], [0.0, 2.0]], dtype=np.float32))).tolist() == [1, 2]
