"""Label noise: what a student says of the true class, translated into what noisy labels would say."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from fluid.distillation.checks import require_dimensions, require_range, require_shape

SMALLEST = 1e-12


class LabelNoise(NamedTuple):
    """How labels of a consensus confuse the truth, `P(label j | true i)` per endpoint, `(T, 2, 2)` each; NaN for values.

    Attributes:
        soft: Of soft labels.
        hard: Of the likelier class.
    """

    soft: Tensor
    hard: Tensor


def check_confusion(confusion: Tensor, n_endpoints: int) -> None:
    """Refuse what is no confusion of `n_endpoints` binary endpoints.

    Raises:
        ShapeError: The shape is not `(T, 2, 2)`.
        ValueError: An entry is outside [0, 1] or missing, or a row does not sum to 1.
    """
    require_shape("confusion", confusion, (n_endpoints, 2, 2))
    if torch.compiler.is_compiling():
        return
    require_range("confusion", confusion, 0.0, 1.0)
    sums = confusion.sum(2)
    if not bool(torch.all((sums - 1).abs() < 1e-4)):
        raise ValueError("confusion has rows that do not sum to 1; expected P(observed | true) with one row per true class.")


def forward_corrected(logits: Tensor, confusion: Tensor) -> Tensor:
    """Return the log-odds of the *observed* label, given those of the true class: the forward correction.

    `P(observed 1) = C₁₁ p + C₀₁ (1 − p)` (Patrini et al. 2017, arXiv:1609.03683, eq. 4), in log space. Any loss on the result is
    minimised by the true class's probabilities, if labels are confused in this way. The confusion of Dawid–Skene (1979,
    doi:10.2307/2346806) has this form. With the identity nothing changes; with equal rows labels say nothing, and nothing is learnt.

    Args:
        logits: Log-odds of the true class, `(B, T)`.
        confusion: `P(observed j | true i)` at `[t, i, j]`, `(T, 2, 2)`.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: The confusion's rows are not probabilities that add to 1.
    """
    require_dimensions("the prediction", logits, 2, "(molecules, endpoints)")
    check_confusion(confusion, logits.shape[1])
    return corrected(logits, confusion)


def expected_confusion(posterior: Tensor, label: Tensor) -> Tensor:
    """Return `P(label j | true i)` of labels of a latent truth, `C_ij = Σ_m q_m(i) y_m(j) / Σ_m q_m(i)`, `(T, 2, 2)` float64.

    `q_m(i) = P(z_m = i | votes)` is the posterior of the truth, `y_m(1)` the label that is taught: the posterior itself, or the class
    made of it. By Bayes' rule `P(votes | i) = q(i) P(votes) / P(i)`, so that the mean of `y` over molecules, weighted by `q(i)`, is its
    expectation under the votes of true class `i`: `Σ_v P(v | i) y_v(j)`, what summing over all votes `v` by the teachers' confusions gives.

    A student of posteriors learns `E[q | x] = Σ_i P(i | x) C_i1`, flatter than the truth where votes are noisy; through the correction
    by `C` it learns `P(1 | x)`. With certain posteriors `C` is the identity, with posteriors that never leave the prior its rows are equal.

    Limits: that holds as far as votes depend on the molecule through its class alone, and the posterior is calibrated. Errors that follow
    from the structure are part of what `q` says of `x`, and the correction then sharpens too much; teachers that share errors make
    the posterior too sure, and `C` too close to the identity.

    Args:
        posterior: Probability of class 1, `(M, T)`; NaN is missing.
        label: Labels made of it, `(M, T)`, in [0, 1].

    Returns:
        One confusion per endpoint; the identity's row for a class that no molecule has.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A value is outside [0, 1].
    """
    require_dimensions("posterior", posterior, 2, "(molecules, endpoints)")
    require_shape("label", label, tuple(posterior.shape))
    for name, plane in (("posterior", posterior), ("label", label)):
        require_range(name, plane, 0.0, 1.0)
    known = ~(torch.isnan(posterior) | torch.isnan(label))
    q, y = (torch.where(known, plane.double(), 0.0) for plane in (posterior, label))
    truth = torch.stack([known.double() - q, q], 1)  # (M, 2, T)
    active, mass = (truth * y.unsqueeze(1)).sum(0).T, truth.sum(0).T  # (T, 2)
    share = torch.where(mass > 0, active / mass.clamp(min=SMALLEST), torch.tensor([0.0, 1.0]).double().to(q.device)).clamp(0, 1)
    return torch.stack([1 - share, share], 2)


def corrected(logits: Tensor, confusion: Tensor) -> Tensor:
    """Return `forward_corrected` of arguments that were checked before."""
    log = torch.log(confusion.to(logits.dtype).clamp(min=SMALLEST))
    true_1, true_0 = F.logsigmoid(logits), F.logsigmoid(-logits)
    observed_1, observed_0 = (torch.logaddexp(log[:, 1, label] + true_1, log[:, 0, label] + true_0) for label in (1, 0))
    return observed_1 - observed_0
