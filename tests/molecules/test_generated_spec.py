"""Numbers of generated molecules that cannot be."""

import pytest

from fluid.errors import ConfigError
from fluid.molecules.generated_spec import GeneratedSpec


def test_fewer_than_none_are_refused() -> None:
    assert GeneratedSpec(0).n == 0
    with pytest.raises(ConfigError, match=r"distillation\.generated\.n is -1; expected 0 or more"):
        GeneratedSpec(-1)
