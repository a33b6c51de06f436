"""Labels of molecules in the columns of a model: its endpoints, in its order."""

from collections.abc import Mapping, Sequence

import numpy as np

from fluid.data.censoring import find_bounds, measured_only
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError


def endpoints_of(parts: Mapping[str, Dataset]) -> tuple[Endpoint, ...]:
    """Return the endpoints of all companies.

    Raises:
        ConfigError: The companies' endpoints differ, in definition or order.
    """
    found = {part.endpoints for part in parts.values()}
    if len(found) != 1:
        raise ConfigError("companies have different endpoints", expected="the same in all, in the same order")
    return found.pop()


def labels_for(dataset: Dataset, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return the part's labels `(M, T)` in the model's column order; NaN where the part has no such endpoint."""
    return _columns_for(dataset, dataset.labels, endpoints, np.float32(np.nan))


def bounds_for(dataset: Dataset, endpoints: Sequence[Endpoint]) -> np.ndarray | None:
    """Return which of `labels_for` are bounds `(M, T)`, as in `MoleculeTable`; `None` if none is."""
    bounds = find_bounds(dataset.censored)
    return None if bounds is None else _columns_for(dataset, bounds, endpoints, np.int8(0))


def values_for(dataset: Dataset, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return `labels_for` without bounds."""
    return measured_only(labels_for(dataset, endpoints), bounds_for(dataset, endpoints))


def _columns_for(dataset: Dataset, plane: np.ndarray, endpoints: Sequence[Endpoint], absent: np.generic) -> np.ndarray:
    columns = {endpoint.name: i for i, endpoint in enumerate(dataset.endpoints)}
    nothing = np.full(len(dataset), absent)
    return np.stack([plane[:, columns[e.name]] if e.name in columns else nothing for e in endpoints], axis=1)
