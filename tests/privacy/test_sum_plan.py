import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from fluid.artifacts import write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.privacy.accounting import Account
from fluid.privacy.certificate import COVERS, digest_of, read_certificate
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.privacy.sum_plan import COUNT_SHARE, Summed, SumNoise, noise_for, opened_deviation, sum_certificate, sum_noise

CLASSES = (Endpoint.parse("a"), Endpoint.parse("b"))
OPENED = (np.array([100.0, 90.0]), np.ones((2, 2, 3)))


@pytest.mark.parametrize("epsilon", [8.0, 3.0, 1.0])
def test_the_noise_of_an_epsilon_is_that_of_the_gaussian_mechanism(epsilon: float) -> None:
    """By the closed form of Balle & Wang 2018 (arXiv:1805.06530, theorem 8), counting included."""
    found = noise_for(epsilon, 1e-5, 1)
    ratio = math.hypot(*found)
    delta = norm.cdf(ratio / 2 - epsilon / ratio) - math.exp(epsilon) * norm.cdf(-ratio / 2 - epsilon / ratio)
    assert 0.96e-5 < delta <= 1e-5
    assert (found.counting / ratio) ** 2 == pytest.approx(COUNT_SHARE)


def test_several_endpoints_share_what_may_be_told() -> None:
    """One molecule may have labels of all: their noises are accounted for together."""
    for endpoints in (CLASSES[:1], CLASSES):
        found = noise_for(3.0, 1e-5, len(endpoints))
        assert 2.98 < Account(found.mechanisms(endpoints)).epsilon(1e-5) <= 3.0
    assert noise_for(3.0, 1e-5, 4).gradients == pytest.approx(noise_for(3.0, 1e-5, 1).gradients / 2)


def test_without_an_epsilon_there_is_no_noise() -> None:
    assert sum_noise(PrivacySpec(), 1) is None


@pytest.mark.parametrize(("companies", "colluding"), [(2, 1), (8, 1), (8, 3), (5, 0)])
def test_the_noise_of_those_who_do_not_collude_is_enough(companies: int, colluding: int) -> None:
    """Variances of independent noises add up, over companies and, for the precision, over rounds."""
    gradient, count = SumNoise(0.8, 0.1).deviations(16, companies, colluding)
    seen = (companies - colluding) ** 0.5
    assert math.sqrt(16) / (gradient * seen) == pytest.approx(0.8)
    assert 1 / (count * seen) == pytest.approx(0.1)


def test_the_noise_of_all_companies_together_is_what_is_opened() -> None:
    noise = SumNoise(0.8, 0.1)
    assert opened_deviation(noise, 16, 8, 1) == pytest.approx(math.sqrt(16 * 8 / 7) / 0.8)
    assert opened_deviation(noise, 16, 5, 0) == pytest.approx(4 / 0.8)
    assert opened_deviation(None, 16, 8, 1) == 0.0


def test_all_companies_cannot_collude() -> None:
    with pytest.raises(ConfigError, match="colluding is 2, and 2 companies add up.*more companies than collude"):
        SumNoise(1.0, 1.0).deviations(16, 2, 2)


def test_the_certificate_is_one_and_names_what_is_assumed(tmp_path: Path) -> None:
    noise = noise_for(3.0, 1e-5, 2)
    found = sum_certificate(Summed(("T1", "T2", "T3"), CLASSES, 1, OPENED), noise, 1e-5, True)
    write_json(tmp_path / "certificate.json", found)
    assert read_certificate(tmp_path / "certificate.json") == json.loads(json.dumps(found))
    assert found["company"] == "each of T1, T2, T3"
    assert found["release"] == digest_of(*OPENED)
    assert found["holds"]
    assert found["this_release"]["epsilon"] <= 3.0
    assert found["covers"][len(COVERS) :] == ["what another company of 3 can find out, knowing also what they sent themselves"]
    assert "only to be curious" in found["does_not_cover"][-1]


def test_whom_a_certificate_covers_follows_from_who_colludes() -> None:
    noise = noise_for(3.0, 1e-5, 2)
    three = sum_certificate(Summed(("T1", "T2", "T3", "T4"), CLASSES, 3, OPENED), noise, 1e-5, True)
    assert three["covers"][-1].startswith("what 3 other companies together of 4 can find out")
    none = sum_certificate(Summed(("T1", "T2"), CLASSES, 0, OPENED), noise, 1e-5, False)
    assert none["covers"] == list(COVERS)
    assert not none["holds"]
