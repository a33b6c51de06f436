"""Does a difference matter: its interval against a margin that was declared before the numbers were seen."""

from fluid.errors import InputError

MARGINS = {"mcc": 0.02}
MUCH_BETTER, BETTER, EQUIVALENT, UNDECIDED, WORSE, MUCH_WORSE = (
    "practically better", "better", "equivalent", "undecided", "worse", "practically worse",
)  # fmt: skip


def verdict(low: float, high: float, margin: float | None = None, higher_is_better: bool = True) -> str:
    """Evaluate a difference by its interval.

    | interval, turned so that up is better | verdict |
    |---|---|
    | above +margin / below −margin | practically better / practically worse |
    | within ±margin (even if it leaves out 0) | equivalent |
    | above 0 / below 0 | better / worse: by how much is open |
    | else, or NaN | undecided |

    With a 95 % interval "equivalent" is two one-sided tests at 2.5 % each, stricter than the customary 5 %.

    Args:
        low: Lower end of the interval.
        high: Upper end.
        margin: The smallest difference that matters, in units of the metric; without one only better, worse and undecided are said.
        higher_is_better: Whether a larger metric is better.

    Raises:
        InputError: The margin is not above 0, or the ends are the wrong way round.

    References:
        Schuirmann: A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence of average
        bioavailability, J. Pharmacokinet. Biopharm. 15 (1987), doi:10.1007/BF01068419.
    """
    if margin is not None and not margin > 0:
        raise InputError(f"margin {margin:g}", expected="a number above 0, or none")
    if low > high:
        raise InputError(f"interval from {low:g} to {high:g}", expected="the lower end first")
    if not higher_is_better:
        low, high = -high, -low
    if margin is not None and (known := _margin_verdict(low, high, margin)):
        return known
    return BETTER if low > 0 else WORSE if high < 0 else UNDECIDED


def _margin_verdict(low: float, high: float, margin: float) -> str:
    if low > margin:
        return MUCH_BETTER
    if high < -margin:
        return MUCH_WORSE
    return EQUIVALENT if low >= -margin and high <= margin else ""
