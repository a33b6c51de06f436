import numpy as np

from fluid.privacy.attacks.written import ATTACK
from fluid.privacy.audit import check_power
from fluid.privacy.scene import Scene


def test_who_stands_in_the_text_is_found(quiet: Scene) -> None:
    scene = quiet.changed(written=frozenset({"candidate 3", "candidate 200", "somebody else"}))
    assert np.flatnonzero(ATTACK.score(scene)).tolist() == [3, 200]
    assert ATTACK.possible(scene)
    assert ATTACK.possible(quiet.changed(written=frozenset()))
    assert not ATTACK.possible(quiet)


def test_molecules_that_are_written_into_a_copy_are_found(quiet: Scene) -> None:
    bare = quiet.changed(asked=None, sent=None, evidence=None, others=(), written=frozenset())
    (found,) = check_power(bare)
    assert (found.name, found.found_by, found.auc.value) == ("written_members", "written", 1.0)
