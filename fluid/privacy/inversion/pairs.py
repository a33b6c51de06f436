"""Three companies: the label and the disagreement together tell both of the others' answers, but not which is whose."""

from typing import NamedTuple

import numpy as np

from fluid.privacy.inversion.answers import Range

CLEAR = 0.5
"""Share of molecules, those on which teachers disagree most, from which the scale of the disagreement is told."""


class Parabola(NamedTuple):
    """The variance of three answers as a function of one of them, `a x² + b x + c`, `(M,)` each, and where it can lie."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def least(self) -> np.ndarray:
        """Return the smallest variance that can be `(M,)`."""
        at = np.clip(-self.b / (2 * self.a), self.low, self.high)
        found: np.ndarray = self.a * at**2 + self.b * at + self.c
        return found

    def roots(self, variance: np.ndarray) -> np.ndarray:
        """Return both answers at which the variance is as given, `(M, 2)`; where there is none, that of the least variance."""
        inside = np.maximum(self.b**2 - 4 * self.a * (self.c - variance), 0.0)
        apart, middle = np.sqrt(inside) / (2 * self.a), -self.b / (2 * self.a)
        return np.stack([middle - apart, middle + apart], axis=1)


def second(label: np.ndarray, own: np.ndarray, shares: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the answer that goes with the first of the others `(M,)` under shares `(M, 3)` of the partner and both others."""
    found: np.ndarray = (label - shares[:, 0] * own - shares[:, 1] * first) / shares[:, 2]
    return found


def parabola(label: np.ndarray, own: np.ndarray, shares: np.ndarray, span: Range) -> Parabola:
    """Return the variance of the three answers as a function of the first of the others."""

    def variance(first: float) -> np.ndarray:
        one = np.full(len(label), first)
        found: np.ndarray = np.var(np.stack([own, one, second(label, own, shares, one)]), axis=0)
        return found

    at_0, at_half, at_1 = variance(0.0), variance(0.5), variance(1.0)
    a = 2 * (at_1 + at_0 - 2 * at_half)
    left = label - shares[:, 0] * own
    low = np.maximum(span.low, (left - shares[:, 2] * span.high) / shares[:, 1])
    high = np.minimum(span.high, (left - shares[:, 2] * span.low) / shares[:, 1])
    return Parabola(a, at_1 - at_0 - a, at_0, low, np.maximum(low, high))


def scale_of(curve: Parabola, disagreement: np.ndarray) -> float:
    """Return the mean variance in units of which the disagreement is told: no molecule's variance is below the least that can be.

    Among many molecules there is one of which the others nearly agree: there the bound is sharp.
    """
    clear = disagreement >= max(float(np.quantile(disagreement, CLEAR)), np.finfo(np.float32).tiny)
    return float((curve.least()[clear] / disagreement[clear]).max(initial=0.0))


def both_answers(label: np.ndarray, own: np.ndarray, shares: np.ndarray, disagreement: np.ndarray, span: Range) -> np.ndarray:
    """Return the answers of both others, the smaller first, `(M, 2, 2)`: two solutions; NaN where one is out of range.

    Args:
        label: Soft labels `(M,)`.
        own: The partner's answers `(M,)`.
        shares: Of the partner and both others `(M, 3)`.
        disagreement: Variance in units of its mean `(M,)`.
        span: The range of answers.
    """
    curve = parabola(label, own, shares, span)
    first = curve.roots(scale_of(curve, disagreement) * disagreement)
    pairs = np.stack([np.stack([one, second(label, own, shares, one)], axis=1) for one in first.T], axis=1)
    slack = 1e-3 * (span.high - span.low)
    fits = ((pairs >= span.low - slack) & (pairs <= span.high + slack)).all(axis=2, keepdims=True)
    found: np.ndarray = np.where(fits, np.sort(np.clip(pairs, *span), axis=2), np.nan)
    return found


def settled(pairs: np.ndarray, tolerance: float) -> np.ndarray:
    """Return the pair of each molecule `(M, 2)` where both solutions agree or only one fits; NaN elsewhere."""
    known = np.isfinite(pairs[:, :, 0])
    one = np.where(known[:, :1], pairs[:, 0], pairs[:, 1])
    apart = np.abs(pairs[:, 0] - pairs[:, 1]).max(axis=1)
    clear = known.any(axis=1) & np.logical_or(~known.all(axis=1), apart <= tolerance)
    found: np.ndarray = np.where(np.expand_dims(clear, 1), one, np.nan)
    return found
