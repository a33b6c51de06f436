"""White box on additive models: which molecules together are likeliest to have made the weights, all candidates at once.

Shadow companies say how a molecule moves its own score. This attack asks for all candidates together what of the weights is each one's, as
training has it: the weights are a sum of one pull for each learnt molecule, and of noise. No company is made up.
"""

from collections.abc import Iterator

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

MOST = 4000
"""Candidates that are solved for together; of more, random parts, each of which takes the others for noise."""


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


def told_by_noisy(pulls: Pulls, share: float, spec: AdditiveSpec) -> np.ndarray:
    """Return the log-ratios of molecules `(n,)` by weights with noise that is known.

    How many molecules were learnt that are no candidates is told by the weights too: the candidates' pulls are more often in their sum than
    by the share of members.
    """
    gram, told, variance = gram_of(pulls.alike, pulls.slopes), pulls.told, spec.noise**2
    more = max(middle_of(gram, told, variance / (share * (1 - share))) - share, 0.0)
    found = posterior(gram, told, share + more, variance / (share * (1 - share) + more))
    return log_ratio(found.mean - share - more, found.left, share, more)


def told_by_plain(pulls: Pulls, share: float) -> np.ndarray:
    """Return the log-ratios of molecules `(n,)` by weights without noise, of a strength that is not known.

    What other molecules and rounding add counts as noise, as much of it as makes the weights likeliest. How often molecules were added is
    known in a unit of its own, which is such that its variance is that of the share of members.
    """
    alike = pulls.alike
    gram, told = gram_of(alike, pulls.slopes), pulls.told
    prior = likeliest(gram, told, shortest(alike, pulls.scores))
    found = posterior(gram, told, prior.middle, prior.noise)
    return log_ratio((found.mean - prior.middle) * (share * (1 - share) / prior.variance) ** 0.5, found.left, share)


def parts_of(rows: np.ndarray, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield random parts of rows, each of at most `MOST`, and nearly equal."""
    yield from np.array_split(generator.permutation(rows), -(-len(rows) // MOST))


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
        for part in parts_of(rows, numpy_stream(scene.seed, "joint posterior", str(place))):
            found[part, place] = told_of(scene, place, part, (scores[part, place], float(heads.bias[place])))
    return mean_known(found)


def told_of(scene: Scene, place: int, rows: np.ndarray, said: tuple[np.ndarray, float]) -> np.ndarray:
    """Return the log-ratios of some candidates `(n,)`, by the scores `(n,)` and the bias of an endpoint."""
    features, labels, share = scene.features[rows], scene.candidates.labels[rows, place], float(scene.candidates.member.mean())
    if scene.recipe is None or not scene.recipe.is_perturbed:
        return told_by_plain(plain_pulls(features, *said, labels, bool(scene.is_class[place])), share)
    pulls = perturbed_pulls(features, *said, labels, scene.recipe)
    return told_by_noisy(pulls, share, scene.recipe) if scene.recipe.noise else told_by_plain(pulls, share)


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
