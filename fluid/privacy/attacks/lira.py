"""The likelihood-ratio attack: how right is the company about a molecule, beside shadow companies that have it, and that have it not."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fluid.privacy.attack import Attack
from fluid.privacy.attacks.known_label import has_copy, is_asked
from fluid.privacy.made_up import FEWEST, Beside, beside_shadows, beside_students
from fluid.privacy.scene import Scene, mean_known


class Normal(NamedTuple):
    """Means of margins `(N,)` of shadows that have, and have not, each molecule, and the standard deviations of both kinds."""

    inside: np.ndarray
    outside: np.ndarray
    spread_inside: float
    spread_outside: float


def describe_shadows(margins: np.ndarray, inside: np.ndarray) -> Normal:
    """Return the normal distributions of margins `(S, N)`; with few shadows one spread for all molecules is better than one for each."""
    means, spreads = [], []
    for chosen in (inside, ~inside):
        count = np.maximum(chosen.sum(axis=0), 1)
        mean = np.where(chosen, margins, 0.0).sum(axis=0) / count
        left = np.where(chosen, margins - mean, 0.0)
        freedom = max(int(chosen.sum()) - chosen.shape[1], 1)
        means.append(mean)
        spreads.append(max(float(np.sqrt((left**2).sum() / freedom)), 1e-6))
    return Normal(*means, *spreads)


def log_ratio(margin: np.ndarray, told: Normal) -> np.ndarray:
    """Return `log N(m; μ_in, σ_in) − log N(m; μ_out, σ_out)` of each molecule's margin `(N,)`.

    References:
        Carlini et al., *IEEE S&P* 2022, doi:10.1109/SP46214.2022.9833649, equation 3, with one variance for all.
    """
    inside, outside = (margin - told.inside) / told.spread_inside, (margin - told.outside) / told.spread_outside
    found: np.ndarray = 0.5 * (outside**2 - inside**2) + np.log(told.spread_outside / told.spread_inside)
    return found


def can_shadow(scene: Scene) -> bool:
    """Return whether an endpoint has labels enough, of both kinds of candidates, and the company says something of them."""
    known = np.isfinite(scene.candidates.labels).sum(axis=0)
    return (is_asked(scene) or has_copy(scene)) and bool(known.max(initial=0) >= FEWEST)


def over_endpoints(scene: Scene, made: Callable[[Scene, int], Beside | None], ratio: Callable[[Beside], np.ndarray]) -> np.ndarray:
    """Return the mean over endpoints of each candidate's ratio `(N,)`; NaN where there is no label, or there are too few."""
    found = np.full(scene.candidates.labels.shape, np.nan)
    for place in range(len(scene.endpoints)):
        beside = made(scene, place)
        if beside is not None:
            found[beside.rows, place] = ratio(beside)
    return mean_known(found)


def normal_ratio(beside: Beside) -> np.ndarray:
    """Return the log-likelihood ratios of the company's margins."""
    return log_ratio(beside.own, describe_shadows(beside.margins, beside.inside))


def lira(scene: Scene) -> np.ndarray:
    """Return each candidate's log-likelihood ratio beside made-up companies."""
    return over_endpoints(scene, beside_shadows, normal_ratio)


def student_lira(scene: Scene) -> np.ndarray:
    """Return each candidate's log-likelihood ratio beside students of made-up companies.

    References:
        Jagielski et al., *NeurIPS* 2023, arXiv:2303.03446; Shi et al., *PoPETs* 2025, arXiv:2502.08001 (distillation-LiRA).
    """
    return over_endpoints(scene, beside_students, normal_ratio)


def can_teach(scene: Scene) -> bool:
    """Return whether made-up companies can be distilled too: there are public molecules."""
    return scene.public is not None and can_shadow(scene)


MADE_UP = "answers, beside those of shadow companies"
ATTACK = Attack(
    "lira",
    1,
    MADE_UP,
    "Is the company as right about it as made-up companies that have the molecule, or as those that do not?",
    can_shadow,
    lira,
    needs_label=True,
    informed=True,
)
STUDENTS = Attack(
    "student_lira",
    1,
    "answers, beside those of students of shadow companies",
    "Is the copy as right about it as copies of made-up companies that have the molecule, or as those of companies that do not?",
    can_teach,
    student_lira,
    needs_label=True,
    informed=True,
)
