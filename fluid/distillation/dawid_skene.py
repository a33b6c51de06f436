"""Soft Dawid–Skene: who errs how often, and what is true, learnt from the teachers' agreement alone."""

from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import Number, require_dimensions, require_known, require_range, require_shape
from fluid.distillation.consensus import Opinion, shares

ITERATIONS = Number(100, whole=True)
TOLERANCE = Number(1e-6)
PSEUDOCOUNT = Number(1.0)
EVIDENCE = Number(1.0, high=1.0)


class DawidSkene(NamedTuple):
    """What EM found.

    Attributes:
        posterior: Probability of class 1, `(M, T)`; NaN where no teacher answered.
        confusion: `confusion[k, t, c, v]` is the probability that teacher `k` votes `v` where the truth is `c`; `(K, T, 2, 2)`.
        prior: Probability of class 1 before any vote, `(T,)`.
        iterations: EM steps that were made.
        alone: For which endpoints the mean of the votes was taken, since one teacher or no step was asked; `(T,)` bool.
    """

    posterior: Tensor
    confusion: Tensor
    prior: Tensor
    iterations: int
    alone: Tensor


class _Votes(NamedTuple):
    """Weights, and weights times probabilities, `(T, K, M)`."""

    weight: Tensor
    yes: Tensor


def dawid_skene(
    predictions: Tensor,
    weights: Tensor | None = None,
    *,
    iterations: float = ITERATIONS.default,
    tolerance: float = TOLERANCE.default,
    pseudocount: float = PSEUDOCOUNT.default,
    evidence: float = EVIDENCE.default,
) -> DawidSkene:
    """Estimate true classes, each teacher's confusion matrix and the class prior by EM on probabilities.

    A vote of probability `p` counts as `p` of a vote for class 1 and `1 − p` for class 0. Starting from the mean of the votes:

        M: confusion[k, c, v] ∝ pseudocount + Σ_m w q_m(c) vote_km(v),  prior = mean q
        E: logit q_m = logit prior + evidence · Σ_k w Σ_v vote_km(v) log(confusion[k, 1, v] / confusion[k, 0, v])

    (Dawid & Skene 1979, doi:10.2307/2346806, eqs. 2.3–2.5; with hard votes, no pseudocount and full evidence it is theirs.)
    Endpoints are separate. Where an endpoint has one teacher, no truth can be learnt: its answers are returned, with the identity
    as confusion. With two, the result leans on the start.

    Limits: a vote of ½ still counts as half a vote for each side, so where probabilities are good as they are a pool uses them better.
    Teachers are taken as independent given the truth. Teachers that share errors are overcounted and the posterior is too sure;
    `evidence` below 1 (down to `1 / K` for copies of one teacher) takes that back, and at 0 nothing but the prior is left.
    Depends on all molecules of the batch.

    Args:
        predictions: Probabilities `(K, M, T)`; NaN is missing.
        weights: Weight of each vote `(K, M, T)`, or `None` for 1.
        iterations: Most EM steps; 0 is the mean of the votes.
        tolerance: Stop when no confusion changes by more than this.
        pseudocount: Votes added to each cell of a confusion matrix.
        evidence: Power of the likelihood, in [0, 1].

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A probability is outside [0, 1], a weight is negative, infinite or NaN, or an option is out of range.
    """
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    require_range("predictions", predictions, 0.0, 1.0)
    answered = ~torch.isnan(predictions)
    if weights is not None:
        require_shape("weights", weights, tuple(predictions.shape))
        require_known("weights", weights)
    weights = answered.to(predictions.dtype) if weights is None else torch.where(answered, weights.to(predictions.dtype), 0.0)
    return expectation_maximisation(torch.nan_to_num(predictions, nan=0.0), weights, iterations, tolerance, pseudocount, evidence)


