"""Answers of one head per teacher, combined by domain scores as the consensus combines the teachers themselves."""

from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_range, require_shape
from fluid.distillation.consensus import average, binary_entropy, normalised_weights
from fluid.distillation.weights import similarity_weights


class Gated(NamedTuple):
    """The combined answers, `(M, T)` each; NaN where there is no answer.

    Attributes:
        mean: Probability or value.
        epistemic: Classes: `H(mean)` less the aleatoric part, in nats. Values: the mean variance and what the heads disagree about.
        aleatoric: The mean of the heads' aleatoric parts.
    """

    mean: Tensor
    epistemic: Tensor
    aleatoric: Tensor


def gate_shares(answers: Tensor, domain: Tensor, power: float) -> Tensor:
    """Return the share of each head in the answer, `s_k ** power / Σ s_j ** power` over the heads that answer.

    Args:
        answers: Probabilities or values `(K, M, T)`; NaN where there is no head.
        domain: Domain scores `(K, M)` in [0, 1].
        power: 0 is the plain mean; the larger, the more the head of the nearest teacher alone.

    Returns:
        `(K, M, T)`; equal shares where all scores are 0, and 0 where no head answers.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A domain score is outside [0, 1], or the power is negative or not finite.
    """
    require_dimensions("answers", answers, 3, "(teachers, molecules, endpoints)")
    return normalised_weights(similarity_weights(answers, domain, power), answers)


def combine_heads(answers: Tensor, epistemic: Tensor, aleatoric: Tensor, domain: Tensor, is_class: Tensor, power: float) -> Gated:
    """Combine heads with the shares of `gate_shares`; the mean is that of the consensus `similarity` with this power.

    Uncertainty is that of the mixture: `H(mean) − Σ w a` for probabilities, the law of total variance for values.

    Args:
        answers: Probabilities or values `(K, M, T)`; NaN where there is no head.
        epistemic: `(K, M, T)`, 0 or more, where there is a head.
        aleatoric: As `epistemic`.
        domain: Domain scores `(K, M)` in [0, 1].
        is_class: Which columns are probabilities, `(T,)` bool.
        power: Sharpness, see `gate_shares`.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A value is out of range.
    """
    share = gate_shares(answers, domain, power)
    require_shape("is_class", is_class, (answers.shape[2],))
    for name, plane in (("epistemic", epistemic), ("aleatoric", aleatoric)):
        require_shape(name, plane, tuple(answers.shape))
        require_range(name, plane, 0.0, float("inf"))
    own, noise = ((share * torch.nan_to_num(plane, nan=0.0)).sum(0) for plane in (epistemic, aleatoric))
    opinion = average(torch.nan_to_num(answers, nan=0.0), share)
    apart = (binary_entropy(opinion.label.clamp(0, 1)) - noise).clamp(min=0)
    known = (share > 0).any(0)
    planes = (opinion.label, torch.where(is_class, apart, own + opinion.dispersion), noise)
    return Gated(*(torch.where(known, plane, torch.full_like(plane, torch.nan)) for plane in planes))
