"""Shadow companies that learn as the company itself does: forests, or networks on fingerprints; only where they are asked for."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import logit

from fluid.privacy.attack import Attack
from fluid.privacy.attacks.bavaria import t_ratio
from fluid.privacy.attacks.known_label import is_asked
from fluid.privacy.attacks.lira import over_endpoints
from fluid.privacy.made_up import FEWEST, Beside, known_rows, scaled_to, scores_on
from fluid.privacy.scene import Scene, margins_of
from fluid.privacy.shadows import Taught, halves
from fluid.seeding import numpy_stream

TREES, HIDDEN, EPOCHS = 50, 64, 15
CERTAIN = 1e-3
"""How near 0 and 1 the probabilities of shadows may come."""


def forest(is_class: bool, seed: int) -> Any:
    """Return a small forest that has learnt nothing yet."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    if is_class:
        return RandomForestClassifier(TREES, max_features="sqrt", random_state=seed, n_jobs=1)
    return RandomForestRegressor(TREES, max_features="sqrt", random_state=seed, n_jobs=1)


def network(is_class: bool, seed: int) -> Any:
    """Return a small network that has learnt nothing yet, and will learn for a few epochs."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if is_class else MLPRegressor
    return kind(hidden_layer_sizes=(HIDDEN,), max_iter=EPOCHS, tol=0.0, n_iter_no_change=EPOCHS, random_state=seed)


LEARNERS: dict[str, Callable[[bool, int], Any]] = {"forest": forest, "network": network}
"""Shadows by the kind of the company's model."""


def say(model: Any, bits: np.ndarray, labels: np.ndarray, is_class: bool, rows: np.ndarray) -> np.ndarray:
    """Return log-odds or values of all molecules `(n,)` by a model that has learnt some of them."""
    if is_class and np.ptp(labels[rows]) == 0:
        return np.zeros(len(labels))
    fitted = model.fit(bits[rows], labels[rows].astype(int) if is_class else labels[rows])
    if not is_class:
        return np.asarray(fitted.predict(bits), dtype=np.float64)
    found: np.ndarray = logit(np.clip(fitted.predict_proba(bits)[:, 1], CERTAIN, 1 - CERTAIN))
    return found


@lru_cache(2)
def beside_own_kind(scene: Scene, place: int) -> Beside | None:
    """Return the margins about an endpoint beside those of shadows of the company's own kind; `None` where too few are known."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    scores = scores_on(scene, place)
    rows = known_rows(scene, scores, place)
    if rows is None:
        return None
    labels, is_class = scene.candidates.labels[rows, place], bool(scene.is_class[place])
    bits = np.unpackbits(scene.candidates.bits[rows], axis=1).astype(np.float32)
    inside = halves(len(rows), scene.shadows, float(scene.candidates.member[rows].mean()), numpy_stream(scene.seed, "own kind", str(place)))
    learner = LEARNERS[scene.learner]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so few epochs are meant
        said = [say(learner(is_class, number), bits, labels, is_class, np.flatnonzero(own)) for number, own in enumerate(inside)]
    margins = margins_of(np.stack(said), labels, is_class)
    own = scaled_to(margins_of(scores[rows], labels, is_class), margins)
    return Beside(rows, own, margins, inside, Taught(np.empty((0, 0)), np.empty(0)))


def has_own_kind(scene: Scene) -> bool:
    """Return whether shadows were asked for, the company's kind can be made, and candidates are answered themselves."""
    known = np.isfinite(scene.candidates.labels).sum(axis=0).max(initial=0)
    return scene.shadows > 1 and scene.learner in LEARNERS and is_asked(scene) and bool(known >= FEWEST)


def own_kind(scene: Scene) -> np.ndarray:
    """Return the mean over endpoints of each candidate's log-likelihood ratio `(N,)`, as `bavaria` has it: shadows are few."""
    return over_endpoints(scene, beside_own_kind, t_ratio)


ATTACK = Attack(
    "own_kind",
    1,
    "answers, beside those of shadow companies of the same kind",
    "The same, with made-up companies that train forests or networks, as the company does.",
    has_own_kind,
    own_kind,
    needs_label=True,
    informed=True,
)
