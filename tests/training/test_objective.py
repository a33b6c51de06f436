import math

import pytest
import torch

from fluid.data.endpoints import Endpoint
from fluid.distillation import LossSpec, gaussian_nll, soft_bce
from fluid.models.network import Output
from fluid.training.objective import HeadsObjective, Objective
from fluid.training.train import balanced_weights

ENDPOINTS = tuple(Endpoint.parse(text) for text in ("a", "b [u]", "c"))


def test_each_column_has_its_loss() -> None:
    draw = torch.Generator().manual_seed(0)
    mean, log_variance, weight = (torch.rand(9, 3, generator=draw) for _ in range(3))
    target = torch.rand(9, 3, generator=draw)
    target[2, 0] = target[5, 1] = torch.nan
    found = Objective(ENDPOINTS)(Output(mean, log_variance), target, weight)
    classes = soft_bce(mean[:, [0, 2]], target[:, [0, 2]], weight[:, [0, 2]])
    values = gaussian_nll(mean[:, [1]], log_variance[:, [1]], target[:, [1]], weight[:, [1]])
    torch.testing.assert_close(found, classes * 2 / 3 + values / 3)


def test_class_weights_by_hand() -> None:
    logits, target = torch.tensor([[0.0], [2.0], [-1.0], [1.0]]), torch.tensor([[1.0], [0.0], [0.0], [torch.nan]])
    weight = torch.from_numpy(balanced_weights(target.numpy(), ENDPOINTS[:1]))
    assert weight[:3, 0].tolist() == [1.5, 0.75, 0.75]
    elements = [math.log(2), math.log1p(math.exp(2)), math.log1p(math.exp(-1))]
    found = Objective(ENDPOINTS[:1])(Output(logits, torch.zeros(4, 1)), target, weight)
    assert found.item() == pytest.approx((1.5 * elements[0] + 0.75 * elements[1] + 0.75 * elements[2]) / 3)


def test_values_only_and_by_hand() -> None:
    mean, log_variance, target = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [math.log(4)]]), torch.tensor([[2.0], [1.0]])
    found = Objective(ENDPOINTS[1:2])(Output(mean, log_variance), target, torch.ones(2, 1))
    assert found.item() == pytest.approx((0.5 * 1 + 0.5 * (math.log(4) + 4 / 4)) / 2)


@pytest.mark.parametrize("loss", ["soft_bce", "kl_distillation", "mse_logits"])
def test_missing_targets_get_no_gradient_and_no_nan(loss: str) -> None:
    draw = torch.Generator().manual_seed(1)
    mean, log_variance = (torch.randn(6, 3, generator=draw).requires_grad_() for _ in range(2))
    target = torch.rand(6, 3, generator=draw)
    target[torch.rand(6, 3, generator=draw) < 0.5] = torch.nan
    Objective(ENDPOINTS, LossSpec(loss))(Output(mean, log_variance), target, torch.ones(6, 3)).backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    assert torch.all(mean.grad[torch.isnan(target)] == 0)
    assert torch.isfinite(mean.grad).all()
    assert torch.all(log_variance.grad[:, [0, 2]] == 0)  # classes have no variance of their own
    assert torch.any(log_variance.grad[:, 1] != 0)


def test_an_endpoint_that_nobody_measured_in_a_batch_costs_nothing() -> None:
    target = torch.rand(4, 3)
    target[:, 1] = torch.nan
    output = Output(torch.zeros(4, 3, requires_grad=True), torch.zeros(4, 3))
    assert torch.isfinite(Objective(ENDPOINTS)(output, target, torch.ones(4, 3)))


def test_the_temperature_reaches_the_loss() -> None:
    output, target, weight = Output(torch.ones(4, 1), torch.zeros(4, 1)), torch.full((4, 1), 0.3), torch.ones(4, 1)
    cold, warm = (Objective(ENDPOINTS[:1], LossSpec("kl_distillation", temperature=t))(output, target, weight) for t in (1.0, 4.0))
    assert not torch.isclose(cold, warm)


def test_measured_labels_beside_soft_ones_are_mixed_in_by_alpha() -> None:
    draw = torch.Generator().manual_seed(2)
    output, soft, weight = Output(*torch.randn(2, 6, 3, generator=draw)), torch.rand(6, 3, generator=draw), torch.rand(6, 3, generator=draw)
    hard = soft.round()
    objective = Objective(ENDPOINTS, LossSpec("mse_logits"))
    parts = [objective(output, soft, weight), Objective(ENDPOINTS)(output, hard, weight)]
    for alpha in (0.0, 0.25, 1.0):
        found = objective(output, soft, weight, hard, alpha=alpha)
        torch.testing.assert_close(found, (1 - alpha) * parts[0] + alpha * parts[1])


def test_the_variance_of_targets_reaches_the_losses_of_values_only() -> None:
    output, target, weight = Output(torch.zeros(4, 3), torch.zeros(4, 3)), torch.full((4, 3), 0.3), torch.ones(4, 3)
    plain, wide = (
        Objective(ENDPOINTS, LossSpec(values=name))(output, target, weight, None, torch.ones(4, 3))
        for name in ("gaussian_nll", "heteroscedastic")
    )
    assert (wide - plain).item() == pytest.approx(0.5 / 3)


@pytest.mark.parametrize("domain_weight", [0.0, 0.3, 2.0])
def test_heads_are_compared_by_the_chosen_loss_and_domain_scores_by_soft_cross_entropy(domain_weight: float) -> None:
    draw = torch.Generator().manual_seed(1)
    mean, log_variance, weight, target, variance = (torch.rand(9, 5, generator=draw) for _ in range(5))
    target[2, 0] = target[5, 1] = target[4, 3] = torch.nan
    weight[:, 3:] = 1.0
    columns = (*ENDPOINTS, Endpoint.parse("d"), Endpoint.parse("e"))
    spec = LossSpec("mse_logits", "heteroscedastic")
    found = HeadsObjective(columns, spec, 2, domain_weight)(Output(mean, log_variance), target, weight, None, variance)
    said = Output(mean[:, :3], log_variance[:, :3])
    answers = Objective(ENDPOINTS, spec)(said, target[:, :3], weight[:, :3], None, variance[:, :3])
    probs, known = torch.sigmoid(mean[:, 3:]), ~target[:, 3:].isnan()
    cross = -(target[:, 3:] * probs.log() + (1 - target[:, 3:]) * (1 - probs).log())
    torch.testing.assert_close(found, answers + domain_weight * cross[known].mean())


def test_without_any_domain_score_only_answers_count() -> None:
    mean, target = torch.tensor([[0.5, 1.0]]), torch.tensor([[1.0, torch.nan]])
    columns = (*ENDPOINTS[:1], Endpoint.parse("d"))
    found = HeadsObjective(columns, LossSpec(), 1, 3.0)(Output(mean, torch.zeros(1, 2)), target, torch.ones(1, 2))
    assert found.item() == pytest.approx(math.log1p(math.exp(-0.5)))
