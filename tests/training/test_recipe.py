import pytest

from fluid.errors import ConfigError
from fluid.training.recipe import Recipe, TrainerSpec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "training.epochs is 0"),
        ({"batch_size": -1}, "training.batch_size is -1"),
        ({"learning_rate": float("nan")}, "training.learning_rate is nan"),
        ({"warmup": 1.0}, "training.warmup is 1"),
        ({"validation_share": -0.1}, "training.validation_share"),
        ({"members": 0}, "training.members is 0"),
        ({"loss": "hinge"}, "training.loss is 'hinge'"),
    ],
)
def test_wrong_recipes(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Recipe(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"), [({"precision": "16-mixed"}, "precision"), ({"devices": 0}, "devices"), ({"threads": 0}, "threads")]
)
def test_wrong_trainers(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainerSpec(**values)  # type: ignore[arg-type]
