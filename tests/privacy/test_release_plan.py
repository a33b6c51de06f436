from dataclasses import replace
from typing import Any

import pytest

from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.annotation.spec import AnnotationSpec
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.additive_perturbed import CURVATURE
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import NetworkSpec
from fluid.privacy.accounting import Account
from fluid.privacy.mechanisms import Gaussian, Perturbation
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.privacy.release_plan import ReleasePlan, check_certifiable, mechanisms_of, noise_for, obstacles, planned

MODEL = AdditiveSpec(solver="perturbed", strengths=(0.5,))
ANNOTATION = AnnotationSpec(domain="evidence", evidence=ReleaseSpec(clip=2.0))
CLASSES = (Endpoint.parse("a"), Endpoint.parse("b"))
PLAN = ReleasePlan(MODEL, ANNOTATION, CLASSES)
NOISY = PLAN.with_noise(1.5, 3.0)


def test_an_epsilon_gets_the_least_noise_that_keeps_it() -> None:
    found = planned(PLAN, PrivacySpec(epsilon=5.0))
    assert 4.97 < Account(mechanisms_of(found)).epsilon(1e-5) <= 5.0
    check_certifiable(found)
    counts = found.evidence.clip / found.evidence.noise
    assert counts**2 / (counts**2 + 1 / found.model.noise**2) == pytest.approx(0.4)
    assert found.evidence.min_support == found.evidence.noise
    less = PLAN._replace(endpoints=CLASSES[:1])
    assert planned(less, PrivacySpec(epsilon=5.0)).model.noise < found.model.noise < planned(PLAN, PrivacySpec(epsilon=4.0)).model.noise


def test_without_an_epsilon_the_noise_is_that_of_the_settings() -> None:
    assert planned(NOISY, PrivacySpec()) is NOISY


def test_every_endpoint_is_a_release_of_its_own() -> None:
    found = mechanisms_of(NOISY)
    assert [one.what for one in found if isinstance(one, Perturbation)] == ["weights of a", "weights of b"]
    assert Perturbation("weights of a", 1.5, 0.5, CURVATURE) in found
    assert Gaussian("evidence of b", 1 / 3.0) in found
    assert len(found) == 6


def test_nothing_stands_in_the_way_of_what_can_be_certified() -> None:
    assert obstacles(PLAN) == []
    with pytest.raises(ConfigError, match=r"cannot be certified: without noise nothing is certified .*privacy=certified"):
        check_certifiable(PLAN)


CANNOT: list[tuple[dict[str, Any], str]] = [
    ({"model": NetworkSpec()}, r"no noise of its own \(model=additive model\.solver=perturbed\)"),
    ({"model": AdditiveSpec()}, "no noise of its own"),
    ({"endpoints": (*CLASSES, Endpoint("c", "regression"))}, "endpoint 'c' is a value"),
    ({"annotation": replace(ANNOTATION, domain="bins")}, r"annotation\.domain=bins is about private molecules without noise"),
    ({"annotation": replace(ANNOTATION, overlap="cross_fit")}, "cross-fitted models would each tell of the molecules"),
    ({"annotation": replace(ANNOTATION, evidence=ReleaseSpec())}, r"any number to the evidence \(annotation\.evidence\.clip=1\)"),
]


@pytest.mark.parametrize(("changed", "message"), CANNOT)
def test_what_cannot_be_certified_is_said(changed: dict[str, Any], message: str) -> None:
    for refuse in (check_certifiable, lambda plan: planned(plan, PrivacySpec(epsilon=3.0))):
        with pytest.raises(ConfigError, match=message):
            refuse(PLAN._replace(**changed))


def test_noise_beside_an_epsilon_is_refused() -> None:
    with pytest.raises(ConfigError, match="chooses the noise, and noise is given too; expected one of both"):
        planned(NOISY, PrivacySpec(epsilon=3.0))


def test_a_penalty_too_weak_for_an_epsilon_is_said() -> None:
    with pytest.raises(
        ConfigError, match=r"with model\.strengths=10 and 1 endpoints no noise makes ε 1; expected a larger privacy\.epsilon"
    ):
        noise_for(1.0, 1e-5, 1, 10.0, 0.3)
    with pytest.raises(ConfigError, match=r"privacy\.evidence_share is 0; expected a share above 0 and below 1"):
        noise_for(1.0, 1e-5, 1, 0.1, 0.0)
