"""How the predictions of several models become one soft label in federated distillation: pure functions of tensors."""

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_shape

EPSILON = 1e-6


def mean_logits(predictions: Tensor, is_class: Tensor) -> Tensor:
    """Return `σ(1/K Σ_k logit p_k)` for probabilities and the mean for values: FedDF's ensemble.

    Args:
        predictions: Probabilities or values of `K` models, `(K, M, T)`; probabilities are clipped at 10⁻⁶.
        is_class: Which columns are probabilities, `(T,)` bool.

    Returns:
        `(M, T)`; the same for any order of the models up to rounding.

    Raises:
        ShapeError: Shapes disagree.

    References:
        Lin et al. 2020, Ensemble distillation for robust model fusion in federated learning, arXiv:2006.07242, eq. 2.
    """
    require_dimensions("predictions", predictions, 3, "(models, molecules, endpoints)")
    require_shape("is_class", is_class, (predictions.shape[2],))
    logits = torch.logit(predictions.double().clamp(0, 1), eps=EPSILON).mean(0)
    return torch.where(is_class, torch.sigmoid(logits), predictions.double().mean(0)).to(predictions.dtype)
