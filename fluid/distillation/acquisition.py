"""What the annotations say about a transfer molecule besides its soft label: released quantities to choose and weigh molecules by.

Nothing here needs more than the teachers released: their predictions, their uncertainties and their coarse domain bins.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_range, require_shape

ACQUISITION = ("coverage", "uncertainty", "disagreement")


def acquisition_scores(predictions: Tensor, epistemic: Tensor, aleatoric: Tensor, domain_bin: Tensor, n_bins: int) -> dict[str, Tensor]:
    """Return acquisition on each transfer molecule.

    - `coverage` `(M,)`: the highest bin of any teacher's coarse domain score, as a share in (0, 1].
    - `uncertainty` `(M, T)`: the teachers' mean total uncertainty, in units of its mean over molecules.
    - `disagreement` `(M, T)`: the variance of the teachers' predictions, in the same kind of units.

    Args:
        predictions: `(K, M, T)`; NaN is missing.
        epistemic: `(K, M, T)`, 0 or more.
        aleatoric: `(K, M, T)`, 0 or more.
        domain_bin: `(K, M)` whole numbers from 0 (far) to `n_bins − 1`.
        n_bins: Number of bins.

    Returns:
        Tensors by name; NaN where no teacher answered, and for `disagreement` where fewer than two did.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: An uncertainty is negative, or a bin out of range.
    """
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    for name, plane in (("epistemic", epistemic), ("aleatoric", aleatoric)):
        require_shape(name, plane, tuple(predictions.shape))
        require_range(name, plane, 0.0, float("inf"))
    require_shape("domain_bin", domain_bin, tuple(predictions.shape[:2]))
    require_range("domain_bin", domain_bin, 0, n_bins - 1)
    total = torch.where(torch.isnan(predictions), torch.nan, epistemic + aleatoric)
    centre = torch.nanmean(predictions, dim=0, keepdim=True)
    rounding = (8 * torch.finfo(predictions.dtype).eps * centre[0].abs()) ** 2  # of equal predictions: no disagreement
    spread = torch.nanmean((predictions - centre) ** 2, dim=0)
    spread = spread.masked_fill(spread <= rounding, 0.0)
    several = (~torch.isnan(predictions)).sum(0) > 1
    return {
        "coverage": (domain_bin.amax(0) + 1).to(predictions.dtype) / n_bins,
        "uncertainty": _divide_by_mean(torch.nanmean(total, dim=0)),
        "disagreement": _divide_by_mean(torch.where(several, spread, torch.nan)),
    }


def _divide_by_mean(plane: Tensor) -> Tensor:
    """Divide each endpoint by its mean over molecules, so that endpoints of all units count alike."""
    mean = torch.nanmean(plane, dim=0, keepdim=True)
    return plane / torch.where(mean > 0, mean, torch.ones_like(mean))


def row_score(acquisition: Mapping[str, Tensor], name: str) -> Tensor:
    """Return a score as one number per molecule `(M,)`: its mean over known endpoints; NaN where none is known."""
    plane = acquisition[name]
    return plane if plane.ndim == 1 else torch.nanmean(plane, dim=1)
