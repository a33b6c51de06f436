"""Trust in the own teacher: what nearness does, and values that cannot be."""

import numpy as np
import pytest

from fluid.errors import ConfigError
from fluid.models.own_trust import OwnTrust


def test_trust_grows_between_its_bounds() -> None:
    factor = OwnTrust(5.0, 0.4, 0.8).factor(np.array([[0.0, 0.4, 0.5], [0.6, 0.8, 1.0]]))
    np.testing.assert_allclose(factor, [[1, 1, 2], [3, 5, 5]])


def test_who_is_trusted_as_the_others_are_is_trusted_so_everywhere() -> None:
    assert OwnTrust(1.0).factor(np.linspace(0, 1, 5)).tolist() == [1.0] * 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"times": 0.0}, r"hybrid\.trust\.times is 0"),
        ({"low": -0.1}, r"hybrid\.trust\.low is -0\.1"),
        ({"low": 0.6}, r"hybrid\.trust\.low is 0\.6 and hybrid\.trust\.high is 0\.6; expected low below high"),
    ],
)
def test_values_that_cannot_be(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OwnTrust(**settings)
