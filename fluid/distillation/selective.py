"""Which votes count: teachers that are unsure, or asked out of their domain, are left out."""

import torch
from torch import Tensor

from fluid.distillation.checks import Number
from fluid.distillation.consensus import LOG2
from fluid.distillation.robust import weighted_median
from fluid.distillation.votes import Votes

MIN_SIMILARITY = Number(0.0, high=1.0)
MAX_ENTROPY = Number(1.0, high=1.0)
MAX_VARIANCE_RATIO = Number(0.0)


def votes_in_domain(votes: Votes, min_similarity: float) -> Tensor:
    """Return which votes come from teachers whose domain score is at least `min_similarity`, `(K, M, 1)` bool."""
    if votes.similarity is None:
        return torch.ones_like(votes.weights[:, :, :1], dtype=torch.bool)
    return (votes.similarity >= min_similarity).unsqueeze(2)


def sure_votes(votes: Votes, max_entropy: float, max_variance_ratio: float) -> Tensor:
    """Return which votes are sure enough, `(K, M, T)` bool.

    A probability is, if its total entropy is at most `max_entropy · log 2`; a value, if its total variance is at most
    `max_variance_ratio` times the median of the teachers asked about the same molecule, or the ratio is 0.
    """
    if votes.epistemic is None or votes.aleatoric is None:
        return votes.weights > 0
    total = torch.where(votes.weights > 0, votes.epistemic + votes.aleatoric, torch.zeros_like(votes.values))
    decided = total <= max_entropy * LOG2 if max_entropy < 1 else torch.ones_like(total, dtype=torch.bool)
    if not votes.values_in or not max_variance_ratio:
        return decided | ~votes.is_class
    total = total.clamp(max=torch.finfo(total.dtype).max)
    usual = weighted_median(total, votes.weights)
    return torch.where(votes.is_class, decided, total <= max_variance_ratio * usual)


def select_votes(votes: Votes, min_similarity: float, max_entropy: float, max_variance_ratio: float) -> Tensor:
    """Return the weights `(K, M, T)` of votes that are sure and in domain; where none is, all votes keep theirs.

    Selective knowledge sharing in federated distillation (Shao et al. 2024, Selective-FD, doi:10.1038/s41467-023-44383-9,
    arXiv:2304.01731) drops out-of-domain and ambiguous predictions on either side; here teachers answer everything, since a
    blank would reveal what they know, and the coordinator drops by what they release.

    Limits: with coarse bins the domain test has as many settings as there are edges. Teachers that are wrongly certain stay.
    """
    keep = votes_in_domain(votes, min_similarity) & sure_votes(votes, max_entropy, max_variance_ratio)
    weights = torch.where(keep, votes.weights, torch.zeros_like(votes.weights))
    return torch.where(weights.sum(0, keepdim=True) > 0, weights, votes.weights)
