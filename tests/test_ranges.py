"""Ranges of numbers in settings: their borders, and what is said of a number beyond."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fluid.errors import ConfigError
from fluid.ranges import require_not_negative, require_positive, require_shares

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("check", "fine", "wrong", "expected"),
    [
        (require_positive, (1e-9, 1, 1e300), (0, -1.0, INF, NAN), "a finite number above 0"),
        (require_not_negative, (0, 0.0, 7), (-1e-9, INF, NAN), "a finite number of 0 or more"),
        (require_shares, (0, 0.5, 1), (-0.1, 1.1, INF, NAN), r"a share in \[0, 1\]"),
    ],
)
def test_borders(check: Callable[..., None], fine: tuple[float, ...], wrong: tuple[float, ...], expected: str) -> None:
    for number in fine:
        check(SimpleNamespace(a=number, b=number), "group", "a", "b")
    for number in wrong:
        with pytest.raises(ConfigError, match=rf"group\.b is {number}; expected {expected}"):
            check(SimpleNamespace(a=fine[-1], b=number), "group", "a", "b")
