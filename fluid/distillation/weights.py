"""Teacher weights: what makes one weighted mean differ from another. All return `(K, M, T)`, not normalised."""

import torch
from torch import Tensor

from fluid.distillation.checks import Number, require_range, require_shape
from fluid.distillation.consensus import LOG2

POWER = Number(2.0)
SHARPNESS = Number(2.0)
FLOOR = Number(0.01, above=True)
ALEATORIC_SHARE = Number(0.1)
EPISTEMIC = Number(2.0)
ALEATORIC = Number(1.0)
TINY_VARIANCE = 1e-6


def mean_weights(predictions: Tensor) -> Tensor:
    """Return equal weights: the plain mean (FedMD's consensus, Li & Wang 2019, arXiv:1910.03581)."""
    return torch.ones_like(predictions)


def similarity_weights(predictions: Tensor, similarity: Tensor, power: float = POWER.default) -> Tensor:
    """Return `similarity ** power`: a teacher weighs by how close the molecule lies to its private data.

    Hanser et al. 2025 (doi:10.1038/s42256-025-00991-2, Methods) use power 2; higher powers approach the nearest teacher alone.
    Similarities from coarse bins leave few distinct weights: with three edges, power 6 gives the best bin 20 to 16,000 times the others.

    Args:
        predictions: `(K, M, T)`.
        similarity: Representative similarity of each teacher's domain bin, `(K, M)` in [0, 1].
        power: 0 is the plain mean.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A similarity is outside [0, 1], or the power is negative or not finite.
    """
    require_shape("similarity", similarity, tuple(predictions.shape[:2]))
    require_range("similarity", similarity, 0.0, 1.0)
    return (similarity.to(predictions.dtype) ** POWER.check("power", power)).unsqueeze(2).expand_as(predictions)


def _require_uncertainty(predictions: Tensor, epistemic: Tensor, aleatoric: Tensor) -> None:
    for name, plane in (("epistemic", epistemic), ("aleatoric", aleatoric)):
        require_shape(name, plane, tuple(predictions.shape))
        require_range(name, plane, 0.0, float("inf"))


def uncertainty_weights(
    predictions: Tensor, epistemic: Tensor, aleatoric: Tensor, is_class: Tensor, sharpness: float = SHARPNESS.default
) -> Tensor:
    """Return weights that fall with a teacher's total uncertainty.

    Probabilities: `(1 − H / log 2) ** sharpness`, where `H` is the total entropy (epistemic + aleatoric) in nats. Values: inverse of the
    total variance, which is the best linear combination when teachers are unbiased (Kendall & Gal 2017, arXiv:1703.04977).

    Args:
        predictions: `(K, M, T)`.
        epistemic: `(K, M, T)`, 0 or more.
        aleatoric: `(K, M, T)`, 0 or more.
        is_class: Which columns are probabilities, `(T,)` bool.
        sharpness: Exponent for probabilities; 0 is the plain mean.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: An uncertainty is negative, or the sharpness is negative or not finite.
    """
    _require_uncertainty(predictions, epistemic, aleatoric)
    total = epistemic + aleatoric
    sure = (1 - total / LOG2).clamp(min=0) ** SHARPNESS.check("sharpness", sharpness)
    return torch.where(is_class, sure, 1 / total.clamp(min=TINY_VARIANCE))


def inverse_variance_weights(
    predictions: Tensor,
    epistemic: Tensor,
    aleatoric: Tensor,
    floor: float = FLOOR.default,
    aleatoric_share: float = ALEATORIC_SHARE.default,
) -> Tensor:
    """Return `1 / (floor + epistemic + aleatoric_share · aleatoric)`.

    A soft label estimates the mean, and only the epistemic part is an error of that: the aleatoric part, the noise of the assay,
    is the same whichever teacher is asked (Hüllermeier & Waegeman 2021, doi:10.1007/s10994-021-05946-3). It keeps a small share, so that
    teachers without an epistemic part can be told apart. For values these are variances (Cochran 1937, doi:10.2307/2984123). For
    probabilities the epistemic part is a mutual information in nats, to second order `Var(p) / (2 p (1 − p))`: the variance in
    units of the Bernoulli's own, so that the weight does not lean towards the extremes.

    Limits: a teacher that underestimates its variance takes over, up to `1 / floor`; the floor is in squared units of the endpoint.
    With `aleatoric_share = 1` and values it is the weight of `uncertainty_weights`, but for the floor.

    Args:
        predictions: `(K, M, T)`.
        epistemic: `(K, M, T)`, 0 or more.
        aleatoric: `(K, M, T)`, 0 or more.
        floor: Added to every variance; above 0.
        aleatoric_share: Share of the aleatoric part that counts.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: An uncertainty is negative, or an option is out of range.
    """
    _require_uncertainty(predictions, epistemic, aleatoric)
    share = ALEATORIC_SHARE.check("aleatoric_share", aleatoric_share)
    return 1 / (FLOOR.check("floor", floor) + epistemic + (aleatoric * share if share else 0.0))


def entropy_weights(
    predictions: Tensor,
    epistemic: Tensor,
    aleatoric: Tensor,
    is_class: Tensor,
    epistemic_power: float = EPISTEMIC.default,
    aleatoric_power: float = ALEATORIC.default,
) -> Tensor:
    """Return `exp(−a h(epistemic) − b h(aleatoric))`: weights that fall with entropy, each part at its own rate.

    For probabilities `h` is the part itself in bits, divided by log 2, which adds up to the predictive entropy (Depeweg et al. 2018,
    arXiv:1710.07283). For values `h` is the entropy of a Gaussian up to a constant, `½ log variance`, so the weight is
    `epistemic ** (−a/2) · aleatoric ** (−b/2)`. A high `a` asks who knows this molecule; a high `b` asks who is decided.

    Limits: the aleatoric part prefers decided teachers, right or wrong. Variances are floored at 10⁻⁶.

    Args:
        predictions: `(K, M, T)`.
        epistemic: `(K, M, T)`, 0 or more.
        aleatoric: `(K, M, T)`, 0 or more.
        is_class: Which columns are probabilities, `(T,)` bool.
        epistemic_power: Rate `a`; 0 ignores the epistemic part.
        aleatoric_power: Rate `b`; 0 ignores the aleatoric part.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: An uncertainty is negative, or a rate is negative or not finite.
    """
    _require_uncertainty(predictions, epistemic, aleatoric)
    rates = (EPISTEMIC.check("epistemic_power", epistemic_power), ALEATORIC.check("aleatoric_power", aleatoric_power))
    cost = torch.zeros_like(predictions)
    for rate, part in zip(rates, (epistemic, aleatoric), strict=True):
        if rate:
            cost = cost + rate * torch.where(is_class, part / LOG2, 0.5 * torch.log(part.clamp(min=TINY_VARIANCE)))
    return torch.exp(-cost)
