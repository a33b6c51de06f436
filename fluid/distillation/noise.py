"""Label noise: what a student says of the true class, translated into what noisy labels would say."""

import torch
from torch import Tensor
from torch.nn import functional as F

from fluid.distillation.checks import require_dimensions, require_range, require_shape

SMALLEST = 1e-12


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
        ValueError: The confusion is none.
    """
    require_dimensions("the prediction", logits, 2, "(molecules, endpoints)")
    check_confusion(confusion, logits.shape[1])
    return corrected(logits, confusion)


def corrected(logits: Tensor, confusion: Tensor) -> Tensor:
    """Return `forward_corrected` of arguments that were checked before."""
    log = torch.log(confusion.to(logits.dtype).clamp(min=SMALLEST))
    true_1, true_0 = F.logsigmoid(logits), F.logsigmoid(-logits)
    observed_1, observed_0 = (torch.logaddexp(log[:, 1, label] + true_1, log[:, 0, label] + true_0) for label in (1, 0))
    return observed_1 - observed_0
