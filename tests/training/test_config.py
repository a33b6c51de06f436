import pytest

from fluid.errors import ConfigError
from fluid.training.config import TrainerSpec, TrainingConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "training.epochs is 0"),
        ({"batch_size": -1}, "training.batch_size is -1"),
        ({"learning_rate": float("nan")}, "training.learning_rate is nan"),
        ({"learning_rate": float("inf")}, "training.learning_rate is inf; expected a finite number"),
        ({"weight_decay": -0.1}, "training.weight_decay is -0.1; expected a finite number of 0 or more"),
        ({"weight_decay": float("nan")}, "training.weight_decay is nan"),
        ({"patience": 0}, "training.patience is 0"),
        ({"gradient_clip": 0.0}, "training.gradient_clip is 0.0"),
        ({"warmup": -0.1}, r"training.warmup is -0.1; expected a share in \[0, 1\)"),
        ({"warmup": 1.0}, "training.warmup is 1"),
        ({"validation_share": -0.1}, "training.validation_share"),
        ({"members": 0}, "training.members is 0"),
    ],
)
def test_wrong_recipes(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"precision": "16-mixed"}, "trainer.precision is '16-mixed'; expected 32-true or bf16-mixed"),
        ({"accelerator": "npu"}, "trainer.accelerator is 'npu'; expected cpu or gpu or auto"),
        ({"devices": 0}, "trainer.devices is 0 .*; expected numbers of at least 1"),
        ({"threads": 0}, "trainer.threads 0; expected numbers of at least 1"),
    ],
)
def test_wrong_trainers(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainerSpec(**values)  # type: ignore[arg-type]


def test_limits_that_mean_something_are_allowed() -> None:
    config = TrainingConfig(weight_decay=0.0, warmup=0.0, validation_share=0.0, gradient_clip=float("inf"), epochs=1, batch_size=1)
    assert config.gradient_clip == float("inf")  # no clipping
