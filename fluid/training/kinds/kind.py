"""What a kind of model is made of and how, and all kinds by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from fluid.data.censoring import find_bounds
from fluid.errors import ConfigError
from fluid.models.predictor import ModelSpec, NetworkSpec, Predictor
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.registry import Registry
from fluid.seeding import Normal, noise_source
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import Job, LoggerFactory, Report, no_logger

if TYPE_CHECKING:  # a prediction should not wait for pandas
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Fitting:
    """How and where a model is made, whatever its kind.

    Attributes:
        name: Name of the model; also names its random streams (`pooled`, `T3`, `student`, `H3`).
        config: Optimisation.
        trainer: Hardware.
        seed: The experiment's seed.
        mc_samples: Dropout samples of the networks, for their uncertainty.
        logger: Makes a Lightning logger for a run name, or none.
        report: Called with the share of the work done.
        scratch: Folder for checkpoints, or none.
        is_release: Whether the model, or what it says, will leave a company: noise is then drawn by the operating system, and by the seed
            in simulations.
    """

    name: str
    config: TrainingConfig
    trainer: TrainerSpec
    seed: int
    mc_samples: int = 0
    logger: LoggerFactory = no_logger
    report: Report = lambda _: None
    scratch: Path | None = None
    is_release: bool = False

    def job(self, network: NetworkSpec, whole: WideDeepSpec | None = None) -> Job:
        """Return the training of networks of an architecture, or of what such a network is a part of."""
        return Job(self.name, network, self.config, self.trainer, self.seed, self.logger, self.report, self.scratch, whole)

    @property
    def threads(self) -> int:
        """CPU threads that it may use."""
        return self.trainer.threads_for(self.config)

    def noise(self, *names: str) -> Normal:
        """Return the source of the noise that hides molecules; of a simulation, its stream of these names."""
        return noise_source(self.is_release, self.seed, self.name, *names)


class Fitted(NamedTuple):
    """A model, and how it learnt.

    Attributes:
        predictor: The model.
        curve: Its losses; empty where it does not learn by epochs.
        tables: Further tables about it, by the names of their files.
    """

    predictor: Predictor
    curve: tuple[CurvePoint, ...] = ()
    tables: "Mapping[str, pd.DataFrame]" = MappingProxyType({})


def validation_share(spec: Any, config: TrainingConfig) -> Mapping[str, Any]:
    """Return what decides a model that takes of the config only which molecules it does not learn from."""
    return {"config": config.validation_share}


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind of model: the value of `kind` of its settings, and of `model.kind` in a configuration.

    Attributes:
        spec: Dataclass of its settings.
        fit: `(fitting, spec, measured)`: a teacher, from the measured labels of a company.
        distil: `(fitting, spec, lesson)`: a student, from soft labels; `None`: it cannot be one.
        decides: `(spec, config)`: what decides the result beside `spec` itself, as a part of the key under which it is kept.
        has_weights: Whether it is an ensemble of networks, with weights to average and to go on from; its `spec` is a `NetworkSpec` then.
        own_loss: `(spec)`: whether it learns by a loss of its own, instead of the one that the configuration chooses.
        modules: `(spec)`: modules of other packages that it is made of, beside the one that registers the kind.
        learns_bounds: Whether `fit` reads which measured labels are bounds (`Measured.censored`), or no label at all.
    """

    spec: type
    fit: Callable[[Fitting, Any, Measured], Fitted]
    distil: Callable[[Fitting, Any, Lesson], Fitted] | None = None
    decides: Callable[[Any, TrainingConfig], Mapping[str, Any]] = validation_share
    has_weights: bool = False
    own_loss: Callable[[Any], bool] = lambda _: False
    modules: Callable[[Any], tuple[str, ...]] = lambda _: ()
    learns_bounds: bool = False


MODELS: Registry[ModelKind] = Registry(
    "fluid.models",
    "kind of model",
    {
        "network": "fluid.training.kinds.network:KIND",
        "forest": "fluid.training.kinds.forest:KIND",
        "additive": "fluid.training.kinds.additive:KIND",
        "wide_deep": "fluid.training.kinds.wide_deep:KIND",
        "predictions": "fluid.training.kinds.predictions:KIND",
    },
    ModelKind,
    "model.kind",
)
"""Kinds of models by name; a package adds its own under the entry points `fluid.models`."""


def kind_of(model: ModelSpec) -> ModelKind:
    """Return the kind of model that settings are of."""
    return MODELS[model.kind]


def modules_of(model: ModelSpec) -> tuple[str, ...]:
    """Return the modules of other packages whose code decides what becomes of a model's settings."""
    return (*MODELS.modules(model.kind), *kind_of(model).modules(model))


def refuse_bounds(what: str, censored: np.ndarray | None, where: str) -> None:
    """Refuse to learn from labels that are bounds by what takes every label for a value.

    Args:
        what: What would learn, in words.
        censored: Which labels are bounds `(M, T)`; or `None`.
        where: File or company, for the message.

    Raises:
        ConfigError: A label is a bound.
    """
    bounds = find_bounds(censored)
    if bounds is not None:
        what = f"{what} cannot learn bounds, and {np.count_nonzero(bounds)} labels are"
        raise ConfigError(what, where=where, expected="intake.censored=bound or drop, or a network")


def check_bounds(model: ModelSpec, censored: np.ndarray | None, where: str) -> None:
    """Refuse to let a kind of model that takes every label for a value learn bounds; see `refuse_bounds`.

    Raises:
        ConfigError: A label is a bound, and the kind of model cannot learn it.
    """
    if not kind_of(model).learns_bounds:
        refuse_bounds(f"a model of kind {model.kind!r}", censored, where)


def architecture(model: ModelSpec) -> NetworkSpec | None:
    """Return the architecture of an ensemble of networks; `None` of a model without weights."""
    return cast(NetworkSpec, model) if kind_of(model).has_weights else None
