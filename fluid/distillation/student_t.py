"""The distribution function of Student's t, which torch lacks: differentiable in both arguments, stable in both tails."""

import math
from functools import cache

import torch
from torch import Tensor

NODES = 24
POWER = 4
NEAR = 1.5
MANY = 10.0


def log_cdf(x: Tensor, freedom: Tensor) -> Tensor:
    """Return `log P(T ≤ x)` of Student's t, by quadrature: within 10⁻¹⁰ of it in double precision.

    Around 0, where no probability is small, `½ + x ∫₀¹ p(x u) du` with the density `p`. Beyond, with `n` degrees of freedom and
    `c = n / (n + x²)`, the tail is `P(T > |x|) = C c^(n/2) / n · ∫₀¹ (1 − c w^(2/n))^(−½) dw`: in its integral over the angle `θ` of
    `x = √n tan θ`, put `c w^(2/n)` for `cos² θ`. So its logarithm keeps all its digits however small it is. The integrands are bounded and
    smooth, with `u⁴` in the place of `w`; `C = Γ((n + 1) / 2) / (√π Γ(n / 2))`.

    Args:
        x: Any shape, finite.
        freedom: Degrees of freedom, 2 or more; the same shape.
    """
    constant = log_gamma_step(freedom / 2) - 0.5 * math.log(math.pi)
    middle = _middle(x.clamp(-NEAR, NEAR), freedom, constant)
    tail = _log_tail(x.abs().clamp(min=NEAR), freedom, constant)
    beyond = torch.where(x > 0, torch.log1p(-torch.exp(tail)), tail)
    return torch.where(x.abs() < NEAR, torch.log(0.5 + middle), beyond)


def log_gamma_step(a: Tensor) -> Tensor:
    """Return `log Γ(a + ½) − log Γ(a)`, from 10 on by its series in `1 / a`, where the difference of both would lose its digits."""
    small, large = a.clamp(max=MANY), a.clamp(min=MANY)
    series = 0.5 * torch.log(large) - 1 / (8 * large) + 1 / (192 * large**3) - 1 / (640 * large**5)
    return torch.where(a < MANY, torch.lgamma(small + 0.5) - torch.lgamma(small), series)


def _middle(x: Tensor, freedom: Tensor, constant: Tensor) -> Tensor:
    """Return `P(0 < T ≤ x)`, negative where `x` is."""
    nodes, weights = legendre(NODES, x.device, x.dtype)
    n = freedom.unsqueeze(-1)
    density = torch.exp(-0.5 * (n + 1) * torch.log1p((x.unsqueeze(-1) * nodes) ** 2 / n))
    return x * torch.exp(constant) / torch.sqrt(freedom) * (weights * density).sum(-1)


def _log_tail(x: Tensor, freedom: Tensor, constant: Tensor) -> Tensor:
    """Return `log P(T > x)` for `x` well above 0."""
    nodes, weights = legendre(NODES, x.device, x.dtype)
    log_cosine = -torch.log1p(x**2 / freedom)
    sine = -torch.expm1(log_cosine.unsqueeze(-1) + 2 * POWER * torch.log(nodes) / freedom.unsqueeze(-1))
    integral = (weights * POWER * nodes ** (POWER - 1) * torch.rsqrt(sine)).sum(-1)
    return constant + 0.5 * freedom * log_cosine - torch.log(freedom) + torch.log(integral)


@cache
def legendre(n: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return nodes and weights `(n,)` of Gauss-Legendre quadrature over [0, 1], from the eigenvalues of Legendre's recurrence.

    Golub & Welsch 1969, doi:10.1090/S0025-5718-69-99647-1.
    """
    with torch.inference_mode(False), torch.no_grad():
        k = torch.arange(1, n, dtype=torch.float64)
        beside = k / torch.sqrt(4 * k**2 - 1)
        values, vectors = torch.linalg.eigh(torch.diag(beside, 1) + torch.diag(beside, -1))
        return ((values + 1) / 2).to(device, dtype), (vectors[0] ** 2).to(device, dtype)
