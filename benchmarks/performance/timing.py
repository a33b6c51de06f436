"""From raw times to rows: medians, ratios with their range, and how cost grows. Pure functions."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

Row = dict[str, Any]


def rates(count: float, seconds: Sequence[float]) -> list[float]:
    """Return things per second of each repeat."""
    return [count / value for value in seconds]


def ratio_range(ours: Sequence[float], peer: Sequence[float]) -> tuple[float, float]:
    """Return the lowest and highest ratio: of rounds where both were measured side by side, else of any two repeats."""
    paired = len(ours) == len(peer)
    found = [a / b for a, b in zip(ours, peer, strict=True)] if paired else [a / b for a in ours for b in peer]
    return min(found), max(found)


def compared(name: str, ours: Sequence[float], peer: Sequence[float], unit: str, at_least: float, ok: bool = True, **more: Any) -> Row:
    """Return the row of a comparison where more is better.

    Args:
        name: Name of the row.
        ours: Raw values of `fluid`, such as molecules per second.
        peer: Raw values of the peer, in the same unit.
        unit: Their unit.
        at_least: The smallest ratio of medians that is good enough.
        ok: Whether all else that the row asks for holds (equal accuracy, say).
        more: Further fields.

    Raises:
        ValueError: A side has no values, or a value is not above 0.
    """
    if not ours or not peer or min(*ours, *peer) <= 0:
        raise ValueError(f"{name}: {len(ours)} and {len(peer)} values, all of which must be above 0")
    ratio = median(ours) / median(peer)
    low, high = ratio_range(ours, peer)
    return {
        "name": name, "ours": median(ours), "peer": median(peer), "unit": unit, "ratio": ratio, "ratio_range": [low, high],
        "target": f">= {at_least:g}x", "holds": bool(ok and ratio >= at_least),
        "repeats": {"ours": len(ours), "peer": len(peer)}, "ours_raw": list(ours), "peer_raw": list(peer), **more,
    }  # fmt: skip


def unmeasured(name: str, why: str) -> Row:
    """Return the row of a benchmark that could not be carried out: a failure, not silence."""
    return {"name": name, "ours": None, "peer": None, "ratio": None, "target": "to be measured", "holds": False, "reason": why}


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return `b` of the least-squares fit `log seconds = a + b log size`: 1 is proportional to the size.

    Raises:
        ValueError: There are fewer than two different sizes.
    """
    if len(set(sizes)) < 2:
        raise ValueError(f"an exponent needs two different sizes, found {sorted(set(sizes))}")
    x, y = [math.log(value) for value in sizes], [math.log(value) for value in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
