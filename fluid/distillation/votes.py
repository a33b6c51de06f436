"""The votes that a consensus counts: answers, their weights, and what is known of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_known, require_not_infinite, require_range, require_shape
from fluid.errors import ConfigError, ShapeError

CLASSIFICATION = "classification"


class Votes(NamedTuple):
    """Answers of `K` teachers, ready to be combined.

    Attributes:
        values: Probabilities or values `(K, M, T)`; 0 where missing.
        weights: Weight of each answer `(K, M, T)`, 0 or more; 0 where missing.
        kinds: Kind of each endpoint, `T` of them.
        epistemic: `(K, M, T)`, or `None` when not given.
        aleatoric: As `epistemic`.
        similarity: `(K, M)`, or `None`.
        labels: True labels `(M, T)` of the molecules for which they are known, NaN elsewhere; or `None`.
    """

    values: Tensor
    weights: Tensor
    kinds: tuple[str, ...]
    epistemic: Tensor | None = None
    aleatoric: Tensor | None = None
    similarity: Tensor | None = None
    labels: Tensor | None = None

    @property
    def is_class(self) -> Tensor:
        """Which columns are probabilities, `(T,)` bool."""
        return torch.tensor([kind == CLASSIFICATION for kind in self.kinds], dtype=torch.bool, device=self.values.device)

    @property
    def classes_in(self) -> list[int]:
        """Which columns are probabilities."""
        return [column for column, kind in enumerate(self.kinds) if kind == CLASSIFICATION]

    @property
    def values_in(self) -> list[int]:
        """Which columns are values."""
        return [column for column, kind in enumerate(self.kinds) if kind != CLASSIFICATION]

    def columns(self, chosen: list[int]) -> "Votes":
        """Return answers and weights of some endpoints; views, if these are all."""
        if len(chosen) == len(self.kinds):
            return self
        return Votes(self.values[:, :, chosen], self.weights[:, :, chosen], tuple(self.kinds[column] for column in chosen))

    def rows(self, start: int, stop: int) -> "Votes":
        """Return the votes for some molecules, as views."""

        def part(plane: Tensor | None) -> Tensor | None:
            return None if plane is None else plane[:, start:stop]

        return Votes(
            self.values[:, start:stop],
            self.weights[:, start:stop],
            self.kinds,
            part(self.epistemic),
            part(self.aleatoric),
            part(self.similarity),
            None if self.labels is None else self.labels[start:stop],
        )


def read_votes(tensors: Mapping[str, Tensor], kinds: Sequence[str], needs: Sequence[str] = ()) -> Votes:
    """Check the tensors of a consensus.

    An answer counts if its prediction is not NaN and its weight, where weights are given, is above 0: a weight of 0 is an absent
    teacher. Uncertainties of answers that do not count are never looked at; a NaN uncertainty of one that does is refused.

    Args:
        tensors: `predictions` `(K, M, T)`, and as needed `epistemic`, `aleatoric` and `weights` `(K, M, T)`, `similarity` `(K, M)`,
            `labels` `(M, T)`. Weights may have any shape that broadcasts to `(K, M, T)`, such as `(K, 1, 1)`.
        kinds: Kind of each endpoint.
        needs: Names of tensors that must be there, and that are used; others are ignored, but for `weights`.

    Raises:
        ConfigError: A tensor that is needed is not there.
        ShapeError: Shapes disagree.
        ValueError: A value is out of range, an answer is infinite, or a similarity or an uncertainty of an answer is unknown.
    """
    for name in ("predictions", *needs):
        if name not in tensors:
            raise ConfigError(f"the consensus needs {name}, which was not given", expected=", ".join(("predictions", *needs)))
    predictions = tensors["predictions"]
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    if len(kinds) != predictions.shape[2]:
        raise ShapeError(f"kinds has {len(kinds)} entries", expected=f"{predictions.shape[2]}, one per endpoint")
    _check_values(predictions, kinds)
    answered, weights = _answers(predictions, tensors.get("weights"))
    others = {name: _side(name, tensors[name], predictions, answered) for name in needs}
    return Votes(torch.where(answered, predictions, torch.zeros_like(predictions)), weights, tuple(kinds), **others)


def _check_values(predictions: Tensor, kinds: Sequence[str]) -> None:
    is_class = [kind == CLASSIFICATION for kind in kinds]
    if all(is_class):
        require_range("predictions", predictions, 0.0, 1.0)
        return
    for column, probability in enumerate(is_class):
        if probability:
            require_range("predictions", predictions[:, :, column], 0.0, 1.0)
        else:
            require_not_infinite("predictions", predictions[:, :, column])


def _answers(predictions: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    answered = ~torch.isnan(predictions)
    if weights is None:
        return answered, answered.to(predictions.dtype)
    try:
        weights = weights.to(predictions.dtype).expand_as(predictions)
    except RuntimeError:
        raise ShapeError(f"weights has shape {tuple(weights.shape)}", expected=f"{tuple(predictions.shape)} or (K, 1, 1)") from None
    require_known("weights", weights)
    answered = answered & (weights > 0)
    return answered, torch.where(answered, weights, torch.zeros_like(weights))


def _side(name: str, tensor: Tensor, predictions: Tensor, answered: Tensor) -> Tensor:
    k, m, t = predictions.shape
    require_shape(name, tensor, {"similarity": (k, m), "labels": (m, t)}.get(name, (k, m, t)))
    if name == "labels":
        require_not_infinite(name, tensor)
    else:
        require_range(name, tensor, 0.0, 1.0 if name == "similarity" else float("inf"))
        _require_answered(name, tensor, answered.any(2) if name == "similarity" else answered)
    return tensor.to(predictions.dtype)


def _require_answered(name: str, tensor: Tensor, answered: Tensor) -> None:
    if not torch.compiler.is_compiling() and bool((torch.isnan(tensor) & answered).any()):
        raise ValueError(f"{name} is NaN where a teacher answered; expected a number beside every answer.")
