"""An ensemble of networks on graphs and counts answers as its members, in any chunks, and comes back from disk as it was."""

from pathlib import Path

import numpy as np
import pytest
import torch

import fluid.models.ensemble as ensemble_module
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.joint import JointEnsemble
from fluid.models.kinds.kind import has_weights, kind_of, predict_all
from fluid.models.prediction import PLANES, combine_members
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS
from tests.models.test_count_network import batch, made
from tests.models.test_ensemble import make

ONES = np.ones(2, dtype=np.float32)


def joint(combine: str = "joint", mc_samples: int = 0, head: str = "plain") -> JointEnsemble:
    """Return two members."""
    return JointEnsemble((made(combine, head), made(combine, head, seed=1)), ENDPOINTS, 2 * ONES, 0 * ONES, ONES, mc_samples)


def test_answers_are_those_of_the_members(molecules: MoleculeSet) -> None:
    model = joint()
    with torch.inference_mode():
        outputs = [network(batch()) for network in model.networks]
    scores = np.stack([output.mean.numpy() for output in outputs]).astype(np.float64)
    means = np.stack([1 / (1 + np.exp(-scores[:, :, 0] / 2)), scores[:, :, 1]], axis=2)
    variances = np.exp(np.stack([output.log_variance.numpy() for output in outputs]).astype(np.float64))
    expected, answers = combine_members(ENDPOINTS, means, variances), model.predict(molecules)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(answers, plane), getattr(expected, plane), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("combine", ["joint", "fingerprint"])
@pytest.mark.parametrize("mc_samples", [0, 4])
def test_chunks_change_nothing(molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch, combine: str, mc_samples: int) -> None:
    model = joint(combine, mc_samples)
    whole = model.predict(molecules)
    monkeypatch.setattr(ensemble_module, "BATCH", 2)
    monkeypatch.setattr(ensemble_module, "CHUNK", 3)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(model.predict(molecules), plane), getattr(whole, plane), rtol=1e-4, atol=1e-5)
    assert len(model.predict(molecules.take(np.empty(0, np.int64)))) == 0


@pytest.mark.parametrize(("combine", "head"), [("joint", "plain"), ("joint", "evidential"), ("fingerprint", "plain")])
def test_it_comes_back_as_it_was_byte_for_byte(molecules: MoleculeSet, tmp_path: Path, combine: str, head: str) -> None:
    model = joint(combine, 2, head)
    for place in ("one", "two"):
        save_predictor(tmp_path / place, model)
    kept = load_predictor(tmp_path / "one")
    assert isinstance(kept, JointEnsemble)
    assert kept.spec == model.spec
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(kept.predict(molecules), plane), getattr(model.predict(molecules), plane))
    files = [{file.name: file.read_bytes() for file in (tmp_path / place).iterdir()} for place in ("one", "two")]
    assert files[0] == files[1]


def test_what_others_ask_of_it(molecules: MoleculeSet) -> None:
    model, other = joint(), make()
    assert not has_weights(model)
    assert kind_of(model).settings is not None
    for one, answer in zip((model, other), predict_all([model, other], molecules), strict=True):
        np.testing.assert_array_equal(answer.mean, one.predict(molecules).mean)
