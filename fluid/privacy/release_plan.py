"""What of a company's release can be certified, by which mechanisms, and how much noise an ε asks for."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.annotation.spec import AnnotationSpec
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.additive_perturbed import CURVATURE, END_RATIO
from fluid.models.additive_spec import AdditiveSpec
from fluid.privacy.accounting import LEAST_RATIO, Account, largest_ratio
from fluid.privacy.mechanisms import Gaussian, Mechanism, Perturbation
from fluid.privacy.privacy_spec import PrivacySpec

PARTS = ("weights of ", "where the solver stopped for ", "evidence of ")
"""What is released of each endpoint, in words before its name."""
REMEDY = "privacy=certified sets all of them."


class ReleasePlan(NamedTuple):
    """What a company is about to release.

    Attributes:
        model: Settings of its teacher.
        annotation: What is released beside the teacher's answers.
        endpoints: The endpoints.
    """

    model: Any
    annotation: AnnotationSpec
    endpoints: tuple[Endpoint, ...]

    @property
    def evidence(self) -> ReleaseSpec:
        """What of the evidence is released."""
        return self.annotation.evidence

    def with_noise(self, weights: float, evidence: float) -> "ReleasePlan":
        """Return the plan with other noise: the random term's of the weights, and that of counts in units of the clip.

        Counts below their noise become 0, which is decided after it was drawn.
        """
        noise = evidence * self.evidence.clip
        counts = replace(self.evidence, noise=noise, min_support=max(noise, self.evidence.min_support))
        return self._replace(model=replace(self.model, noise=weights), annotation=replace(self.annotation, evidence=counts))


def obstacles(plan: ReleasePlan) -> list[str]:
    """Return why a release cannot be certified, whatever its noise; each says what would do instead.

    The teacher must learn from all its molecules, as one with noise does: which are held out would depend on all of them.
    """
    model, found = plan.model, []
    if not isinstance(model, AdditiveSpec) or not model.is_perturbed:
        found.append("the teacher has no noise of its own (model=additive model.solver=perturbed)")
    found += [f"endpoint {one.name!r} is a value (a threshold makes it a class)" for one in plan.endpoints if one.kind != "classification"]
    if plan.annotation.domain != "evidence":
        found.append(f"annotation.domain={plan.annotation.domain} is about private molecules without noise (annotation.domain=evidence)")
    if not plan.evidence.clip:
        found.append("one molecule may add any number to the evidence (annotation.evidence.clip=1)")
    if plan.annotation.overlap == "cross_fit":
        found.append("cross-fitted models would each tell of the molecules (annotation.overlap=allow: noisy answers need no other model)")
    return found


def check_certifiable(plan: ReleasePlan) -> None:
    """Refuse a release that cannot be certified.

    Raises:
        ConfigError: There is an obstacle, or a noise is 0.
    """
    found = obstacles(plan)
    if not found and not (plan.model.noise and plan.evidence.noise):
        found = ["without noise nothing is certified (privacy.epsilon, or model.noise and annotation.evidence.noise)"]
    if found:
        raise ConfigError(f"this release cannot be certified: {'; '.join(found)}", remedy=REMEDY)


def mechanisms_of(plan: ReleasePlan) -> tuple[Mechanism, ...]:
    """Return the mechanisms of a release that can be certified: of each endpoint its weights, where the solver stopped, and its counts."""
    found: list[Mechanism] = []
    for one in plan.endpoints:
        weights, stop, counts = names_of(one)
        found.append(Perturbation(weights, plan.model.noise, plan.model.strengths[0], CURVATURE))
        found.append(Gaussian(stop, END_RATIO))
        found.append(Gaussian(counts, plan.evidence.clip / plan.evidence.noise))
    return tuple(found)


def names_of(endpoint: Endpoint) -> tuple[str, str, str]:
    """Return what is released of an endpoint, in words: weights, where the solver stopped, and counts."""
    weights, stop, counts = (f"{part}{endpoint.name}" for part in PARTS)
    return weights, stop, counts


def planned(plan: ReleasePlan, privacy: PrivacySpec) -> ReleasePlan:
    """Return the plan with the noise that its ε asks for, or as it is if none is given.

    Raises:
        ConfigError: The release cannot be certified, noise is given beside an ε, or no noise is enough.
    """
    if privacy.epsilon is None:
        return plan
    if found := obstacles(plan):
        raise ConfigError(f"privacy.epsilon is given, and this release cannot be certified: {'; '.join(found)}", remedy=REMEDY)
    if plan.model.noise or plan.evidence.noise:
        raise ConfigError("privacy.epsilon chooses the noise, and noise is given too", expected="one of both")
    strength = plan.model.strengths[0]
    return plan.with_noise(*noise_for(privacy.epsilon, privacy.delta, len(plan.endpoints), strength, privacy.evidence_share))


@cache
def noise_for(epsilon: float, delta: float, endpoints: int, strength: float, share: float) -> tuple[float, float]:
    """Return the least noise with which a release is (ε, δ)-differentially private: of the weights' random term, and of counts per clip.

    Args:
        epsilon: ε.
        delta: δ.
        endpoints: How many endpoints are released.
        strength: `C`.
        share: Share of evidence in the sum of squared ratios.

    Raises:
        ConfigError: Weights or evidence would have no share, or the penalty is too weak for any noise to be enough.
    """
    if not 0 < share < 1:
        raise ConfigError(f"privacy.evidence_share is {share:g}", expected="a share above 0 and below 1, since both are released")

    def noises(ratio: float) -> tuple[float, float]:
        return (1 / (ratio * (1 - share) ** 0.5), 1 / (ratio * share**0.5))

    def found(ratio: float) -> float:
        return spent(*noises(ratio), endpoints, strength, delta)

    if found(LEAST_RATIO) > epsilon:
        said = f"with model.strengths={strength:g} and {endpoints} endpoints no noise makes ε {epsilon:g}"
        raise ConfigError(
            said, expected=f"a larger privacy.epsilon, or a smaller strength ({found(LEAST_RATIO):.3g} is spent by the penalty alone)"
        )
    return noises(largest_ratio(found, epsilon))


def spent(weights: float, evidence: float, endpoints: int, strength: float, delta: float) -> float:
    """Return the ε of a release by its noise; arguments as `noise_for` returns and takes them."""
    one: Sequence[Mechanism] = (
        Perturbation("weights", weights, strength, CURVATURE),
        Gaussian("stop", END_RATIO),
        Gaussian("counts", 1 / evidence),
    )
    return Account(tuple(one) * endpoints).epsilon(delta)
