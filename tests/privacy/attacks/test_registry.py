import pytest

from fluid.errors import ConfigError
from fluid.privacy.attacks.registry import ATTACKS, attacks_on
from fluid.privacy.scene import Scene


def test_every_attack_has_the_name_that_it_is_found_by() -> None:
    assert [attack.name for attack in ATTACKS.values()] == list(ATTACKS)
    assert all(attack.says.endswith((".", "?")) for attack in ATTACKS.values())


def test_only_attacks_that_have_something_to_read_are_run(quiet: Scene) -> None:
    all_names = {one.name for one in attacks_on(quiet)}
    left = {one.name for one in attacks_on(quiet.changed(evidence=None))}
    assert all_names - left == {"known_substructures", "singletons", "count_ratio", "evidence_shadows"}
    bare = quiet.changed(evidence=None, sent=None, asked=None, others=())
    assert {one.name for one in attacks_on(bare)} == {"public_neighbour", "structure_alone"}


def test_an_unknown_attack_is_refused() -> None:
    with pytest.raises(ConfigError, match="'singleton'; expected one of"):
        ATTACKS["singleton"]
