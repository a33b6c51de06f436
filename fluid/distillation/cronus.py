"""Cronus: a robust mean over whole teachers, which finds teachers that are off together in many molecules."""

from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion, average, shares
from fluid.distillation.geometric import typical_difference
from fluid.distillation.robust import weighted_median
from fluid.distillation.slices import row_slices

CONTAMINATION = Number(0.2, high=0.49)
RATIO = Number(3.0, low=1.0)
CLIP = Number(10.0, above=True)


class Trust(NamedTuple):
    """What the filter found.

    Attributes:
        trust: Weight of each teacher in [0, 1], `(K,)`: 1 is never filtered, 0 is out.
        unit: Typical difference of each endpoint, `(T,)`.
    """

    trust: Tensor
    unit: Tensor


def bound_answers(values: Tensor, weights: Tensor, unit: Tensor, clip: float) -> tuple[Tensor, Tensor]:
    """Return the median `(M, T)`, and the answers' deviations from it in units `(K, M, T)`, clipped; 0 where missing."""
    centre = weighted_median(values, weights)
    deviation = ((values - centre) / unit).clamp(-clip, clip)
    return centre, torch.where(weights > 0, deviation, torch.zeros_like(deviation))


def products(values: Tensor, weights: Tensor, unit: Tensor, clip: float) -> tuple[Tensor, Tensor]:
    """Return the inner products `(K, K)` of the teachers' vectors of all molecules and endpoints, per answer, and the answers `(K,)`."""
    teachers = values.shape[0]
    gram, count = values.new_zeros(teachers, teachers), values.new_zeros(teachers)
    for rows in row_slices(values):
        deviation = bound_answers(values[:, rows], weights[:, rows], unit, clip)[1].flatten(1)
        gram = gram + deviation @ deviation.T
        count = count + (weights[:, rows] > 0).sum((1, 2))
    scale = count.clamp(min=1).rsqrt()
    return gram * scale * scale.unsqueeze(1), count


def filter_teachers(gram: Tensor, asked: Tensor, contamination: float, ratio: float) -> Tensor:
    """Filter teachers by the direction in which they differ most, until it does not stand out (Diakonikolas et al. 2017, arXiv:1703.00893).

    Each round takes the top eigenvector of the teachers' weighted covariance, in terms of their inner products, and multiplies every
    teacher's weight by `1 − τ / max τ`, where `τ` is its squared deviation along it. It stops when the top eigenvalue is at most
    `ratio` times the mean of the others, or when the share `contamination` of all weight is gone.

    Args:
        gram: Inner products of the teachers' vectors, `(K, K)`.
        asked: Which teachers answered at all, `(K,)`; the others weigh 0.
        contamination: Share of teachers that may be wrong.
        ratio: What stands out.

    Returns:
        Weights `(K,)` in [0, 1].
    """
    trust = asked.to(gram.dtype)
    fewest = (1 - contamination) * trust.sum()
    for _ in range(int(trust.sum())):
        eigenvalues, direction = _spectrum(gram, trust)
        others = eigenvalues[:-1][eigenvalues[:-1] > 1e-6 * eigenvalues[-1]]
        if len(others) == 0 or eigenvalues[-1] <= ratio * others.mean() or trust.sum() <= fewest:
            break
        far = torch.where(trust > 0, direction**2, torch.zeros_like(direction))
        trust = trust * (1 - far / far.max())
    return trust


def _spectrum(gram: Tensor, trust: Tensor) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues of the weighted covariance, ascending, and each teacher's deviation along the last one, up to a factor."""
    weight = trust / trust.sum()
    mean = gram @ weight
    centred = gram - mean - mean.unsqueeze(1) + weight @ mean
    root = weight.sqrt()
    eigenvalues, vectors = torch.linalg.eigh(root.unsqueeze(1) * centred * root)
    return eigenvalues.clamp(min=0), centred @ (root * vectors[:, -1])


@torch.no_grad()
def estimate_trust(
    values: Tensor,
    weights: Tensor,
    contamination: float = CONTAMINATION.default,
    ratio: float = RATIO.default,
    clip: float = CLIP.default,
) -> Trust:
    """Return how far each teacher is trusted; arguments as in `robust_mean`."""
    contamination, ratio = CONTAMINATION.check("contamination", contamination), RATIO.check("ratio", ratio)
    unit = typical_difference(values, weights)
    gram, count = products(values, weights, unit, CLIP.check("clip", clip))
    return Trust(filter_teachers(gram.double(), count > 0, contamination, ratio).to(values.dtype), unit)


def robust_mean(values: Tensor, weights: Tensor, found: Trust, clip: float = CLIP.default) -> Opinion:
    """Return the mean of the trusted teachers, with bounded answers (Cronus: Chang et al. 2019, arXiv:1912.11279, sec. 4).

    Cronus aggregates the teachers' vectors of predictions by a filtering estimate of their mean. Here a vector holds a teacher's
    deviations from the median of each molecule and endpoint, in typical differences and clipped at `clip` of them, where the filter
    of the original first prunes. Then `label = median + Σ_k w_k deviation_k`: no teacher moves a label by more than `w_k · clip` units.

    Limits: needs at least three teachers (of two, nobody knows who is wrong) and evaluates a teacher as a whole: one that is good in
    its own small domain and bad elsewhere is filtered. Depends on all molecules of the batch.

    Args:
        values: `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
        found: What `estimate_trust` found.
        clip: Largest deviation from the median, in typical differences; above 0.

    Raises:
        ValueError: An option is out of range.
    """
    centre, deviation = bound_answers(values, weights, found.unit, CLIP.check("clip", clip))
    moved = average(deviation, shares(weights * found.trust.reshape(-1, 1, 1), weights))
    return Opinion(centre + moved.label * found.unit, moved.share, moved.dispersion * found.unit**2)
