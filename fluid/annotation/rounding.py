"""Released answers rounded: as many digits as carry knowledge, and no more."""

from collections.abc import Sequence

import numpy as np

from fluid.data.endpoints import Endpoint


def unit_of(endpoint: Endpoint, spread: float) -> float:
    """Return what the digits of an endpoint count from: 1 for a class; for a value, the power of ten at or below its spread."""
    if endpoint.kind == "classification" or not spread > 0:
        return 1.0
    return float(10.0 ** np.floor(np.log10(spread)))


def units_of(endpoints: Sequence[Endpoint], predictions: np.ndarray) -> np.ndarray:
    """Return the unit of each endpoint `(T,)`, from the spread of the answers `(M, T)` themselves, which everybody sees."""
    spread = predictions.astype(np.float64).std(axis=0) if len(predictions) else np.zeros(len(endpoints))
    return np.array([unit_of(endpoint, one) for endpoint, one in zip(endpoints, spread, strict=True)])


def round_predictions(predictions: np.ndarray, endpoints: Sequence[Endpoint], units: np.ndarray, digits: int) -> np.ndarray:
    """Return answers `(M, T)` float32 rounded to so many digits after the unit.

    A probability that would become 0 or 1 stays half a step from it: nobody is as certain as its log-odds would say.

    Args:
        predictions: Probabilities or values.
        endpoints: Of the columns.
        units: From `units_of`, `(T,)`.
        digits: Digits, 1 or more.
    """
    rounded = round_to(predictions, units, digits)
    half = 0.5 * 10.0**-digits
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    kept: np.ndarray = np.where(is_class, np.clip(rounded, half, 1 - half), rounded).astype(np.float32)
    return kept


def round_uncertainties(planes: np.ndarray, endpoints: Sequence[Endpoint], units: np.ndarray, digits: int) -> np.ndarray:
    """Return uncertainties `(M, T)` float32 rounded likewise: nats of classes, variances of values in squared units."""
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    return round_to(planes, np.where(is_class, 1.0, units**2), digits).astype(np.float32)


def round_to(planes: np.ndarray, units: np.ndarray, digits: int) -> np.ndarray:
    """Return columns `(M, T)` float64 rounded to so many digits after their units `(T,)`."""
    found: np.ndarray = np.round(planes.astype(np.float64) / units, digits) * units
    return found
