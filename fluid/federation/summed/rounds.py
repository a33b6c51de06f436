"""What the coordinator does in rounds of summed gradients: it asks, adds up what is masked, and steps; no company's numbers are seen."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from fluid.privacy.secure_sum import Roster, opened
from fluid.training.summed.curvature import Curvature
from fluid.training.summed.descent import descend
from fluid.training.summed.spec import SummedSpec


class Asked(Protocol):
    """A company as the coordinator sees it."""

    def count(self, roster: Roster) -> np.ndarray:
        """Return its masked numbers of molecules."""

    def gradient(self, number: int, weights: np.ndarray, roster: Roster) -> np.ndarray:
        """Return its masked gradient."""


class Opened(NamedTuple):
    """All that is opened: whatever is known of companies follows from it.

    Attributes:
        counts: Noisy numbers of molecules of all companies together `(T,)`.
        sums: Noisy gradients of all companies together, by round `(R, T, D)`.
    """

    counts: np.ndarray
    sums: np.ndarray


def carry_out(
    companies: Mapping[str, Asked],
    roster: Roster,
    curvature: Curvature,
    spec: SummedSpec,
    deviation: float = 0.0,
    report: Callable[[float], None] = lambda _: None,
) -> tuple[np.ndarray, Opened]:
    """Return the weights of rows `(T, D)` at which the rounds end, and all that was opened on the way.

    Args:
        companies: All of the roster, by name.
        roster: Who adds up.
        curvature: Of public rows.
        spec: Settings.
        deviation: Standard deviation of the noise in a round, of all companies together.
        report: Called with the share of work done.

    Raises:
        ArtifactError: Masks do not cancel.
        ConfigError: A company refuses: it was asked before, or a number is too large.
    """
    counts = opened({name: one.count(roster) for name, one in companies.items()}, roster)
    sums = list[np.ndarray]()

    def ask(number: int, weights: np.ndarray) -> np.ndarray:
        parts = {name: one.gradient(number, weights, roster) for name, one in companies.items()}
        sums.append(opened(parts, roster).reshape(weights.shape))
        report(number / spec.rounds)
        return sums[-1]

    weights = descend(ask, curvature, np.maximum(counts, 1.0), spec, deviation)
    return weights, Opened(counts, np.array(sums))
