"""Labels that are bounds: the true value lies below (-1) or above (+1) what was written, or was measured (0)."""

from collections.abc import Sequence

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import InputError, ShapeError


def check_censored(censored: np.ndarray, labels: np.ndarray, endpoints: Sequence[Endpoint]) -> None:
    """Check which labels are censored.

    Raises:
        ShapeError: Not `(M, T)` int8 with -1, 0 and +1.
        InputError: A censored label is missing, or a class.
    """
    if censored.shape != labels.shape or censored.dtype != np.int8 or (np.abs(censored) > 1).any():
        raise ShapeError(f"censored has shape {censored.shape} and type {censored.dtype}", expected=f"{labels.shape} int8 with -1, 0 and 1")
    for column, endpoint in enumerate(endpoints):
        marked = censored[:, column] != 0
        if marked.any() and (endpoint.kind != "regression" or np.isnan(labels[marked, column]).any()):
            raise InputError(f"a censored label of endpoint {endpoint.name!r} is no value", expected="bounds of values only")


def find_bounds(censored: np.ndarray | None) -> np.ndarray | None:
    """Return which labels are censored, `None` if none is: labels without bounds are the same, however that is said."""
    return censored if censored is not None and censored.any() else None


def measured_only(labels: np.ndarray, censored: np.ndarray | None) -> np.ndarray:
    """Return labels with NaN in the place of bounds."""
    return labels if censored is None else np.where(censored == 0, labels, np.asarray(np.nan, labels.dtype))


def one_sided(errors: np.ndarray, censored: np.ndarray) -> np.ndarray:
    """Return errors (said − label) that are 0 where what was said is on the right side of a bound."""
    return np.where(censored * errors > 0, 0.0, errors)


def join_censored(tables: Sequence[tuple[np.ndarray, np.ndarray | None]]) -> np.ndarray | None:
    """Return which labels of several tables are censored, one table after the other; `None` if none is.

    Args:
        tables: Labels `(M, T)` of each, and which of them are censored.
    """
    if all(censored is None for _, censored in tables):
        return None
    return np.concatenate([np.zeros(labels.shape, np.int8) if censored is None else censored for labels, censored in tables])
