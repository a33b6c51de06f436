"""Scores of answers: what is additive in substructures, log-odds of classes and values as they are."""

from collections.abc import Sequence

import numpy as np
from scipy.special import logit

from fluid.data.endpoints import Endpoint

SMALLEST = 1e-6
"""Probabilities are kept this far from 0 and 1 before their log-odds are taken."""


def scores_of(answers: np.ndarray, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return log-odds of classes and values as they are, of answers `(..., T)`; float64."""
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    probs = np.clip(np.where(is_class, answers, 0.5).astype(np.float64), SMALLEST, 1 - SMALLEST)
    scores: np.ndarray = np.where(is_class, logit(probs), answers)
    return scores
