"""Settings of regions that cannot be."""

from typing import Any

import pytest

from fluid.errors import ConfigError
from fluid.models.regions_spec import RegionsSpec


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n": 0}, r"regions\.n is 0; expected at least 1"),
        ({"contrast": -1.0}, r"regions\.contrast is -1\.0"),
        ({"companies": 0.0}, r"regions\.companies is 0\.0; expected a finite number above 0"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        RegionsSpec(**settings)
