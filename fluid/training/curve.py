"""Learning curves."""

from typing import NamedTuple

from torch import Tensor

SPLITS = ("train", "validation")


class CurvePoint(NamedTuple):
    """Mean loss of one epoch on one split (`train` or `validation`)."""

    epoch: int
    split: str
    loss: float


def curve_points(curve: Tensor) -> tuple[CurvePoint, ...]:
    """Return the recorded losses of a module's `curve`, `(epochs, 2)`, epoch by epoch."""
    rows = enumerate(curve.tolist())
    return tuple(CurvePoint(epoch, split, loss) for epoch, row in rows for split, loss in zip(SPLITS, row, strict=True) if loss == loss)
