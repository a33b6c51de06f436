"""Student's t: against scipy in both tails, and its derivatives."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fluid.distillation.student_t import legendre, log_cdf


@settings(max_examples=200, deadline=None)
@given(x=st.floats(-1e4, 1e4), freedom=st.floats(2.0, 1e4))
def test_it_is_scipys(x: float, freedom: float) -> None:
    found = log_cdf(*(torch.tensor([value], dtype=torch.float64) for value in (x, freedom))).item()
    wanted = stats.t.logcdf(x, freedom)
    if wanted > -600:  # beyond, scipy's underflows
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_single_precision_is_finite_everywhere_and_close() -> None:
    x = torch.cat([torch.linspace(-60, 60, 2001), torch.tensor([-1e6, 1e6, 0.0, 1.5, -1.5])]).requires_grad_()
    for freedom in (2.002, 3.0, 10.0, 100.0, 1e5):
        n = torch.full_like(x, freedom, requires_grad=True)
        log_cdf(x, n).sum().backward()
        assert x.grad is not None
        assert n.grad is not None
        assert torch.isfinite(x.grad).all()
        assert torch.isfinite(n.grad).all()
        exact = log_cdf(x.detach().double(), n.detach().double())
        torch.testing.assert_close(log_cdf(x, n).detach().double(), exact, rtol=1e-5, atol=2e-6)


def test_its_slope_is_the_density_over_the_probability() -> None:
    x = torch.linspace(-8, 8, 161, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(log_cdf(x, torch.full_like(x, 3.3)).sum(), x)
    said = x.detach().numpy()
    wanted = torch.from_numpy(stats.t.pdf(said, 3.3) / stats.t.cdf(said, 3.3))
    torch.testing.assert_close(slope, wanted, rtol=1e-7, atol=1e-12)


def test_both_derivatives_are_those_of_finite_differences() -> None:
    x = torch.tensor([-30.0, -2.0, -1.0, 0.1, 1.4, 3.0, 9.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(log_cdf, (x, torch.linspace(2.1, 40, 7, dtype=torch.float64).requires_grad_()))


def test_it_grows_and_both_sides_add_to_one() -> None:
    x = torch.linspace(-5, 5, 2001, dtype=torch.float64)
    found = log_cdf(x, torch.full_like(x, 4.0))
    assert (found.diff() > 0).all()
    torch.testing.assert_close(found.exp() + found.flip(0).exp(), torch.ones_like(x), rtol=0, atol=1e-12)


def test_quadrature_is_exact_for_polynomials() -> None:
    nodes, weights = legendre(6, torch.device("cpu"), torch.float64)
    for power in range(12):
        assert (weights * nodes**power).sum().item() == pytest.approx(1 / (power + 1), rel=1e-13)
