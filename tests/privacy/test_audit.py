from fluid.privacy.audit import audit, check_power
from fluid.privacy.policy import PolicySpec
from fluid.privacy.scene import Scene


def test_a_release_that_tells_nothing_breaks_no_bound(scene: Scene) -> None:
    found, scores = audit(scene, PolicySpec())
    assert found.fell == ()
    assert found.blind == ()
    assert found.holds
    assert {one.attack for one in found.findings} == set(scores)
    print([(o.attack, o.auc, o.tpr_01, o.verdicts) for o in found.findings])
    print(found.planted, found.questions)


def test_planted_leaks_are_found(scene: Scene) -> None:
    found = check_power(scene)
    print(found)
    assert len(found) >= 8
    assert [one.name for one in found if not one.found_by] == []
