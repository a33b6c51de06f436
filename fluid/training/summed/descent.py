"""Steps down noisy gradients: with momentum (Polyak 1964), divided by a public curvature, and averaged in the end."""

import math
from collections.abc import Callable

import numpy as np

from fluid.training.summed.curvature import Curvature
from fluid.training.summed.spec import SummedSpec

Opened = Callable[[int, np.ndarray], np.ndarray]
"""`(round, weights (T, D))`: the sum of all companies' gradients `(T, D)` at these weights, with its noise."""


def descend(opened: Opened, curvature: Curvature, molecules: np.ndarray, spec: SummedSpec, deviation: float = 0.0) -> np.ndarray:
    """Return the weights `(T, D)` at which all rounds end; what is not opened is not read.

    Args:
        opened: Asked once a round, 1 to `spec.rounds`, in order.
        curvature: Of public rows `(·, D)`.
        molecules: How many molecules of each endpoint are learnt from `(T,)`.
        spec: Settings.
        deviation: Standard deviation of the noise in a round.
    """
    damping = spec.damping * max(1.0, deviation)
    weights = np.zeros((len(molecules), curvature.directions.shape[1]))
    moved, kept = np.zeros_like(weights), list[np.ndarray]()
    for number in range(1, spec.rounds + 1):
        gradient = opened(number, weights) + weights / spec.strength
        steps = [curvature.step(one, n, spec.strength, damping) for one, n in zip(gradient, molecules, strict=True)]
        moved = spec.momentum * moved - np.array(steps)
        weights = weights + moved
        kept.append(weights)
    last = max(1, math.ceil(spec.averaged * spec.rounds - 1e-9))
    mean: np.ndarray = np.mean(kept[-last:], axis=0)
    return mean
