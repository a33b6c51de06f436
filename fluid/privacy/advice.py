"""What to change, by the attack that found most."""

from collections.abc import Sequence

ADVICE = {
    ("known_substructures", "singletons", "count_ratio", "evidence_shadows"): (
        "Exact counts tell which substructures you have: hold small ones back (annotation.evidence.min_support=5), add noise "
        "(annotation.evidence.noise), or release no evidence."
    ),
    ("familiarity_asked", "familiarity_sent"): (
        "Familiarity follows from the evidence: what is done to the counts (min_support, noise) is done to it."
    ),
    ("bin_asked", "bin_sent", "support_asked", "support_sent", "coverage_sent", "coverage_asked"): (
        "Domain bins count exact and near matches: take your own molecules, and what is nearly the same, out of the transfer set; or "
        "release fewer steps with lower edges (annotation.edges)."
    ),
    ("closeness_asked", "closeness_sent"): "Raw distances locate your molecules: use annotation.domain=bins, or evidence.",
    ("certainty_asked", "certainty_sent", "confidence_asked", "confidence_sent"): (
        "The teacher is surer of what it has learnt. Forests are by construction: use a network or an additive model, or keep your "
        "molecules out of the transfer set."
    ),
    ("label_asked", "label_copied", "against_others", "population_ratio", "lira", "bavaria", "student_lira", "own_kind"): (
        "The teacher has learnt single molecules by heart: regularise it more (additive models: model.strengths with smaller values; "
        "forests: model.max_depth; networks: fewer epochs, more dropout), or keep your molecules out of the transfer set."
    ),
    ("weight_of_one", "weight_of_one_signed"): (
        "Weights of rare substructures were made by single molecules: regularise more (model.strengths), or choose a transfer set without "
        "these substructures."
    ),
    ("joint_posterior",): (
        "The weights of an additive model are a sum with a part for each molecule: only noise hides which (privacy=certified, or a smaller "
        "privacy.epsilon)."
    ),
    ("written",): (
        "Molecules of yours stand in the text: leave out lists of dropped rows, predictions, at_risk.csv and logs that name SMILES."
    ),
    ("others_bins",): (
        "Support and coverage of the consensus tell the others' domain bins: give the student back, not the consensus, or weigh no votes "
        "by bins (consensus=mean), which tells fewer."
    ),
    ("others_answers",): (
        "A partner subtracts his own answers from the consensus: give the student back, not the consensus, or take in more companies and "
        "weigh them alike (consensus=mean of four or more)."
    ),
}
"""What helps against attacks, by their names."""


def advice_on(attacks: Sequence[str]) -> tuple[str, ...]:
    """Return what to change, each advice once, in the order of the attacks."""
    found = (text for name in attacks for names, text in ADVICE.items() if name in names)
    return tuple(dict.fromkeys(found))
