"""A network and an additive model together, calibrated together: each learns by itself, of the same molecules, or both as one module.

The loss of soft labels that the configuration chooses is the network's; the additive part has the one that it is solved for.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from fluid.errors import ConfigError
from fluid.models.additive import AdditivePredictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.wide_deep import WideDeepPredictor
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.training.config import TrainingConfig
from fluid.training.kinds import additive, network
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import calibrate, held_out_rows, own_rows


def join(deep: Fitted, wide: Fitted, share: float) -> WideDeepPredictor:
    """Return both parts as one model that is not calibrated."""
    ones = np.ones(len(deep.predictor.endpoints), dtype=np.float32)
    rest = cast(AdditivePredictor | WideDeepPredictor, wide.predictor)
    return WideDeepPredictor(cast(GraphEnsemble, deep.predictor), rest, share, ones)


def beside(fitting: Fitting) -> Fitting:
    """Return how a second network is made, with names of its own in logs and checkpoints."""
    scratch = fitting.scratch / "counts" if fitting.scratch else None
    return replace(fitting, logger=lambda run: fitting.logger(f"{run}-counts"), scratch=scratch)


def fit(fitting: Fitting, spec: WideDeepSpec, measured: Measured) -> Fitted:
    """Make a teacher, of which all parts hold out the same molecules."""
    deep, rest = network.fit(fitting, spec.network, measured, spec.counted), spec.rest
    if not spec.is_mean:
        return deep
    wide = fit(beside(fitting), rest, measured) if isinstance(rest, WideDeepSpec) else additive.fit(fitting, rest, measured)
    _, held_out = own_rows(fitting, measured.labels, measured.molecules.skeletons)
    joined = join(deep, wide, spec.first_share)
    return Fitted(calibrate(joined, measured.molecules.take(held_out), measured.labels[held_out]), deep.curve + wide.curve)


def distil(fitting: Fitting, spec: WideDeepSpec, lesson: Lesson) -> Fitted:
    """Make a student; of parts that learn by themselves it is calibrated on soft labels of transfer molecules that are held out.

    Raises:
        ConfigError: The loss corrects for the confusion of the labels, which the additive part cannot.
    """
    if spec.is_mean and (fitting.config.loss.confusion or fitting.config.loss.confusions):
        what = f"a model of kind {spec.kind!r} cannot correct for loss.confusion"
        raise ConfigError(what, expected="loss.confusion=[], or a network")
    deep, rest = network.distil(fitting, spec.network, lesson, spec.counted), spec.rest
    if not spec.is_mean:
        return deep
    wide = distil(beside(fitting), rest, lesson) if isinstance(rest, WideDeepSpec) else additive.distil(fitting, rest, lesson)
    _, held_out = held_out_rows(fitting, lesson.molecules)
    counted = np.where(lesson.weight[held_out] > 0, lesson.soft_label[held_out], np.float32("nan"))
    joined = join(deep, wide, spec.first_share)
    return Fitted(calibrate(joined, lesson.molecules.take(held_out), counted), deep.curve + wide.curve)


def decides(spec: WideDeepSpec, config: TrainingConfig) -> Mapping[str, Any]:
    """Return what decides the network."""
    return network.decides(spec.network, config)


def own_loss(spec: WideDeepSpec) -> bool:
    """Return whether the network's head is evidential."""
    return network.own_loss(spec.network)


def modules(spec: WideDeepSpec) -> tuple[str, ...]:
    """Return the module of an encoder that another package adds."""
    return network.modules(spec.network)


KIND = ModelKind(WideDeepSpec, fit, distil, decides, own_loss=own_loss, modules=modules)
