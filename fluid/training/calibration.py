"""Temperature calibration of classification logits on held-out labels."""

import numpy as np

MIN_LABELS = 10
LOG_RANGE = (-1.5, 1.5)


def nll(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Return the mean negative log-likelihood in nats of 0/1 labels under `sigmoid(logits / temperature)`."""
    scaled = logits / temperature
    return float(np.mean(np.logaddexp(0.0, scaled) - labels * scaled))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature that minimises the validation likelihood (Guo et al. 2017, arXiv:1706.04599, sec. 4.2).

    With fewer than 10 labels or one class only, nothing can be learnt and the temperature is 1.

    Args:
        logits: `(M,)` logits.
        labels: `(M,)` labels 0/1; NaN is missing.
    """
    known = np.isfinite(labels)
    logits, labels = logits[known].astype(np.float64), labels[known].astype(np.float64)
    if len(labels) < MIN_LABELS or labels.min() == labels.max():
        return 1.0
    from scipy.optimize import minimize_scalar  # a pass over a library should not wait for it

    found = minimize_scalar(lambda log_t: nll(logits, labels, float(np.exp(log_t))), bounds=LOG_RANGE, method="bounded")
    return float(np.exp(found.x))
