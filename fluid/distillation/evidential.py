"""Evidence in the place of a point: a Beta distribution over a probability, a Normal-Inverse-Gamma over mean and variance of a value.

Element losses as in `elements.py`, without masks, weights and checks, and what the distributions say of uncertainty. Tensors of one shape.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from fluid.distillation.student_t import log_cdf
from fluid.errors import ConfigError
from fluid.ranges import require_not_negative

CLASS_LOSSES = ("cross_entropy", "squared_error")
MOST_LOG_EVIDENCE = 10.0
LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class EvidenceSpec:
    """How an evidential head learns.

    Attributes:
        loss: Loss of classes, expected under the Beta distribution: `cross_entropy` or `squared_error`.
        kl: Weight of the penalty on evidence for the wrong class.
        annealing: Epochs over which that weight rises from 0; 0: it is whole from the start.
        error: Weight of the penalty on evidence for values that are off.
    """

    loss: str = "cross_entropy"
    kl: float = 1.0
    annealing: int = 10
    error: float = 0.01

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The loss is unknown, or a number is out of range.
        """
        if self.loss not in CLASS_LOSSES:
            raise ConfigError(f"model.evidence.loss is {self.loss!r}", expected=" or ".join(CLASS_LOSSES))
        require_not_negative(self, "model.evidence", "kl", "error")
        if self.annealing < 0:
            raise ConfigError(f"model.evidence.annealing is {self.annealing}", expected="epochs, 0 or more")

    def share_at(self, epoch: int) -> float:
        """Return the share of `kl` that counts in an epoch: `min(1, epoch / annealing)` (Sensoy et al. 2018, sec. 4)."""
        return min(1.0, epoch / self.annealing) if self.annealing else 1.0


def beta_parameters(logits: Tensor, strength: Tensor) -> tuple[Tensor, Tensor]:
    """Return `α₁ = S p` and `α₀ = S (1 − p)` of the Beta distribution with mean `p = σ(logit)` and strength `S`."""
    return strength * torch.sigmoid(logits), strength * torch.sigmoid(-logits)


def beta_cross_entropy(on: Tensor, off: Tensor, target: Tensor) -> Tensor:
    """Return the expected cross-entropy `q (ψ(S) − ψ(α₁)) + (1 − q) (ψ(S) − ψ(α₀))`, `S = α₁ + α₀`.

    Sensoy et al. 2018, Evidential deep learning to quantify classification uncertainty, NeurIPS, arXiv:1806.01768, eq. 4, for two classes;
    soft labels `q` enter linearly. As evidence grows at the same mean it becomes the cross-entropy of the mean.
    """
    return torch.digamma(on + off) - target * torch.digamma(on) - (1 - target) * torch.digamma(off)


def beta_squared_error(on: Tensor, off: Tensor, target: Tensor) -> Tensor:
    """Return the expected squared error of both classes, `2 [(q − p)² + p (1 − p) / (S + 1)]` (Sensoy et al. 2018, eq. 5)."""
    strength = on + off
    mean = on / strength
    return 2 * ((target - mean) ** 2 + mean * (1 - mean) / (strength + 1))


def beta_penalty(on: Tensor, off: Tensor, target: Tensor) -> Tensor:
    """Return `KL(Beta(α̃) ‖ Beta(1, 1))` with `α̃ = y + (1 − y) α`: what is left of the evidence without that for the true class.

    Sensoy et al. 2018, sec. 4. Of a soft label each class keeps its evidence as far as the label says that it is wrong.
    """
    wrong_on, wrong_off = target + (1 - target) * on, (1 - target) + target * off
    return beta_divergence(wrong_on, wrong_off)


def beta_divergence(on: Tensor, off: Tensor) -> Tensor:
    """Return `KL(Beta(α₁, α₀) ‖ Beta(1, 1)) = −log B(α₁, α₀) + Σ (α_c − 1) (ψ(α_c) − ψ(S))`, 0 or more."""
    strength = on + off
    log_beta = torch.lgamma(on) + torch.lgamma(off) - torch.lgamma(strength)
    both = torch.digamma(strength)
    return (on - 1) * (torch.digamma(on) - both) + (off - 1) * (torch.digamma(off) - both) - log_beta


def beta_entropy(on: Tensor, off: Tensor) -> Tensor:
    """Return the expected entropy in nats of a class whose probability is Beta distributed, `−Σ_c p_c (ψ(α_c + 1) − ψ(S + 1))`.

    The aleatoric part; the entropy of the mean less this is the mutual information between class and probability, the epistemic part
    (Malinin & Gales 2018, arXiv:1802.10501): the same two quantities as for the members of an ensemble, in closed form.
    """
    strength = on + off
    both = torch.digamma(strength + 1)
    return (on * (both - torch.digamma(on + 1)) + off * (both - torch.digamma(off + 1))) / strength


