import pytest
import torch

from fluid.models.dropout import dropout


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5, 0.9])
def test_share_and_scale(p: float) -> None:
    values = dropout(torch.ones(400, 501), p, training=True)
    kept = values[values > 0]
    assert abs((values == 0).float().mean().item() - p) < 0.005
    assert kept.unique().numel() == 1
    assert values.mean().item() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("training", [True, False])
def test_nothing_is_dropped_without_reason(training: bool) -> None:
    values = torch.randn(5, 3)
    assert dropout(values, 0.0, training) is values
    assert dropout(values, 0.5, False) is values


def test_gradients_are_those_of_the_mask() -> None:
    values = torch.randn(50, 7, requires_grad=True)
    dropped = dropout(values, 0.3, training=True)
    dropped.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad * values.detach(), dropped.detach())


def test_the_generator_decides() -> None:
    masks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        masks.append(dropout(torch.ones(64), 0.5, training=True))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


@pytest.mark.parametrize("shape", [(0, 4), (1,), (3, 5, 7)])
def test_any_shape_and_precision(shape: tuple[int, ...]) -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        assert dropout(torch.ones(shape, dtype=dtype), 0.5, training=True).dtype == dtype
        assert dropout(torch.ones(shape, dtype=dtype), 0.5, training=True).shape == shape


def test_never_everything() -> None:
    assert (dropout(torch.ones(100_000), 0.999, training=True) > 0).any()


@pytest.mark.parametrize("rows", [2, 300])
def test_values_are_dropped_independently(rows: int) -> None:
    kept = torch.stack([(dropout(torch.ones(rows, 64), 0.5, True) > 0).float().flatten() for _ in range(400)])
    correlation = torch.corrcoef(kept[:, :40].T).fill_diagonal_(0)
    assert correlation.abs().max() < 0.3
