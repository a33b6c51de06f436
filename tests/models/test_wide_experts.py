"""Experts beside a network: the mean of their scores, and how they are kept."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.own_expert import OwnExpert
from fluid.models.prediction import PLANES
from fluid.models.wide_experts import WideExperts
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS
from tests.models.test_experts import experts
from tests.models.test_heads import network
from tests.models.test_own_expert import NOWHERE, teacher_like


def student(share: float = 0.3) -> WideExperts:
    return WideExperts(network(1, ENDPOINTS), experts(), share)


def test_the_mean_of_log_odds_and_of_values(molecules: MoleculeSet) -> None:
    said, deep, wide = (one.predict(molecules).mean.astype(float) for one in (student(), network(1, ENDPOINTS), experts()))
    np.testing.assert_allclose(said[:, 0], expit(0.3 * logit(deep[:, 0]) + 0.7 * logit(wide[:, 0])), rtol=1e-4)
    np.testing.assert_allclose(said[:, 1], 0.3 * deep[:, 1] + 0.7 * wide[:, 1], rtol=1e-5)


def test_with_all_of_the_share_one_answers_alone(molecules: MoleculeSet) -> None:
    for share, alone in ((0.0, experts()), (1.0, network(1, ENDPOINTS))):
        np.testing.assert_allclose(student(share).predict(molecules).mean, alone.predict(molecules).mean, atol=1e-5)


@pytest.mark.parametrize("own", [False, True])
def test_it_comes_back_from_its_folder(molecules: MoleculeSet, tmp_path: Path, own: bool) -> None:
    one = experts()
    part = OwnExpert(one, teacher_like(one, 0, (0, 1)), "T1", one.counts[0], NOWHERE) if own else one
    model = WideExperts(network(1, ENDPOINTS), part, 0.3)
    save_predictor(tmp_path / "m", model)
    again = load_predictor(tmp_path / "m")
    assert isinstance(again, WideExperts)
    for plane in PLANES:
        assert np.array_equal(getattr(again.predict(molecules), plane), getattr(model.predict(molecules), plane))


def test_what_does_not_fit() -> None:
    with pytest.raises(ConfigError, match=r"the network's share is 1\.5; expected a share in \[0, 1\]"):
        student(1.5)
    with pytest.raises(ConfigError, match="the network answers other, the experts active, logd; expected the same endpoints"):
        WideExperts(network(1, (Endpoint("other"),)), experts(), 0.5)
