"""Trust in the own teacher: what nearness does, and values that cannot be."""

import numpy as np
import pytest

from fluid.errors import ConfigError
from fluid.models.own_trust import OwnTrust


def test_nearness_grows_between_its_bounds() -> None:
    nearness = OwnTrust(low=0.4, high=0.8).nearness(np.array([0.0, 0.4, 0.5, 0.6, 0.8, 1.0]))
    np.testing.assert_allclose(nearness, [0, 0, 0.25, 0.5, 1, 1])


def test_far_away_nothing_changes_and_nearby_all_does() -> None:
    trust, nearness = OwnTrust(5.0, product=0.1), np.array([0.0, 0.5, 1.0])
    assert trust.factor(nearness).tolist() == [1.0, 3.0, 5.0]
    np.testing.assert_allclose(trust.product_share(0.5, nearness, np.ones(3)), [0.5, 0.3, 0.1])
    assert trust.product_share(0.5, nearness, np.zeros(3)).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"times": 0.0}, r"hybrid\.trust\.times is 0"),
        ({"product": 1.5}, r"hybrid\.trust\.product is 1\.5"),
        ({"low": -0.1}, r"hybrid\.trust\.low is -0\.1"),
        ({"low": 0.8}, r"hybrid\.trust\.low is 0\.8 and hybrid\.trust\.high is 0\.8; expected low below high"),
    ],
)
def test_values_that_cannot_be(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OwnTrust(**settings)
