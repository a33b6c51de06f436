"""Settings of experts that cannot be."""

from typing import Any

import pytest

from fluid.errors import ConfigError
from fluid.models.experts_spec import ExpertsSpec


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"strengths": ()}, r"experts\.strengths is \[\]; expected one or more"),
        ({"strengths": (0.0,)}, r"experts\.strengths is \[0\.0\]"),
        ({"product": 1.5}, r"experts\.product is 1\.5; expected a share"),
        ({"correlation": -0.1}, r"experts\.correlation is -0\.1"),
        ({"curvature": 0.0}, r"experts\.curvature is 0\.0; expected a finite number above 0"),
        ({"floor": float("nan")}, r"experts\.floor is nan"),
        ({"sharpness": -1.0}, r"experts\.sharpness is -1\.0"),
        ({"network_learns": "labels"}, r"experts\.network_learns is 'labels'; expected consensus or experts"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ExpertsSpec(**settings)
