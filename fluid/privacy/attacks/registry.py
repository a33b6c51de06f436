"""All attacks by name, ours and those that other packages add."""

from fluid.privacy.attack import Attack
from fluid.privacy.attacks import signals
from fluid.privacy.scene import Scene
from fluid.registry import Registry

HERE = "fluid.privacy.attacks"
ATTACKS: Registry[Attack] = Registry(
    "fluid.attacks",
    "attack",
    {
        "known_substructures": f"{HERE}.evidence_counts:KNOWN",
        "singletons": f"{HERE}.evidence_counts:SINGLETONS",
        "count_ratio": f"{HERE}.evidence_counts:RATIO",
        "evidence_shadows": f"{HERE}.evidence_shadows:ATTACK",
        **signals.ASKED,
        **signals.SENT,
        "label_asked": f"{HERE}.known_label:MARGIN_ASKED",
        "label_copied": f"{HERE}.known_label:MARGIN_COPIED",
        "against_others": f"{HERE}.known_label:AGAINST",
        "population_ratio": f"{HERE}.known_label:POPULATION",
        "weight_of_one": f"{HERE}.weight_of_one:ATTACK",
        "weight_of_one_signed": f"{HERE}.weight_of_one:SIGNED",
        "lira": f"{HERE}.lira:ATTACK",
        "public_neighbour": f"{HERE}.baselines:NEIGHBOUR",
        "structure_alone": f"{HERE}.baselines:STRUCTURE",
    },
    Attack,
    "attacks",
)


def attacks_on(scene: Scene) -> list[Attack]:
    """Return the attacks that can be run on a scene, in order."""
    return [attack for attack in ATTACKS.values() if attack.possible(scene)]
