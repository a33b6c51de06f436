"""The audit: all attacks on a scene, whether they would find planted leaks, and what is said of the bounds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fluid.errors import QuorumError
from fluid.privacy.advice import advice_on
from fluid.privacy.attack import Attack
from fluid.privacy.attacks.registry import ATTACKS, attacks_on
from fluid.privacy.finding import FEWEST, Finding, divided, measure, verdicts_on
from fluid.privacy.inversion.found import Inverted, invert
from fluid.privacy.inversion.planted import inversion_planted
from fluid.privacy.planted import Plant, Planted, canaries, plants_in
from fluid.privacy.policy import FELL, FEWEST_MOLECULES, LOW_FPR, PolicySpec
from fluid.privacy.questions import Question, questions_on
from fluid.privacy.reconstruction import reconstruction_planted
from fluid.privacy.scene import Scene
from fluid.privacy.statistics import Measured, auc_measured, smallest_auc, smallest_tpr
from fluid.privacy.themes import Theme, themes_of
from fluid.seeding import numpy_stream

POWER_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class ByClass:
    """What the strongest attack finds of one class alone.

    Attributes:
        endpoint: The endpoint.
        label: The class.
        members: Members of that class.
        auc: Against non-members of that class.
    """

    endpoint: str
    label: int
    members: int
    auc: Measured


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; nothing in it names a molecule.

    Attributes:
        members: Members that were looked at.
        non_members: Non-members that were.
        findings: What each attack found, the strongest first, baselines last.
        by_class: What the strongest finds of each class, the smaller class first.
        questions: What else is told.
        planted: Which planted leaks were found.
        smallest_auc: The smallest AUC that would be told from the bound of an informed attacker, in 80 % of audits.
        smallest_tpr: The smallest true-positive rate at a false-positive rate of 0.1 % that would be.
        fell: The bounds that fell, in words.
        blind: Why the audit cannot vouch for the release; empty if it can.
        advice: What to change.
        policy: The bounds.
        inverted: What a partner of a consensus recovers; empty of other releases, or where no partner's answers were given.
    """

    members: int
    non_members: int
    findings: tuple[Finding, ...]
    by_class: tuple[ByClass, ...]
    questions: tuple[Question, ...]
    planted: tuple[Planted, ...]
    smallest_auc: float
    smallest_tpr: float
    fell: tuple[str, ...]
    blind: tuple[str, ...]
    advice: tuple[str, ...]
    policy: PolicySpec = field(default_factory=PolicySpec)
    inverted: tuple[Inverted, ...] = ()
    themes: tuple[Theme, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no bound fell, and the audit is not blind."""
        return not self.fell and not self.blind

    @property
    def strongest(self) -> Finding | None:
        """The attack with the highest AUC that reads the release; `None` where there is none."""
        return next((one for one in self.findings if not one.baseline), None)


def audit(scene: Scene, policy: PolicySpec, report: Callable[[float], None] = lambda _: None) -> tuple[Audit, Mapping[str, np.ndarray]]:
    """Run all attacks that a scene allows.

    Args:
        scene: What the attacker sees, and the candidates.
        policy: The bounds.
        report: Called with the share of work done.

    Returns:
        What was found, and the scores of every attack `(N,)`, which name molecules.

    Raises:
        QuorumError: There are too few members or non-members to say anything.
    """
    check_numbers(scene)
    attacks = attacks_on(scene)
    scores = {}
    for number, attack in enumerate(attacks):
        scores[attack.name] = attack.score(scene)
        report(0.6 * (number + 1) / len(attacks))
    findings = found_by(attacks, scores, scene, policy)
    inverted = invert(scene.seen, policy, level_of(attacks, scene, policy)) if scene.seen else ()
    planted = check_power(scene, report)
    return summary(scene, findings, planted, scores, policy, inverted), scores


def check_numbers(scene: Scene) -> None:
    """Refuse to say anything from too few molecules.

    Raises:
        QuorumError: There are too few members or non-members.
    """
    inside, outside = int(scene.candidates.member.sum()), int((~scene.candidates.member).sum())
    if min(inside, outside) < FEWEST_MOLECULES:
        least = smallest_auc(inside, outside) if min(inside, outside) else 1.0
        said = f"an AUC of {least:.2f} would be" if least < 1 else "no leak, however large, would be"
        raise QuorumError(
            f"there are {inside} members and {outside} non-members, of which {said} the smallest effect that could be seen",
            expected=f"at least {FEWEST_MOLECULES} of each",
            remedy="Set more of your molecules aside before the teacher is trained, and give them as non_members.",
        )


def level_of(attacks: Sequence[Attack], scene: Scene, policy: PolicySpec) -> float:
    """Return the level of each interval by which all of them hold together: of attacks, and of what a partner recovers."""
    partners = len(scene.endpoints) + 1 if scene.seen else 0
    return policy.level / max(sum(not attack.is_baseline for attack in attacks) + partners, 1)


def found_by(attacks: Sequence[Attack], scores: Mapping[str, np.ndarray], scene: Scene, policy: PolicySpec) -> tuple[Finding, ...]:
    """Return what attacks found, the strongest first; each interval of an attack is so wide that all of them hold together."""
    alpha = level_of(attacks, scene, policy)
    pairs = [(one, measure(one, scores[one.name], scene, policy.level if one.is_baseline else alpha)) for one in attacks]
    known = [(attack, found) for attack, found in pairs if found is not None]
    baselines = [found for attack, found in known if attack.is_baseline]
    judged = [replace(found, verdicts=verdicts_on(attack, found, baselines, policy)) for attack, found in known if not attack.is_baseline]
    return (*sorted(judged, key=lambda one: -one.auc.value), *baselines)


def check_power(scene: Scene, report: Callable[[float], None] = lambda _: None) -> tuple[Planted, ...]:
    """Return which of the leaks that can be planted in a copy of the release are found there."""
    copy = canaries(scene, numpy_stream(scene.seed, "canaries"))
    plants, found = list(plants_in(copy)), []
    for number, plant in enumerate(plants):
        found.append(find_planted(plant, copy))
        report(0.6 + 0.4 * (number + 1) / len(plants))
    return (*found, *reconstruction_planted(scene), *inversion_planted(scene.seen, numpy_stream(scene.seed, "made-up partners")))


def find_planted(plant: Plant, copy: Scene) -> Planted:
    """Return whether one of the attacks that should find a planted leak does."""
    planted, best = plant.plant(copy), Planted(plant.name, plant.says, "", Measured(0.5, 0.0, 1.0))
    possible = [ATTACKS[name] for name in plant.attacks if ATTACKS[name].possible(planted)]
    for attack in possible:
        inside, outside = divided(attack.score(planted), planted.candidates.member)
        if min(len(inside), len(outside)) < 2:
            continue
        measured = auc_measured(inside, outside, POWER_LEVEL / len(possible))
        if measured.value > best.auc.value:
            best = Planted(plant.name, plant.says, attack.name if measured.low > 0.5 else "", measured)
    return best


def summary(
    scene: Scene,
    findings: tuple[Finding, ...],
    planted: tuple[Planted, ...],
    scores: Mapping[str, np.ndarray],
    policy: PolicySpec,
    inverted: tuple[Inverted, ...] = (),
) -> Audit:
    """Return the audit's result from its parts."""
    member = scene.candidates.member
    numbers = (int(member.sum()), int((~member).sum()))
    real = [one for one in findings if not one.baseline]
    alpha = policy.level / max(len(real) + len(inverted), 1)
    broken = [(one, verdict) for one in real for verdict in one.verdicts if verdict.state == FELL]
    fell = tuple(fallen(one, verdict.what, verdict.bound) for one, verdict in broken)
    turned_round = [one for one in inverted if one.verdict.state == FELL]
    return Audit(
        *numbers,
        findings=findings,
        by_class=by_class(scene, scores[real[0].attack], real[0].turned) if real else (),
        questions=questions_on(scene),
        planted=planted,
        smallest_auc=smallest_auc(*numbers, alpha, policy.auc),
        smallest_tpr=smallest_tpr(*numbers, LOW_FPR, alpha, policy.tpr),
        fell=(*fell, *map(recovered_text, turned_round)),
        blind=(*blind_because(findings, planted, policy), *untried(scene)),
        advice=advice_on([*(one.attack for one, _ in broken), *(one.name.partition(":")[0] for one in turned_round)]),
        policy=policy,
        inverted=inverted,
        themes=themes_of(scene),
    )


def fallen(one: Finding, what: str, bound: float) -> str:
    """Return in words that a bound fell."""
    if what == "auc":
        return f"{one.attack}: AUC {one.auc.value:.3f} ({one.auc.low:.3f} to {one.auc.high:.3f}), bound {bound:.3f}"
    rate = one.tpr_01
    return f"{one.attack}: {rate.value:.2%} found at a false-positive rate of 0.1 % ({rate.low:.2%} or more), bound {bound:.2%}"


def recovered_text(one: Inverted) -> str:
    """Return in words that the bound on what a partner recovers fell."""
    return (
        f"{one.name}: recovered of {one.told.value:.1%} of the molecules, of {one.beyond.value:.1%} beyond a guess "
        f"({one.beyond.low:.1%} or more), bound {one.verdict.bound:.1%}"
    )


def untried(scene: Scene) -> tuple[str, ...]:
    """Return that nobody tried to turn a consensus round, where that is so."""
    if scene.released is None or scene.seen is not None:
        return ()
    return ("nobody tried to recover the others' answers from the consensus: give annotations=[what you sent yourself]",)


def blind_because(findings: Sequence[Finding], planted: Sequence[Planted], policy: PolicySpec) -> tuple[str, ...]:
    """Return why an audit cannot vouch for a release."""
    reasons = [f"a planted leak was not found: {one.says}" for one in planted if not one.found_by]
    reasons += [] if planted else ["no leak could be planted: the release says nothing that an attack reads"]
    for one in findings:
        if one.baseline and one.auc.low > policy.baseline:
            reasons.append(
                f"members and non-members differ without any release ({one.attack}: AUC {one.auc.value:.3f}): give molecules of the same "
                "chemistry as non_members, drawn at random from your own file before the teacher is trained"
            )
    return tuple(reasons)


def by_class(scene: Scene, scores: np.ndarray, turned: bool) -> tuple[ByClass, ...]:
    """Return what an attack finds of each class, the smaller class first."""
    signed, found = -scores if turned else scores, []
    for place in np.flatnonzero(scene.is_class):
        labels = scene.candidates.labels[:, place]
        for label in (0, 1):
            inside, outside = divided(np.where(labels == label, signed, np.nan), scene.candidates.member)
            if min(len(inside), len(outside)) >= FEWEST:
                found.append(ByClass(scene.endpoints[place].name, label, len(inside), auc_measured(inside, outside)))
    return tuple(sorted(found, key=lambda one: one.members))


def at_risk(scene: Scene, findings: Sequence[Finding], scores: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return, per candidate, the smallest share of non-members that an attack takes for members no less, and which attack: `(N,)` both.

    Each share counts the candidate itself, so that it is above 0.
    """
    real = [one for one in findings if not one.baseline]
    shares = np.ones((max(len(real), 1), len(scene.candidates)))
    for place, one in enumerate(real):
        signed = -scores[one.attack] if one.turned else scores[one.attack]
        outside = np.sort(signed[np.isfinite(signed) & ~scene.candidates.member])
        no_less = len(outside) - np.searchsorted(outside, signed, side="left")
        shares[place] = np.where(np.isfinite(signed), (no_less + 1) / (len(outside) + 1), 1.0)
    names = np.array([one.attack for one in real] or [""])
    return shares.min(axis=0), names[shares.argmin(axis=0)]
