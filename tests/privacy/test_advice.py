from fluid.privacy.advice import ADVICE, advice_on
from fluid.privacy.attacks.registry import ATTACKS
from fluid.privacy.inversion.found import ANSWERS, BINS


def test_there_is_advice_against_every_attack() -> None:
    named = {name for names in ADVICE for name in names}
    assert named == {name for name, attack in ATTACKS.items() if not attack.is_baseline} | {BINS, ANSWERS}


def test_advice_is_given_once_and_in_order() -> None:
    found = advice_on(["lira", "bin_asked", "label_asked"])
    assert len(found) == 2
    assert found[0].startswith("The teacher has learnt single molecules by heart")
