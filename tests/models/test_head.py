import pytest
import torch

from fluid.models.head import Head


@pytest.fixture
def head() -> Head:
    torch.manual_seed(0)
    return Head(6, 10, 3, 0.4).double().eval().requires_grad_(False)


VECTORS = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def naive(head: Head, vector: torch.Tensor, keep: list[float]) -> tuple[list[float], list[float]]:
    """Answer one molecule with plain sums; `keep` scales the hidden units."""
    units = []
    for row, bias in zip(head.hidden.weight, head.hidden.bias, strict=True):
        units.append(max(0.0, sum(float(w) * float(x) for w, x in zip(row, vector, strict=True)) + float(bias)))
    out = []
    for row, bias in zip(head.out.weight, head.out.bias, strict=True):
        out.append(sum(float(w) * u * k for w, u, k in zip(row, units, keep, strict=True)) + float(bias))
    return out[:3], [min(max(value, -8.0), 8.0) for value in out[3:]]


def test_without_dropout_it_is_a_two_layer_perceptron(head: Head) -> None:
    mean, log_variance = head(VECTORS)
    for i, vector in enumerate(VECTORS):
        expected = naive(head, vector, [1.0] * 10)
        torch.testing.assert_close(mean[i].tolist(), expected[0], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(log_variance[i].tolist(), expected[1], rtol=1e-12, atol=1e-12)


def test_samples_are_masks_of_hidden_units_shared_by_all_molecules(head: Head) -> None:
    masks = torch.rand(4, 1, 10, generator=torch.Generator().manual_seed(7)) >= 0.4
    mean, log_variance = head.sample(VECTORS, torch.Generator().manual_seed(7), 4)
    assert mean.shape == log_variance.shape == (4, 5, 3)
    for s in range(4):
        keep = [float(kept) / 0.6 for kept in masks[s, 0]]
        for i, vector in enumerate(VECTORS):
            expected = naive(head, vector, keep)
            torch.testing.assert_close(mean[s, i].tolist(), expected[0], rtol=1e-12, atol=1e-12)
            torch.testing.assert_close(log_variance[s, i].tolist(), expected[1], rtol=1e-12, atol=1e-12)


def test_without_a_dropout_rate_every_sample_is_the_plain_answer() -> None:
    head = Head(6, 10, 3, 0.0).double().eval()
    mean, _ = head.sample(VECTORS, torch.Generator().manual_seed(0), 3)
    torch.testing.assert_close(mean, head(VECTORS)[0].expand(3, -1, -1), rtol=1e-12, atol=1e-12)


def test_units_are_kept_at_the_given_rate() -> None:
    head = Head(1, 1, 1, 0.3).double().requires_grad_(False)
    for weight, value in ((head.hidden.weight, 1.0), (head.out.weight, 1.0), (head.hidden.bias, 0.0), (head.out.bias, 0.0)):
        torch.nn.init.constant_(weight, value)
    mean, _ = head.sample(torch.ones(1, 1, dtype=torch.float64), torch.Generator().manual_seed(0), 20_000)
    assert sorted(set(mean.flatten().tolist())) == pytest.approx([0.0, 1 / 0.7])
    assert float((mean > 0).double().mean()) == pytest.approx(0.7, abs=0.015)
    assert float(mean.mean()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("sign", "expected"), [(1, 8.0), (-1, -8.0)])
def test_the_log_variance_is_bounded(head: Head, sign: int, expected: float) -> None:
    torch.nn.init.constant_(head.out.bias, sign * 1e6)
    mean, log_variance = head(VECTORS)
    assert torch.all(log_variance == expected)
    assert torch.all(mean.abs() > 1e5)
