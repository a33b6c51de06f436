"""One location and scale of regression labels for all companies, from the figures that each has of its own."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from fluid.federation.baselines.wire import Wire


def own_figures(labels: np.ndarray, location: np.ndarray, scale: np.ndarray) -> dict[str, Tensor]:
    """Return what a company tells of its labels `(M, T)`: how many are known, their mean and spread, `(T,)` float64 each."""
    figures = {"known": np.isfinite(labels).sum(axis=0), "location": location, "scale": scale}
    return {name: torch.from_numpy(np.asarray(values, dtype=np.float64)) for name, values in figures.items()}


def common_scale(figures: Mapping[str, Mapping[str, Tensor]]) -> tuple[np.ndarray, np.ndarray]:
    """Return location and scale `(T,)` float32 of all companies' labels together, by the law of total variance.

    One company gets its own back, bit by bit. An endpoint without labels has location 0 and scale 1.
    """
    known, location, scale = (np.stack([one[name].numpy() for one in figures.values()]) for name in ("known", "location", "scale"))
    total = known.sum(axis=0)
    share = np.where(total > 0, known / np.maximum(total, 1), 0)
    centre = (share * location).sum(axis=0)
    spread = np.sqrt((share * (scale**2 + (location - centre) ** 2)).sum(axis=0))
    return centre.astype(np.float32), np.where(total > 0, spread, 1).astype(np.float32)


def agree_on_scale(figures: Mapping[str, Mapping[str, Tensor]], regression: bool, wire: Wire) -> tuple[np.ndarray, np.ndarray]:
    """Return the common scale; the companies' figures travel only if there is an endpoint of values."""
    if not regression:
        return common_scale(figures)
    location, scale = common_scale({company: wire.up(company, own) for company, own in figures.items()})
    for company in figures:
        wire.down(company, {"location": torch.from_numpy(location), "scale": torch.from_numpy(scale)})
    return location, scale
