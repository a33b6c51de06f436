import json
import math

import pytest

from fluid.errors import ArtifactError, ConfigError
from fluid.privacy.mechanisms import Gaussian, Perturbation, described, mechanism_of

BOTH = (Gaussian("evidence of hERG", 0.4), Perturbation("weights of hERG", 1.5, 0.3, 0.5))


@pytest.mark.parametrize("mechanism", BOTH)
def test_what_json_describes_is_the_mechanism(mechanism: Gaussian | Perturbation) -> None:
    assert mechanism_of(json.loads(json.dumps(described(mechanism))), "ledger") == mechanism


def test_the_excess_is_the_largest_ratio_of_determinants() -> None:
    assert Perturbation("w", 2.0, 4.0, 0.25).excess == pytest.approx(math.log(2))
    assert Perturbation("w", 2.0, 4.0, 0.25).ratio == 0.5


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_noise_that_hides_nothing_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match="the noise on evidence has a ratio of"):
        Gaussian("evidence", value)
    for values in ((value, 1.0, 0.5), (1.0, value, 0.5), (1.0, 1.0, value)):
        with pytest.raises(ConfigError, match="w has noise .*finite numbers above 0"):
            Perturbation("w", *values)


@pytest.mark.parametrize(
    "told", [None, {}, {"kind": "laplace"}, {"kind": "gaussian", "what": "w"}, {"kind": "gaussian", "what": "w", "ratio": 0},
             {"kind": "gaussian", "what": "w", "ratio": 1.0, "more": 2}, {"kind": "gaussian", "what": 5, "ratio": 1.0}],
)  # fmt: skip
def test_what_is_no_mechanism_is_refused(told: object) -> None:
    with pytest.raises(ArtifactError, match=r"ledger, line 3: a mechanism cannot be read .*gaussian or objective perturbation"):
        mechanism_of(told, "ledger, line 3")
