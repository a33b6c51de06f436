"""Consensus by name, as a configuration chooses it."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_range
from fluid.distillation.consensus import Consensus, normalised_weights, weighted_consensus
from fluid.distillation.weights import mean_weights, similarity_weights, uncertainty_weights
from fluid.errors import ConfigError, ShapeError

METHODS = ("mean", "similarity", "uncertainty")


def _raw_weights(method: str, tensors: Mapping[str, Tensor], is_class: Tensor, options: Mapping[str, float]) -> Tensor:
    predictions = tensors["predictions"]
    try:
        if method == "mean":
            return mean_weights(predictions, **options)
        if method == "similarity":
            return similarity_weights(predictions, tensors["similarity"], **options)
        if method == "uncertainty":
            return uncertainty_weights(predictions, tensors["epistemic"], tensors["aleatoric"], is_class, **options)
    except TypeError:
        raise ConfigError(f"consensus {method!r} does not take the options {dict(options)}") from None
    raise ConfigError(f"unknown consensus {method!r}", expected="one of " + ", ".join(METHODS))


def _is_class(kinds: Sequence[str], predictions: Tensor) -> Tensor:
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    if len(kinds) != predictions.shape[2]:
        raise ShapeError(f"kinds has {len(kinds)} entries", expected=f"{predictions.shape[2]}, one per endpoint")
    is_class = torch.tensor([kind == "classification" for kind in kinds], dtype=torch.bool, device=predictions.device)
    require_range("predictions", predictions[:, :, is_class], 0.0, 1.0)
    return is_class


def teacher_weights(method: str, tensors: Mapping[str, Tensor], kinds: Sequence[str], **options: float) -> Tensor:
    """Return the share `(K, M, T)` that each teacher has in each soft label; shares sum to 1 where any teacher answered.

    Args:
        method: `mean`, `similarity` or `uncertainty`.
        tensors: `predictions`, `epistemic`, `aleatoric` `(K, M, T)` and `similarity` `(K, M)`; only what the method needs.
        kinds: Kind of each endpoint.
        options: Options of the method.

    Raises:
        ConfigError: The method or an option is unknown.
        ShapeError: Shapes disagree.
        ValueError: A value is out of range.
    """
    predictions = tensors["predictions"]
    return normalised_weights(_raw_weights(method, tensors, _is_class(kinds, predictions), options), predictions)


def check_method(method: str, options: Mapping[str, float]) -> None:
    """Check a method and its options before there is anything to combine.

    Raises:
        ConfigError: The method or an option is unknown, or an option's value is not allowed.
    """
    tiny = torch.full((1, 1, 1), 0.5)
    planes = {"predictions": tiny, "epistemic": tiny, "aleatoric": tiny, "similarity": tiny[:, :, 0]}
    try:
        teacher_weights(method, planes, ["classification"], **options)
    except ValueError as error:
        raise ConfigError(f"consensus {method!r} with the options {dict(options)}: {error}") from None


def combine(method: str, tensors: Mapping[str, Tensor], kinds: Sequence[str], **options: float) -> Consensus:
    """Return the consensus of a named method; arguments and errors as in `teacher_weights`."""
    is_class = _is_class(kinds, tensors["predictions"])
    return weighted_consensus(tensors["predictions"], _raw_weights(method, tensors, is_class, options), is_class)
