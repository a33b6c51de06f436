"""Evidential losses and uncertainties against numeric integration, closed forms of SciPy, and their limits."""

import math

import pytest
import torch
from scipy import integrate, stats
from torch import Tensor
from torch.testing import assert_close

from fluid.distillation.elements import bce
from fluid.distillation.evidential import (
    EvidenceSpec,
    beta_cross_entropy,
    beta_divergence,
    beta_entropy,
    beta_parameters,
    beta_penalty,
    beta_squared_error,
    class_elements,
    nig_nll,
    value_elements,
)
from fluid.errors import ConfigError

PAIRS = [(1.0, 1.0), (1.7, 4.2), (12.0, 1.3), (30.0, 55.0)]


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def expected(on: float, off: float, function: object) -> float:
    """Integrate a function of a Beta distributed probability."""
    density = stats.beta(on, off).pdf
    return float(integrate.quad(lambda p: density(p) * function(p), 0, 1, limit=200)[0])  # type: ignore[operator]


def bernoulli_entropy(p: float) -> float:
    return float(stats.bernoulli(p).entropy())


@pytest.mark.parametrize(("on", "off"), PAIRS)
class TestClassesAgainstIntegrals:
    @pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
    def test_the_expected_cross_entropy(self, on: float, off: float, target: float) -> None:
        reference = expected(on, off, lambda p: -target * math.log(p) - (1 - target) * math.log1p(-p) if 0 < p < 1 else 0.0)
        assert float(beta_cross_entropy(number(on), number(off), number(target))) == pytest.approx(reference, rel=1e-6)

    @pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
    def test_the_expected_squared_error_of_both_classes(self, on: float, off: float, target: float) -> None:
        reference = expected(on, off, lambda p: (target - p) ** 2 + ((1 - target) - (1 - p)) ** 2)
        assert float(beta_squared_error(number(on), number(off), number(target))) == pytest.approx(reference, rel=1e-6)

    def test_the_expected_entropy(self, on: float, off: float) -> None:
        assert float(beta_entropy(number(on), number(off))) == pytest.approx(expected(on, off, bernoulli_entropy), rel=1e-6)

    def test_the_divergence_from_no_evidence(self, on: float, off: float) -> None:
        reference = expected(on, off, stats.beta(on, off).logpdf)
        assert float(beta_divergence(number(on), number(off))) == pytest.approx(reference, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("target", [-1.3, 0.2, 4.0])
def test_the_likelihood_of_values_is_the_integral_over_mean_and_variance(target: float) -> None:
    gamma, nu, alpha, beta = 0.4, 1.7, 2.3, 0.9

    prior = stats.invgamma(alpha, scale=beta)  # of the variance; the integral over the mean is a Gaussian one

    def joint(log_variance: float) -> float:
        variance = math.exp(log_variance)
        spread = math.sqrt(variance + variance / nu)
        likelihood = math.exp(-0.5 * ((target - gamma) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
        return likelihood * float(prior.pdf(variance)) * variance

    reference = -math.log(integrate.quad(joint, -8, 12, limit=200)[0])
    found = float(nig_nll(*(number(value) for value in (gamma, nu, alpha, beta, target))))
    assert found == pytest.approx(reference, rel=1e-6)
    student = stats.t(2 * alpha, gamma, math.sqrt(beta * (1 + nu) / (nu * alpha)))
    assert found == pytest.approx(-student.logpdf(target), rel=1e-12)


def test_infinite_evidence_is_the_plain_cross_entropy_and_the_plain_entropy() -> None:
    logits, target = torch.linspace(-3, 3, 13, dtype=torch.float64), torch.linspace(0, 1, 13, dtype=torch.float64)
    on, off = beta_parameters(logits, torch.full_like(logits, 1e8))
    assert_close(beta_cross_entropy(on, off, target), bce(logits, target), rtol=1e-6, atol=1e-6)
    p = torch.sigmoid(logits)
    assert_close(beta_squared_error(on, off, target), 2 * (target - p) ** 2, rtol=1e-6, atol=1e-6)
    assert_close(beta_entropy(on, off), torch.distributions.Bernoulli(p).entropy(), rtol=1e-6, atol=1e-6)


def test_infinite_evidence_for_values_is_the_gaussian_likelihood() -> None:
    mean, target, variance = number(0.3), number(1.1), number(0.7)
    much = number(1e7)
    found = nig_nll(mean, much, much, variance * (much - 1), target)
    assert float(found) == pytest.approx(-stats.norm(0.3, math.sqrt(0.7)).logpdf(1.1), rel=1e-5)


def test_without_evidence_uncertainty_is_largest() -> None:
    evidence = torch.cat([torch.zeros(1), torch.logspace(-3, 3, 60)]).double()
    on, off = (1 + plane.flatten() for plane in torch.meshgrid(evidence, evidence, indexing="ij"))
    mean = on / (on + off)
    total = torch.distributions.Bernoulli(mean).entropy()
    mutual = total - beta_entropy(on, off)
    assert float(mutual[0]) == pytest.approx(math.log(2) - 0.5)
    assert int(mutual.argmax()) == 0
    assert float(total.max()) == pytest.approx(float(total[0])) == pytest.approx(math.log(2))
    assert bool((mutual > 0).all())


def test_only_evidence_for_the_wrong_class_is_punished() -> None:
    on, off = number(7.0), number(3.0)
    assert float(beta_penalty(on, number(1.0), number(1.0))) == pytest.approx(0, abs=1e-12)
    assert_close(beta_penalty(on, off, number(1.0)), beta_divergence(number(1.0), off))
    assert_close(beta_penalty(on, off, number(0.0)), beta_divergence(on, number(1.0)))
    assert float(beta_divergence(number(1.0), number(1.0))) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_the_two_classes_are_alike(loss: str) -> None:
    draw = torch.Generator().manual_seed(0)
    logits, strength, target = torch.randn(20, generator=draw), 2 + torch.rand(20, generator=draw), torch.rand(20, generator=draw)
    spec = EvidenceSpec(loss)
    assert_close(class_elements(spec, logits, strength, target), class_elements(spec, -logits, strength, 1 - target), rtol=1e-4, atol=1e-5)


def test_values_may_be_moved_and_mirrored() -> None:
    args = [number(value) for value in (0.4, -0.2, 1.7, 2.3, 1.5)]
    moved = [args[0] + 5, *args[1:4], args[4] + 5]
    mirrored = [-args[0], *args[1:4], -args[4]]
    for other in (moved, mirrored):
        assert_close(value_elements(EvidenceSpec(), *other), value_elements(EvidenceSpec(), *args))


def test_the_penalty_on_values_by_hand() -> None:
    args = [number(value) for value in (0.4, -0.2, 1.7, 2.3, 1.5)]
    difference = value_elements(EvidenceSpec(error=0.3), *args) - value_elements(EvidenceSpec(error=0.0), *args)
    assert float(difference) == pytest.approx(0.3 * 1.1 * (2 * 1.7 + 2.3))


@pytest.mark.parametrize("spec", [EvidenceSpec(), EvidenceSpec("squared_error", kl=0.3), EvidenceSpec(kl=0.0, error=0.0)])
def test_gradients(spec: EvidenceSpec) -> None:
    draw = torch.Generator().manual_seed(1)
    one, two, three = (torch.randn(6, generator=draw, dtype=torch.float64).requires_grad_() for _ in range(3))
    target = torch.rand(6, generator=draw, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x, s: class_elements(spec, x, 2 + torch.exp(s), target), (one, two))
    values = lambda m, v, s: value_elements(spec, m, v, torch.exp(s), 1.1 + torch.exp(v), target)  # noqa: E731
    assert torch.autograd.gradcheck(values, (one, two, three))


@pytest.mark.long
def test_it_compiles_into_one_graph() -> None:
    draw = torch.Generator().manual_seed(2)
    x, target = torch.randn(5, 3, generator=draw), torch.rand(5, 3, generator=draw)

    def both(x: Tensor, target: Tensor) -> Tensor:
        spec, strength = EvidenceSpec(), 2 + torch.exp(x)
        return class_elements(spec, x, strength, target, 0.4) + value_elements(spec, x, x, strength, strength, target)

    assert_close(torch.compile(both, fullgraph=True, backend="eager")(x, target), both(x, target))


def test_the_penalty_rises_over_the_first_epochs() -> None:
    assert [EvidenceSpec(annealing=4).share_at(epoch) for epoch in range(6)] == [0, 0.25, 0.5, 0.75, 1, 1]
    assert EvidenceSpec(annealing=0).share_at(0) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "hinge"}, r"model\.evidence\.loss is 'hinge'; expected cross_entropy or squared_error"),
        ({"kl": -1.0}, r"model\.evidence\.kl is -1\.0; expected a finite number of 0 or more"),
        ({"error": math.nan}, r"model\.evidence\.error is nan"),
        ({"annealing": -1}, r"model\.evidence\.annealing is -1; expected epochs, 0 or more"),
    ],
)
def test_wrong_settings(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EvidenceSpec(**settings)  # type: ignore[arg-type]
