"""White box on additive models: which molecules together are likeliest to have made the weights, all candidates at once.

Shadow companies say how a molecule moves its own score. This attack asks for all candidates together what of the weights is each one's, as
training has it: the weights are a sum of one pull for each learnt molecule, and of noise. No company is made up.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import vstack

from fluid.models.additive_solve import ridge_together
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.scores import scores_of
from fluid.privacy.attack import Attack
from fluid.privacy.attacks.lira import can_shadow
from fluid.privacy.linear_gaussian import likeliest, middle_of, posterior
from fluid.privacy.made_up import known_rows
from fluid.privacy.pulls import Pulls, gram_of, perturbed_pulls, plain_pulls, shortest
from fluid.privacy.scene import COPY_STRENGTH, Heads, Scene, mean_known
from fluid.seeding import numpy_stream

MOST, SWEEPS = 4000, 3
"""Candidates that are solved for together; of more, random parts, one after the other, so many times."""


class Told(NamedTuple):
    """What weights tell of `n` molecules.

    Attributes:
        ratio: Logarithms of how much likelier the weights are if a molecule was learnt than if not `(n,)`.
        times: How often its pull is expected in the sum `(n,)`, in the sum's own unit.
    """

    ratio: np.ndarray
    times: np.ndarray


def log_ratio(apart: np.ndarray, left: np.ndarray, share: float, more: float = 0.0) -> np.ndarray:
    """Return the logarithms of how much likelier what is told is if a molecule was learnt than if not `(n,)`.

    What is told says of how often a molecule was added that it is `a ± 1/√τ`: a member once, others never, and both `more` times on average
    by molecules that are like it and are no candidates, with a variance of as much. The ratio of both densities is
    `(τ a − τ (more + ½)) / (1 + τ more)`.

    Args:
        apart: How much the posterior mean is above that before `(n,)`.
        left: Which share of the variance before, `share (1 − share) + more`, is left `(n,)`.
        share: Share of members among the candidates.
        more: Learnt molecules that are no candidates, for each candidate.
    """
    before = share * (1 - share) + more
    sharpness = (1 / left - 1) / before
    found: np.ndarray = (apart / (left * before) + (share - 0.5) * sharpness) / (1 + sharpness * more)
    return found


def told_by_noisy(pulls: Pulls, share: float, spec: AdditiveSpec) -> Told:
    """Return what weights with noise that is known tell.

    How many molecules were learnt that are no candidates is told by the weights too: the candidates' pulls are more often in their sum than
    by the share of members.
    """
    gram, told, variance, own = gram_of(pulls.alike, pulls.slopes), pulls.told, spec.noise**2, share * (1 - share)
    more = max(middle_of(gram, told, variance / own) - share, 0.0)
    found = posterior(gram, told, share + more, variance / (own + more))
    apart = found.mean - share - more
    return Told(log_ratio(apart, found.left, share, more), share + apart * own / (own + more))


def told_by_plain(pulls: Pulls, share: float) -> Told:
    """Return what weights without noise tell, of a strength that is not known.

    What other molecules and rounding add counts as noise, as much of it as makes the weights likeliest. How often molecules were added is
    known in a unit of its own, which is such that its variance is that of the share of members.
    """
    alike = pulls.alike
    gram, told = gram_of(alike, pulls.slopes), pulls.told
    prior = likeliest(gram, told, shortest(alike, pulls.scores))
    found = posterior(gram, told, prior.middle, prior.noise)
    unit = (prior.variance / (share * (1 - share))) ** 0.5
    return Told(log_ratio((found.mean - prior.middle) / unit, found.left, share), found.mean)


def solved(pulls: Pulls, tell: Callable[[Pulls], Told], generator: np.random.Generator) -> np.ndarray:
    """Return the log-ratios of molecules `(n,)`, of many in random parts.

    From the sum that tells of a part, what the others are expected to have added is taken away (Gauss and Seidel's method, by blocks); what
    is left of them counts as noise, or as molecules that are no candidates.
    """
    n = len(pulls.slopes)
    parts, ratio, times = np.array_split(generator.permutation(n), -(-n // MOST)), np.zeros(n), np.zeros(n)
    for _ in range(SWEEPS if len(parts) > 1 else 1):
        for part in parts:
            others = times.copy()
            others[part] = 0.0
            left = pulls.scores[part] - pulls.rows[part] @ (pulls.rows.T @ (pulls.slopes * others))
            ratio[part], times[part] = tell(Pulls(pulls.rows[part], pulls.slopes[part], left))
    return ratio


def weights_of(scene: Scene) -> Heads | None:
    """Return the additive models that stand in the artefact, or are copied from all answers, to public molecules and to candidates.

    Rounded answers tell rounded scores, but many of them tell weights nearly as they are. `None` where there is neither.
    """
    if scene.heads is not None or scene.sent is None or scene.asked is None:
        return scene.copied
    said = np.concatenate([scene.sent.answers.prediction, scene.asked.prediction])
    known = np.isfinite(said).all(axis=0)
    features = vstack([scene.sent.public.features, scene.features], format="csr")
    weights, bias = np.zeros((len(known), features.shape[1])), np.zeros(len(known))
    weights[known], bias[known] = ridge_together(features, scores_of(said, scene.endpoints)[:, known], COPY_STRENGTH)
    return Heads(weights, bias)


def joint_posterior(scene: Scene) -> np.ndarray:
    """Return the mean over endpoints of each candidate's log-ratio `(N,)`; NaN where there is no label, or there are too few."""
    found, heads = np.full(scene.candidates.labels.shape, np.nan), weights_of(scene)
    scores = heads.scores(scene.features) if heads else found
    for place in range(len(scene.endpoints)):
        rows = known_rows(scene, scores[:, place], place)
        if rows is None or heads is None or not heads.weights[place].any():
            continue
        scored = scores[rows, place], float(heads.bias[place])
        found[rows, place] = told_of(scene, place, rows, scored)
    return mean_known(found)


def told_of(scene: Scene, place: int, rows: np.ndarray, scored: tuple[np.ndarray, float]) -> np.ndarray:
    """Return the log-ratios of some candidates `(n,)`, by the scores `(n,)` and the bias of an endpoint."""
    features, labels, recipe = scene.features[rows], scene.candidates.labels[rows, place], scene.recipe
    share, generator = float(scene.candidates.member.mean()), numpy_stream(scene.seed, "joint posterior", str(place))
    if recipe is None or not recipe.is_perturbed:
        pulls = plain_pulls(features, *scored, labels, bool(scene.is_class[place]))
    else:
        pulls = perturbed_pulls(features, *scored, labels, recipe)
    if recipe is not None and recipe.noise:
        return solved(pulls, partial(told_by_noisy, share=share, spec=recipe), generator)
    return solved(pulls, partial(told_by_plain, share=share), generator)


def is_additive(scene: Scene) -> bool:
    """Return whether there are weights of an additive model, in the artefact or copied from answers that may be one's, and labels."""
    there = scene.heads is not None or (scene.sent is not None and scene.learner in ("", AdditiveSpec.kind))
    return there and can_shadow(scene)


ATTACK = Attack(
    "joint_posterior",
    1,
    "additive weights or answers, and how the model learns",
    "Which molecules, all of them together, explain the weights best, if each learnt molecule pulls at them as training has it?",
    is_additive,
    joint_posterior,
    needs_label=True,
    informed=True,
)