def class_elements(spec: EvidenceSpec, logits: Tensor, strength: Tensor, target: Tensor, share: float = 1.0) -> Tensor:
    """Return the loss of classes with its penalty: `loss + share · kl · penalty`."""
    on, off = beta_parameters(logits, strength)
    loss = beta_cross_entropy(on, off, target) if spec.loss == "cross_entropy" else beta_squared_error(on, off, target)
    return loss + share * spec.kl * beta_penalty(on, off, target) if spec.kl else loss


def nig_nll(mean: Tensor, strength: Tensor, freedom: Tensor, beta: Tensor, target: Tensor) -> Tensor:
    """Return the negative log-likelihood of a value under a Normal-Inverse-Gamma distribution of its mean and variance.

    `½ log(π/ν) − α log Ω + (α + ½) log((y − γ)² ν + Ω) + log Γ(α) − log Γ(α + ½)`, `Ω = 2 β (1 + ν)`: Student's t around `γ` with `2α`
    degrees of freedom and squared scale `β (1 + ν) / (ν α)` (Amini et al. 2020, Deep evidential regression, NeurIPS,
    arXiv:1910.02600, eq. 8).

    Args:
        mean: `γ`.
        strength: `ν`, above 0: evidence for the mean, in observations.
        freedom: `α`, above 1: half the evidence for the variance.
        beta: `β`, above 0.
        target: `y`.
    """
    omega = 2 * beta * (1 + strength)
    gammas = torch.lgamma(freedom) - torch.lgamma(freedom + 0.5)
    distance = torch.log1p((target - mean) ** 2 * strength / omega)
    return 0.5 * (torch.log(torch.pi / strength) + torch.log(omega)) + (freedom + 0.5) * distance + gammas


def value_elements(spec: EvidenceSpec, mean: Tensor, log_variance: Tensor, strength: Tensor, freedom: Tensor, target: Tensor) -> Tensor:
    """Return the loss of values with its penalty on evidence, `nll + error · |y − γ| (2ν + α)` (Amini et al. 2020, eqs. 8 to 10).

    Args:
        spec: Weight of the penalty.
        mean: `γ`.
        log_variance: `log(β / (α − 1))`, the logarithm of the expected variance.
        strength: `ν`.
        freedom: `α`.
        target: `y`.
    """
    beta = torch.exp(log_variance) * (freedom - 1)
    loss = nig_nll(mean, strength, freedom, beta, target)
    return loss + spec.error * (target - mean).abs() * (2 * strength + freedom) if spec.error else loss


def value_bounds(
    spec: EvidenceSpec, mean: Tensor, log_variance: Tensor, strength: Tensor, freedom: Tensor, bound: Tensor, side: Tensor
) -> Tensor:
    """Return the loss of values of which a bound is known, `−log P + error · max(0, s (b − γ)) (2ν + α)`.

    `P` is the probability that the value lies above the bound `b` (`s = 1`) or below it (`s = −1`), by the Student's t that `nig_nll` has:
    around `γ`, with `2α` degrees of freedom and squared scale `β (1 + ν) / (ν α)`. The penalty on evidence counts on the wrong side only.

    Args:
        spec: Weight of the penalty.
        mean: `γ`.
        log_variance: `log(β / (α − 1))`, the logarithm of the expected variance.
        strength: `ν`.
        freedom: `α`.
        bound: `b`.
        side: `s`.
    """
    scale = torch.exp(0.5 * log_variance) * torch.sqrt((freedom - 1) / freedom * (1 + strength) / strength)
    distance = side * (mean - bound)
    loss = -log_cdf(distance / scale, 2 * freedom)
    return loss + spec.error * (-distance).clamp(min=0) * (2 * strength + freedom) if spec.error else loss


def class_evidence(raw: Tensor) -> Tensor:
    """Return evidence `exp(raw)`, at most `e^10`: without the dead regions of a rectifier (Pandey & Yu 2023, arXiv:2306.11113)."""
    return torch.exp(raw.clamp(max=MOST_LOG_EVIDENCE))


def make_positive(raw: Tensor) -> Tensor:
    """Return `softplus(raw)` of at least a thousandth, so that no uncertainty is infinite."""
    return F.softplus(raw) + LEAST
