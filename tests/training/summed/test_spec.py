import pytest

from fluid.errors import ConfigError
from fluid.training.summed.spec import SummedSpec


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rounds", 0, "distillation.summed.rounds is 0.*1 or more"),
        ("directions", 0, "directions is 0.*1 or more"),
        ("colluding", -1, "colluding is -1.*0 or more"),
        ("damping", 0.0, "damping is 0.0.*above 0"),
        ("strength", float("inf"), "strength is inf"),
        ("momentum", 1.0, "momentum is 1, expected less than 1|momentum is 1.*less than 1"),
        ("constant", 1.0, "constant is 1.*less than 1"),
        ("rarity", -0.1, r"rarity is -0.1.*\[0, 1\]"),
        ("quantile", 1.1, r"quantile is 1.1.*\[0, 1\]"),
        ("averaged", float("nan"), r"averaged is nan.*\[0, 1\]"),
    ],
)
def test_what_is_out_of_range_is_refused(name: str, value: float, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SummedSpec(**{name: value})  # type: ignore[arg-type]
