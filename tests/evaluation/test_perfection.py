import math

import numpy as np
import pytest

from fluid.errors import ConfigError, ShapeError
from fluid.evaluation.perfection import PERFECT, perfect_value, relative_improvement, relative_improvement_interval
from fluid.evaluation.validation import METRICS


def test_ends_and_direction() -> None:
    assert relative_improvement(0.8, 0.8, 1.0) == 0
    assert relative_improvement(1.0, 0.8, 1.0) == 1
    assert relative_improvement(0.85, 0.8, 1.0) == pytest.approx(0.25)
    assert relative_improvement(0.45, 0.6, 0.0) == pytest.approx(0.25)  # RMSE
    assert relative_improvement(0.7, 0.8, 1.0) == pytest.approx(-0.5)
    assert math.isnan(relative_improvement(1.0, 1.0, 1.0))


def test_every_metric_has_a_perfect_value() -> None:
    assert set(PERFECT) == set(METRICS)
    assert perfect_value("mcc") == 1
    with pytest.raises(ConfigError, match="'kappa' has no known perfect value; expected one of auroc"):
        perfect_value("kappa")


def test_over_seeds_it_is_the_paired_mean() -> None:
    found = relative_improvement_interval([0.85, 0.9, 0.88], [0.8, 0.8, 0.8], 1.0)
    assert found.value == pytest.approx(np.mean([0.25, 0.5, 0.4]))
    assert found.low < found.value < found.high
    same = relative_improvement_interval([0.8, 0.9], [0.8, 0.9], 1.0)
    assert same == (0, 0, 0)
    assert relative_improvement_interval([0.85, 1.0], [0.8, 1.0], 1.0).value == pytest.approx(0.25)  # the perfect seed says nothing
    with pytest.raises(ShapeError, match=r"\(2,\) and baselines \(1,\)"):
        relative_improvement_interval([1, 2], [1], 1.0)
