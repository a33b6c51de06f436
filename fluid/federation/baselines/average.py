"""Weight averaging, as a pure function of state dicts."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fluid.errors import ShapeError

Tensors = Mapping[str, Tensor]


def average_weights(states: Mapping[str, Tensors], examples: Mapping[str, int]) -> dict[str, Tensor]:
    """Return `Σ_k n_k/n w_k` of every tensor: trainable weights and buffers (means and variances of batch norm) alike.

    Sums are in float64 and over sorted terms: the result does not depend on the order of the companies, one company's weights and equal
    weights come back bit by bit. Whole numbers (the counter of batches) are rounded to the nearest.

    Args:
        states: Tensors by name, by company.
        examples: Training examples `n_k` by company; if nobody has any, all weigh alike.

    Raises:
        ShapeError: There is no company, or the tensors of two differ in name or shape.

    References:
        McMahan et al. 2017, Communication-efficient learning of deep networks from decentralized data, arXiv:1602.05629, algorithm 1.
    """
    if not states:
        raise ShapeError("there are no weights to average", expected="those of at least one company")
    first, *others = states
    for other in others:
        _check_alike(first, states[first], other, states[other])
    total = sum(examples[company] for company in states)
    share = {company: examples[company] / total if total else 1 / len(states) for company in states}
    return {name: _mean({c: state[name] for c, state in states.items()}, share) for name in states[first]}


def _mean(tensors: Mapping[str, Tensor], share: Mapping[str, float]) -> Tensor:
    kind = next(iter(tensors.values())).dtype
    terms = torch.stack([tensor.double() * share[company] for company, tensor in tensors.items()])
    mean = terms.sort(dim=0).values.sum(dim=0)
    return (mean if kind.is_floating_point else mean.round()).to(kind)


def _check_alike(first: str, ours: Tensors, other: str, theirs: Tensors) -> None:
    wrong = sorted(set(ours) ^ set(theirs)) or [name for name in ours if ours[name].shape != theirs[name].shape]
    if wrong:
        shapes = [tuple(state[wrong[0]].shape) if wrong[0] in state else "absent" for state in (ours, theirs)]
        raise ShapeError(
            f"tensor {wrong[0]!r} is {shapes[0]} in {first} and {shapes[1]} in {other}",
            expected="one architecture in all companies",
            remedy="Choose a baseline that averages no weights: fedmd, dsfl or sge.",
        )
