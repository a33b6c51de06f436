"""What a search for hyper-parameters is asked for, and its space in the terms of Optuna."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from fluid.cli.build import build
from fluid.errors import ConfigError
from fluid.evaluation.validation import METRICS
from fluid.registry import nearest_word

PRUNERS = ("median", "none")
EXAMPLE = "e.g. {low: 2, high: 5}, {low: 0.0003, high: 0.005, log: true} or {choices: [64, 96]}"


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """A search for hyper-parameters.

    Attributes:
        metric: What the student is evaluated by, on validation molecules only.
        n_trials: Trials in all; may be raised later, the search then goes on.
        seed: Seed of the sampler: trial by trial, the same seed and the same scores give the same settings.
        pruner: `median` stops a trial that does worse than the median of the earlier ones so far; `none` stops no trial.
        startup_trials: Finished trials before any is stopped early.
        space: Range or choices by key.
    """

    metric: str = "auroc"
    n_trials: int = 30
    seed: int = 0
    pruner: str = "median"
    startup_trials: int = 5
    space: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A value is unknown or out of range, or the space is empty.
        """
        for name, value, known in (("metric", self.metric, METRICS), ("pruner", self.pruner, PRUNERS)):
            if value not in known:
                raise ConfigError(f"hparams_search.{name} is {value!r}", remedy=nearest_word(value, known))
        if self.n_trials < 1 or self.startup_trials < 0:
            raise ConfigError(
                f"hparams_search.n_trials is {self.n_trials} and startup_trials {self.startup_trials}", expected="at least 1, and 0 or more"
            )
        if not self.space:
            raise ConfigError("hparams_search.space is empty", expected=f"a range or choices for at least one key, {EXAMPLE}")


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, whole ones if both are whole; evenly in the logarithm, or in steps, if so asked."""

    low: Any
    high: Any
    log: bool = False
    step: Any = None

    def distribution(self) -> BaseDistribution:
        """Return the range as Optuna knows it."""
        if type(self.low) is int and type(self.high) is int:
            return IntDistribution(self.low, self.high, log=self.log, step=self.step or 1)
        return FloatDistribution(float(self.low), float(self.high), log=self.log, step=self.step)

    def borders(self) -> tuple[Any, ...]:
        """Return the values that show whether the whole range is allowed."""
        return (self.low, self.high)


@dataclass(frozen=True, slots=True)
class Choices:
    """One of some values."""

    choices: tuple[Any, ...]

    def distribution(self) -> BaseDistribution:
        """Return the choices as Optuna knows them."""
        if not all(value is None or isinstance(value, (bool, int, float, str)) for value in self.choices):
            raise ValueError("choices are numbers, texts, true, false or null")
        return CategoricalDistribution(self.choices)

    def borders(self) -> tuple[Any, ...]:
        """Return all values."""
        return self.choices


def dimension(key: str, values: Any) -> Range | Choices:
    """Read one dimension of a search space.

    Raises:
        ConfigError: The dimension is neither a range nor choices, or an impossible one.
    """
    where = f"hparams_search.space.{key}"
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {values!r}", expected=EXAMPLE)
    found: Range | Choices = build(Choices, values, where) if "choices" in values else build(Range, values, where)
    try:
        found.distribution()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where} is not possible ({str(error).rstrip('.')})", expected=EXAMPLE) from None
    return found


def dimensions(spec: SearchSpec) -> dict[str, Range | Choices]:
    """Read the search space."""
    return {key: dimension(key, values) for key, values in spec.space.items()}


def text_of(value: Any) -> str:
    """Return a value as it is written on the command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    plain = not isinstance(value, str) or value.replace("_", "").replace("-", "").replace(".", "").isalnum()
    return str(value) if plain else "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def settings_of(params: Mapping[str, Any]) -> list[str]:
    """Return parameters as settings of the command line; groups come first, as their choices bring the other keys."""
    return [f"{key}={text_of(value)}" for key, value in sorted(params.items(), key=lambda item: ("." in item[0], item[0]))]


def border_settings(space: Mapping[str, Range | Choices]) -> Sequence[list[str]]:
    """Return the settings that must all be allowed: each border of each dimension, with the first border of the others."""
    first = {key: found.borders()[0] for key, found in space.items()}
    return [settings_of({**first, key: value}) for key, found in space.items() for value in found.borders()]