@torch.no_grad()
def expectation_maximisation(
    values: Tensor, weights: Tensor, iterations: float, tolerance: float, pseudocount: float, evidence: float
) -> DawidSkene:
    """Run `dawid_skene` on finite values `(K, M, T)` and weights that are 0 where missing."""
    steps, evidence = int(ITERATIONS.check("iterations", iterations)), EVIDENCE.check("evidence", evidence)
    tolerance, pseudocount = TOLERANCE.check("tolerance", tolerance), PSEUDOCOUNT.check("pseudocount", pseudocount)
    weight = weights.permute(2, 0, 1).contiguous()
    votes = _Votes(weight, weight * values.permute(2, 0, 1))
    total = votes.weight.sum(1)
    start = votes.yes.sum(1) / total.clamp(min=torch.finfo(values.dtype).tiny)  # (T, M)
    known = total > 0
    alone = ((votes.weight.sum(2) > 0).sum(1) <= 1) | (steps == 0)
    confusion, prior = maximise(votes, start, known, pseudocount)
    done, change = 0, torch.inf
    while done < steps and change > tolerance:
        before = confusion
        confusion, prior = maximise(votes, expect(votes, confusion, prior, evidence), known, pseudocount)
        done, change = done + 1, float((confusion - before).abs().max()) if confusion.numel() else 0.0
    truth = torch.where(alone.unsqueeze(1), start, expect(votes, confusion, prior, evidence))
    identity = torch.eye(2, dtype=values.dtype, device=values.device)
    confusion = torch.where(alone.reshape(-1, 1, 1, 1), identity, confusion)
    return DawidSkene(truth.masked_fill(~known, torch.nan).T, confusion.transpose(0, 1), prior, done, alone)


def maximise(votes: _Votes, truth: Tensor, known: Tensor, pseudocount: float) -> tuple[Tensor, Tensor]:
    """Return the confusion matrices `(T, K, 2, 2)` and the prior `(T,)` that fit the truth `(T, M)` best."""
    classes = torch.stack([1 - truth, truth], 2)  # (T, M, 2)
    yes, both = votes.yes @ classes, votes.weight @ classes  # (T, K, 2)
    counts = torch.stack([(both - yes).clamp(min=0), yes], 3) + pseudocount
    total = counts.sum(3, keepdim=True)
    confusion = torch.where(total > 0, counts / total.clamp(min=torch.finfo(counts.dtype).tiny), torch.full_like(counts, 0.5))
    n = known.sum(1)
    prior = (truth * known).sum(1) / n.clamp(min=1)
    return confusion, torch.where(n > 0, prior, torch.full_like(prior, 0.5))


def expect(votes: _Votes, confusion: Tensor, prior: Tensor, evidence: float) -> Tensor:
    """Return the posterior of class 1 `(T, M)`."""
    ratio = log_ratio(confusion)  # (T, K, 2)
    odds = (ratio[:, :, 1] - ratio[:, :, 0]).unsqueeze(1) @ votes.yes + ratio[:, :, 0].unsqueeze(1) @ votes.weight
    eps = torch.finfo(prior.dtype).eps
    return torch.sigmoid(evidence * odds.squeeze(1) + torch.logit(prior, eps=eps).unsqueeze(1))


def log_ratio(confusion: Tensor) -> Tensor:
    """Return `log(confusion[1, v] / confusion[0, v])` `(..., 2)` over votes; probabilities are floored at the rounding error."""
    logs = confusion.clamp(min=torch.finfo(confusion.dtype).eps).log()
    return logs[..., 1, :] - logs[..., 0, :]


def opinion_of(found: DawidSkene, values: Tensor, weights: Tensor, evidence: float = EVIDENCE.default) -> Opinion:
    """Return what the confusions make of votes, these or others; a teacher's share is by the log odds ratio of its confusion."""
    weight = weights.permute(2, 0, 1)
    posterior = expect(_Votes(weight, weight * values.permute(2, 0, 1)), found.confusion.transpose(0, 1), found.prior, evidence).T
    ratio = log_ratio(found.confusion)  # (K, T, 2)
    share = shares(weights * (ratio[..., 1] - ratio[..., 0]).abs().unsqueeze(1), weights)
    label = torch.where(found.alone, (share * values).sum(0), posterior)
    return Opinion(label, share, torch.zeros_like(label))
