"""Additive heads that copy what teachers said of public molecules, and how faithfully."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from fluid.annotation.annotation_set import Annotations
from fluid.models.additive_solve import ridge_together
from fluid.training.train import Rows

FIDELITY = "fidelity.csv"
FIDELITY_COLUMNS = ["teacher", "endpoint", "fidelity", "strength", "spanned"]


class Copy(NamedTuple):
    """Heads `(A, D)` with biases `(A,)` of all answers, and their fidelity on molecules held out `(A,)`, and the strength that was best.

    Fidelity is the correlation of a head's score with its teacher's, right or wrong; NaN where the teacher always says the same.
    """

    weights: np.ndarray
    bias: np.ndarray
    fidelity: np.ndarray
    strength: np.ndarray


def copy_answers(features: csr_matrix, scores: np.ndarray, rows: Rows, strengths: tuple[float, ...]) -> Copy:
    """Return an additive head for each column of scores, by ridge regression; of each the strength that is most faithful.

    Args:
        features: Of all molecules `(M, D)`.
        scores: What is copied `(M, A)`.
        rows: Rows that are learnt, and rows that are held out; without the latter the middle strength is taken.
        strengths: Inverse strengths of the penalty.
    """
    held_out = rows[1]
    tried = strengths if len(held_out) else (strengths[len(strengths) // 2],)
    found = [_copy_with(features, scores, rows, strength) for strength in tried]
    best = np.argmax([np.nan_to_num(one.fidelity, nan=-1.0) for one in found], axis=0)
    return Copy(*(np.stack([getattr(found[place], name)[column] for column, place in enumerate(best)]) for name in Copy._fields))


def _copy_with(features: csr_matrix, scores: np.ndarray, rows: Rows, strength: float) -> Copy:
    learnt, held_out = rows
    weights, bias = ridge_together(features[learnt], scores[learnt], strength)
    said = features[held_out] @ weights.T + bias
    fidelity = np.array([correlation(said[:, column], scores[held_out, column]) for column in range(scores.shape[1])])
    return Copy(weights, bias, fidelity, np.full(scores.shape[1], strength))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the correlation of two columns; NaN where one is constant, or has fewer than two values."""
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def fidelity_table(annotations: Annotations, answered: np.ndarray, copy: Copy, spanned: np.ndarray) -> pd.DataFrame:
    """Return one row per head: how faithful it is, by which strength, and which share of its company's substructures is spanned."""
    rows = [
        (annotations.teachers[k], annotations.endpoints[t].name, copy.fidelity[column], copy.strength[column], spanned[k, t])
        for column, (k, t) in enumerate(np.argwhere(answered))
    ]
    return pd.DataFrame(rows, columns=FIDELITY_COLUMNS)
