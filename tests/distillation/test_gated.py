"""Heads are combined as the consensus combines teachers."""

import numpy as np
import pytest
import torch
from scipy.stats import bernoulli
from torch import Tensor

from fluid.distillation import combine, teacher_weights
from fluid.distillation.gated import combine_heads, gate_shares
from fluid.errors import ShapeError

KINDS = ["classification", "regression"]
IS_CLASS = torch.tensor([True, False])


def example(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return answers, both uncertainties `(5, 12, 2)` and domain scores; one teacher lacks the value, nobody answers row 3."""
    draw = torch.Generator().manual_seed(seed)
    answers, epistemic, aleatoric = (torch.rand(5, 12, 2, generator=draw, dtype=torch.float64) for _ in range(3))
    answers[:, :, 1] = 10 * answers[:, :, 1] - 3
    for plane in (answers, epistemic, aleatoric):
        plane[1, :, 1] = torch.nan
        plane[:, 3] = torch.nan
    return answers, 0.1 * epistemic, 0.1 * aleatoric, torch.rand(5, 12, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize("power", [0.0, 1.0, 4.0, 30.0])
def test_shares_and_mean_are_those_of_the_consensus(power: float) -> None:
    answers, epistemic, aleatoric, domain = example()
    tensors = {"predictions": answers, "similarity": domain}
    consensus = combine("similarity", tensors, KINDS, power=power)
    found = combine_heads(answers, epistemic, aleatoric, domain, IS_CLASS, power)
    torch.testing.assert_close(found.mean, consensus.soft_label, equal_nan=True)
    torch.testing.assert_close(gate_shares(answers, domain, power), teacher_weights("similarity", tensors, KINDS, power=power))
    assert found.mean[3].isnan().all()
    assert not found.mean[[0, 1, 2, 4]].isnan().any()


def test_power_0_is_the_plain_mean_of_heads() -> None:
    answers, epistemic, aleatoric, domain = example()
    found = combine_heads(answers, epistemic, aleatoric, domain, IS_CLASS, 0.0)
    np.testing.assert_allclose(found.mean[4:], np.nanmean(answers[:, 4:].numpy(), axis=0))


def test_a_large_power_is_the_head_of_the_nearest_teacher() -> None:
    answers, epistemic, aleatoric, domain = example()
    domain[2] = 0.01
    domain[4] = 1.0  # everybody's best
    domain[[0, 1, 3]] *= 0.9
    found = combine_heads(answers, epistemic, aleatoric, domain, IS_CLASS, 500.0)
    torch.testing.assert_close(found.mean[4:], answers[4, 4:])
    torch.testing.assert_close(found.aleatoric[4:], aleatoric[4, 4:])


def test_uncertainty_by_hand() -> None:
    answers = torch.tensor([[[0.9, 1.0]], [[0.2, 5.0]]], dtype=torch.float64)
    epistemic, aleatoric = torch.full_like(answers, 0.5), torch.full_like(answers, 0.25)
    domain = torch.tensor([[0.6], [0.2]], dtype=torch.float64)
    aleatoric[:, 0, 0] = torch.from_numpy(bernoulli.entropy([0.9, 0.2]))
    found = combine_heads(answers, epistemic, aleatoric, domain, IS_CLASS, 1.0)  # shares 3/4 and 1/4
    np.testing.assert_allclose(found.mean, [[0.75 * 0.9 + 0.25 * 0.2, 2.0]])
    noise = 0.75 * bernoulli.entropy(0.9) + 0.25 * bernoulli.entropy(0.2)
    np.testing.assert_allclose(found.aleatoric, [[noise, 0.25]])
    np.testing.assert_allclose(found.epistemic, [[bernoulli.entropy(0.725) - noise, 0.5 + 0.75 * 1 + 0.25 * 9]])


def test_the_order_of_teachers_does_not_matter() -> None:
    answers, epistemic, aleatoric, domain = example()
    turned = [3, 1, 4, 0, 2]
    one = combine_heads(answers, epistemic, aleatoric, domain, IS_CLASS, 3.0)
    other = combine_heads(answers[turned], epistemic[turned], aleatoric[turned], domain[turned], IS_CLASS, 3.0)
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True)


def test_where_all_scores_are_0_heads_weigh_alike() -> None:
    answers, _, _, domain = example()
    zero = torch.zeros_like(domain)
    torch.testing.assert_close(gate_shares(answers, zero, 4.0), gate_shares(answers, domain, 0.0))


def test_wrong_input_is_named() -> None:
    answers, epistemic, aleatoric, domain = example()
    with pytest.raises(ShapeError, match=r"similarity has shape \(5, 11\)"):
        gate_shares(answers, domain[:, 1:], 2.0)
    with pytest.raises(ValueError, match=r"similarity has values outside \[0, 1\]"):
        gate_shares(answers, domain + 1, 2.0)
    with pytest.raises(ValueError, match="power is -1"):
        gate_shares(answers, domain, -1.0)
    with pytest.raises(ShapeError, match="epistemic has shape"):
        combine_heads(answers, epistemic[1:], aleatoric, domain, IS_CLASS, 2.0)
    with pytest.raises(ValueError, match="aleatoric has values outside"):
        combine_heads(answers, epistemic, -1 - aleatoric, domain, IS_CLASS, 2.0)
