"""White box on additive models: a weight of a substructure that hardly anybody else has was made by the molecule that has it."""

import numpy as np

from fluid.molecules.substructures import presence
from fluid.privacy.attack import Attack
from fluid.privacy.attacks.known_label import PUBLIC
from fluid.privacy.scene import Scene, mean_known

RARE = 0.001
"""Substructures that no larger share of the public molecules has, or one molecule alone, are rare."""


def has_weights(scene: Scene) -> bool:
    """Return whether there are additive weights, in the artefact or copied, and public molecules that say what is rare."""
    return scene.public is not None and (scene.heads is not None or scene.sent is not None)


def rare_weights(scene: Scene) -> np.ndarray:
    """Return the weights of rare substructures `(T, D)`; of others 0."""
    weights = scene.copied.weights if scene.copied else np.zeros((len(scene.endpoints), scene.dictionary.n_bits))
    count = np.asarray((scene.public.features != 0).sum(axis=0)).ravel() if scene.public else np.zeros(scene.dictionary.n_bits)
    return np.where(count <= max(1, RARE * len(scene.public.smiles if scene.public else ())), weights, 0.0)


def weight_of_one(scene: Scene) -> np.ndarray:
    """Return the sum of a candidate's rare weights, whatever their signs, over the mean of endpoints.

    With an L2 penalty `w_b = C Σ_i (y_i − p_i) x_ib`: a substructure that no learnt molecule has keeps the weight 0.
    """
    return mean_known(np.asarray(presence(scene.features) @ np.abs(rare_weights(scene)).T))


def signed_weight(scene: Scene) -> np.ndarray:
    """Return the sum of a candidate's rare weights in the direction of its label: the residual `y − p` of what made them has its sign."""
    pull, labels = np.asarray(scene.features @ rare_weights(scene).T), scene.candidates.labels
    median = np.ma.median(np.ma.masked_invalid(labels), axis=0).filled(0.0)  # type: ignore[no-untyped-call]  # not annotated by NumPy
    return mean_known(pull * np.sign(labels - np.where(scene.is_class, 0.5, median)))


ATTACK = Attack(
    "weight_of_one",
    1,
    PUBLIC,
    "Has the additive copy weights for substructures that hardly any molecule but this one has?",
    has_weights,
    weight_of_one,
)
SIGNED = Attack(
    "weight_of_one_signed",
    2,
    PUBLIC,
    "Do such weights point the way that its label would have pushed them?",
    has_weights,
    signed_weight,
    needs_label=True,
)
