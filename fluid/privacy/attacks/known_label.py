"""Whoever knows what was measured of a molecule asks how right the release is about it: models are surer of what they learnt."""

import numpy as np

from fluid.models.scores import scores_of
from fluid.privacy.attack import Attack
from fluid.privacy.scene import Scene, likelihoods, mean_known


def is_asked(scene: Scene) -> bool:
    """Return whether candidates are answered themselves, and some of their labels are known."""
    return scene.asked is not None and bool(np.isfinite(scene.candidates.labels).any())


def has_copy(scene: Scene) -> bool:
    """Return whether there is an additive copy of the company, and some labels are known."""
    return (scene.heads is not None or scene.sent is not None) and bool(np.isfinite(scene.candidates.labels).any())


def margin_asked(scene: Scene) -> np.ndarray:
    """Return the mean log-odds of the true classes (minus the error of values) in the answers to the candidates.

    References:
        Yeom et al., *IEEE CSF* 2018, doi:10.1109/CSF.2018.00027.
    """
    answered = scene.asked.prediction if scene.asked else np.full_like(scene.candidates.labels, np.nan)
    return mean_known(scene.margins(scores_of(answered, scene.endpoints)))


def margin_copied(scene: Scene) -> np.ndarray:
    """Return the same of the additive copy of the company's answers to public molecules."""
    return mean_known(scene.margins(copy_scores(scene)))


def copy_scores(scene: Scene) -> np.ndarray:
    """Return what the additive copy says of the candidates `(N, T)`; NaN where there is none."""
    copy = scene.copied
    return copy.scores(scene.features) if copy else np.full(scene.candidates.labels.shape, np.nan)


def other_scores(scene: Scene) -> np.ndarray:
    """Return the mean of what the copies of the other teachers say of the candidates `(N, T)`; NaN without an answer."""
    said = [np.where(answers_endpoint(one.answers.prediction), one.heads.scores(scene.features), np.nan) for one in scene.others]
    return mean_known(np.stack(said), axis=0)


def answers_endpoint(prediction: np.ndarray) -> np.ndarray:
    """Return which endpoints are answered `(T,)`."""
    known: np.ndarray = ~np.isnan(prediction).all(axis=0)
    return known


def has_others(scene: Scene) -> bool:
    """Return whether there are other teachers, and something to compare with them."""
    return bool(scene.others) and (is_asked(scene) or has_copy(scene))


def against_others(scene: Scene) -> np.ndarray:
    """Return how much more right the company is about a candidate than the other teachers are (co-op).

    References:
        Shi et al., PoPETs 2025, arXiv:2502.08001.
    """
    own = scene.own_scores()
    mine = np.full(scene.candidates.labels.shape, np.nan) if own is None else own
    return mean_known(scene.margins(mine) - scene.margins(other_scores(scene)))


def population_ratio(scene: Scene) -> np.ndarray:
    """Return the share of public molecules that the company does not favour over others as much as the candidate.

    `Pr_z[p(x) / p_ref(x) ≥ p(z) / p_ref(z)]` with the company's likelihood `p` of the true class; of a public `z`, of what
    the others say. The reference `p_ref` is the mean of the other teachers.

    References:
        Zarifzadeh, Liu & Shokri, ICML 2024, arXiv:2312.03262 (RMIA, offline).
    """
    own, others = scene.own_scores(), other_scores(scene)
    mine = np.full(others.shape, np.nan) if own is None else own
    ratio = np.log(likelihoods(scene, mine)) - np.log(likelihoods(scene, others))
    return mean_known(np.stack([share_below(ratio[:, place], reference) for place, reference in enumerate(public_ratios(scene))], axis=1))


def public_ratios(scene: Scene) -> list[np.ndarray]:
    """Return, per endpoint, the log-ratios of the company's and the others' likelihoods of public molecules, labelled by the others."""
    if scene.sent is None or scene.public is None:
        return [np.empty(0) for _ in scene.endpoints]
    own = scores_of(scene.sent.answers.prediction, scene.endpoints)
    mean = mean_known(np.stack([scores_of(one.answers.prediction, scene.endpoints) for one in scene.others]), axis=0)
    sign = np.where(mean >= 0, 1.0, -1.0)
    gain = -np.logaddexp(0, -sign * own) + np.logaddexp(0, -sign * mean)
    found = np.where(scene.is_class, gain, -np.abs(own - mean))
    return [column[np.isfinite(column)] for column in found.T]


def share_below(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the share of reference values that are no larger than each value `(N,)`; NaN stays; without a reference all is."""
    if not len(reference):
        return np.full(len(values), np.nan)
    found: np.ndarray = np.where(np.isfinite(values), np.searchsorted(np.sort(reference), values, side="right") / len(reference), np.nan)
    return found


def has_population(scene: Scene) -> bool:
    """Return whether there are other teachers, and answers to public molecules to compare with."""
    return has_others(scene) and scene.sent is not None


ITSELF, PUBLIC, OTHERS = "answers to the molecule itself", "answers to public molecules", "the other companies' answers"
MARGIN_ASKED = Attack(
    "label_asked", 1, ITSELF, "How right is the answer, for somebody who knows the label?", is_asked, margin_asked, needs_label=True
)
MARGIN_COPIED = Attack(
    "label_copied",
    1,
    PUBLIC,
    "How right is an additive copy of the company's model, for somebody who knows the label?",
    has_copy,
    margin_copied,
    needs_label=True,
)
AGAINST = Attack(
    "against_others",
    1,
    OTHERS,
    "Is the company more right about it than the other companies are?",
    has_others,
    against_others,
    needs_label=True,
)
POPULATION = Attack(
    "population_ratio",
    2,
    OTHERS,
    "Does the company favour its label more than it favours those of public molecules?",
    has_population,
    population_ratio,
    needs_label=True,
)
