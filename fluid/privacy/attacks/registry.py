"""All attacks by name, ours and those that other packages add."""

from fluid.privacy.attack import Attack
from fluid.privacy.attacks import signals
from fluid.privacy.scene import Scene
from fluid.registry import Registry

ATTACKS: Registry[Attack] = Registry(
    "fluid.attacks",
    "attack",
    {
        "known_substructures": "fluid.privacy.attacks.evidence_counts:KNOWN",
        "singletons": "fluid.privacy.attacks.evidence_counts:SINGLETONS",
        "count_ratio": "fluid.privacy.attacks.evidence_counts:RATIO",
        "evidence_shadows": "fluid.privacy.attacks.evidence_shadows:ATTACK",
        **signals.ASKED,
        **signals.SENT,
        "label_asked": "fluid.privacy.attacks.known_label:MARGIN_ASKED",
        "label_copied": "fluid.privacy.attacks.known_label:MARGIN_COPIED",
        "against_others": "fluid.privacy.attacks.known_label:AGAINST",
        "population_ratio": "fluid.privacy.attacks.known_label:POPULATION",
        "weight_of_one": "fluid.privacy.attacks.weight_of_one:ATTACK",
        "weight_of_one_signed": "fluid.privacy.attacks.weight_of_one:SIGNED",
        "joint_posterior": "fluid.privacy.attacks.joint_posterior:ATTACK",
        "lira": "fluid.privacy.attacks.lira:ATTACK",
        "bavaria": "fluid.privacy.attacks.bavaria:ATTACK",
        "student_lira": "fluid.privacy.attacks.lira:STUDENTS",
        "own_kind": "fluid.privacy.attacks.own_kind:ATTACK",
        "written": "fluid.privacy.attacks.written:ATTACK",
        "public_neighbour": "fluid.privacy.attacks.baselines:NEIGHBOUR",
        "structure_alone": "fluid.privacy.attacks.baselines:STRUCTURE",
    },
    Attack,
    "attacks",
)


def attacks_on(scene: Scene) -> list[Attack]:
    """Return the attacks that can be run on a scene, in order."""
    return [attack for attack in ATTACKS.values() if attack.possible(scene)]
