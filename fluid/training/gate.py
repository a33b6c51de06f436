"""Choose how two models share their answers, on molecules that neither learnt from."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fluid.data.censoring import one_sided
from fluid.data.endpoints import Endpoint
from fluid.errors import QuorumError
from fluid.models.blend import Blend, Gate
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
RAMPS = ((-1.0, -0.5), (0.2, 0.4), (0.3, 0.5), (0.3, 0.7), (0.4, 0.6), (0.5, 0.7), (0.6, 0.8))
"""From no to the largest share; the first is below every similarity: the same share everywhere."""
EPSILON = 1e-6


def prediction_loss(endpoints: Sequence[Endpoint], mean: np.ndarray, target: np.ndarray, censored: np.ndarray | None = None) -> float:
    """Return the mean loss over endpoints: cross-entropy in nats, or squared error in units of the targets' variance.

    An answer on the right side of a bound has no error; for the variance, bounds count as they stand.

    Args:
        endpoints: The `T` endpoints.
        mean: Probabilities or values `(M, T)`.
        target: Hard or soft labels or values `(M, T)`; NaN is missing. An endpoint without any does not count.
        censored: Which targets are bounds `(M, T)`, as in `MoleculeTable`; `None`: none is.

    Returns:
        The loss; NaN if there is no target.
    """
    losses = []
    for column, endpoint in enumerate(endpoints):
        known = np.isfinite(target[:, column])
        said, wanted = mean[known, column].astype(np.float64), target[known, column].astype(np.float64)
        if not len(wanted):
            continue
        if endpoint.kind == "classification":
            said = np.clip(said, EPSILON, 1 - EPSILON)
            losses.append(-np.mean(wanted * np.log(said) + (1 - wanted) * np.log1p(-said)))
        else:
            errors = said - wanted if censored is None else one_sided(said - wanted, censored[known, column])
            losses.append(np.mean(errors**2) / max(float(wanted.var()), EPSILON))
    return float(np.mean(losses)) if losses else float("nan")


def choose_blend(
    local: Predictor,
    general: Predictor,
    bits: np.ndarray,
    molecules: MoleculeSet,
    target: np.ndarray,
    censored: np.ndarray | None = None,
) -> Blend:
    """Return the blend of two models with the gate that has the lowest loss on molecules that neither learnt from.

    Of equal gates the one with the smallest share of the local model is taken.

    Args:
        local: The local model.
        general: The general one.
        bits: Packed fingerprints of what the local model knows.
        molecules: `M` molecules.
        target: What they should be `(M, T)`, by the general model's endpoints; NaN is missing.
        censored: Which of it are bounds `(M, T)`, as in `MoleculeTable`; `None`: none is.

    Raises:
        QuorumError: There is no target.
    """
    if not np.isfinite(target).any():
        raise QuorumError("there is nothing to choose a gate on", expected="held-out molecules", remedy="Raise validation_share.")
    blend = Blend(local, general, bits, Gate(*RAMPS[0], 0.0))
    answers, support = blend.answers(molecules), blend.support(molecules)
    gates = [Gate(low, high, most) for most in SHARES for low, high in RAMPS]
    losses = [prediction_loss(blend.endpoints, blend.mixed(answers, gate.share(support)).mean, target, censored) for gate in gates]
    return replace(blend, gate=gates[int(np.argmin(losses))])
