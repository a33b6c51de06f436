import pytest
import torch

from fluid.data.endpoints import Endpoint
from fluid.distillation import gaussian_nll, soft_bce
from fluid.errors import ConfigError
from fluid.models.network import Output
from fluid.training.objective import Objective

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


def test_an_endpoint_that_nobody_measured_in_a_batch_costs_nothing() -> None:
    target = torch.rand(4, 3)
    target[:, 1] = torch.nan
    output = Output(torch.zeros(4, 3, requires_grad=True), torch.zeros(4, 3))
    assert torch.isfinite(Objective(ENDPOINTS)(output, target, torch.ones(4, 3)))


def test_the_temperature_reaches_the_loss() -> None:
    output, target, weight = Output(torch.ones(4, 1), torch.zeros(4, 1)), torch.full((4, 1), 0.3), torch.ones(4, 1)
    cold, warm = (Objective(ENDPOINTS[:1], "kl_distillation", t)(output, target, weight) for t in (1.0, 4.0))
    assert not torch.isclose(cold, warm)


def test_unknown_loss() -> None:
    with pytest.raises(ConfigError, match="unknown loss 'hinge'"):
        Objective(ENDPOINTS, "hinge")
