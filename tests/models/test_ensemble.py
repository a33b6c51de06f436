import time

import numpy as np
import pytest
import torch

import fluid.models.ensemble as ensemble_module
from fluid.errors import ConfigError, ShapeError
from fluid.models.encoders import Distinct, EnvironmentEncoder
from fluid.models.encoders.gine import GINEEncoder
from fluid.models.ensemble import GraphEnsemble, SharedChunk, predict_together
from fluid.models.network import Network
from fluid.models.prediction import PLANES, combine_members
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphBatch
from fluid.molecules.environment_library import EnvironmentLibrary
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import PackedGraphs
from fluid.threads import spread_over
from tests.models.conftest import ENDPOINTS, batch_of

ONES, ZEROS = np.ones(2, dtype=np.float32), np.zeros(2, dtype=np.float32)


def make(members: int = 2, mc_samples: int = 0, **changes: np.ndarray) -> GraphEnsemble:
    networks = []
    for seed in range(members):
        torch.manual_seed(seed)
        networks.append(Network(NetworkSpec(hidden=8, layers=2), ENDPOINTS).eval())
    values = {"temperature": ONES, "location": ZEROS, "scale": ONES, **changes}
    return GraphEnsemble(tuple(networks), ENDPOINTS, mc_samples=mc_samples, **values)


def test_answers_are_those_of_the_members_calibrated_and_scaled(molecules: MoleculeSet) -> None:
    changes = {"temperature": np.array([2.0, 1.0]), "location": np.array([0.0, 5.0]), "scale": np.array([1.0, 3.0])}
    model = make(**{name: value.astype(np.float32) for name, value in changes.items()})
    with torch.inference_mode():
        outputs = [network(batch_of(molecules.smiles)) for network in model.networks]
    logits = np.stack([output.mean.numpy() for output in outputs]).astype(np.float64)
    variances = np.exp(np.stack([output.log_variance.numpy() for output in outputs]).astype(np.float64)) * np.array([1.0, 9.0])
    means = np.stack([1 / (1 + np.exp(-logits[:, :, 0] / 2)), logits[:, :, 1] * 3 + 5], axis=2)
    expected, answers = combine_members(ENDPOINTS, means, variances), model.predict(molecules)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(answers, plane), getattr(expected, plane), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mc_samples", [0, 4])
def test_batches_change_nothing(molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch, mc_samples: int) -> None:
    model = make(mc_samples=mc_samples)
    whole = model.predict(molecules)
    monkeypatch.setattr(ensemble_module, "BATCH", 2)
    monkeypatch.setattr(ensemble_module, "CHUNK", 2)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(model.predict(molecules), plane), getattr(whole, plane), rtol=1e-5, atol=1e-6)


def test_dropout_samples_are_the_same_every_time_and_add_epistemic_uncertainty(molecules: MoleculeSet) -> None:
    plain, sampled = make(1).predict(molecules), make(1, mc_samples=16).predict(molecules)
    assert np.all(plain.epistemic < 1e-6)
    assert np.all(sampled.epistemic > 0)
    np.testing.assert_array_equal(sampled.mean, make(1, mc_samples=16).predict(molecules).mean)


def test_many_dropout_samples_average_to_the_plain_value(molecules: MoleculeSet) -> None:
    plain, sampled = make(1).predict(molecules), make(1, mc_samples=4000).predict(molecules)
    np.testing.assert_allclose(sampled.mean[:, 1], plain.mean[:, 1], atol=0.02)


def test_no_molecules() -> None:
    assert make().predict(MoleculeSet.from_smiles(())).mean.shape == (0, 2)


def test_wrong_ensembles() -> None:
    with pytest.raises(ConfigError, match="needs a network"):
        make(0)
    with pytest.raises(ConfigError, match="mc_samples"):
        make(mc_samples=-1)
    with pytest.raises(ShapeError, match="temperature"):
        make(temperature=ONES[:1])
    with pytest.raises(ConfigError, match="not above 0"):
        make(temperature=ZEROS)


@pytest.mark.parametrize(("device", "path"), [("cpu", "environments"), ("cuda", "batches")])
def test_a_gpu_takes_whole_graphs(molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch, device: str, path: str) -> None:
    asked = []

    class Asked(SharedChunk):
        def environments(self, encoder: EnvironmentEncoder, device: torch.device) -> Distinct:
            asked.append("environments")
            return super().environments(encoder, torch.device("cpu"))

        def batches(self, device: torch.device) -> list[GraphBatch]:
            asked.append("batches")
            return super().batches(torch.device("cpu"))

    expected = make().predict(molecules).mean
    monkeypatch.setattr(GraphEnsemble, "device", torch.device(device))
    with torch.inference_mode():
        (parts,) = make().answers(Asked(molecules.graphs))
    assert asked == [path]
    np.testing.assert_allclose(parts[0].mean(axis=0), expected, atol=1e-6)


def test_threads_share_a_chunk_and_change_no_bit(molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def slowly(graphs: PackedGraphs, radius: int, compact: bool) -> EnvironmentLibrary:
        made.append(len(graphs))
        time.sleep(0.05)
        return EnvironmentLibrary.of(graphs, radius, compact)

    ensembles = [make(1, temperature=np.full(2, 1 + number, dtype=np.float32)) for number in range(6)]
    alone = [ensemble.predict(molecules) for ensemble in ensembles]
    monkeypatch.setattr(GINEEncoder, "environments", lambda self, graphs, compact: slowly(graphs, len(self.layers), compact))
    with spread_over(2) as spread:
        together = predict_together(ensembles, molecules, spread)
    assert made == [len(molecules)]
    for one, other in zip(alone, together, strict=True):
        assert all(getattr(one, plane).tobytes() == getattr(other, plane).tobytes() for plane in PLANES)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_answers(molecules: MoleculeSet) -> None:
    here, there = make().predict(molecules), make()
    for network in there.networks:
        network.cuda()
    np.testing.assert_allclose(there.predict(molecules).mean, here.mean, atol=1e-5)


@pytest.mark.parametrize("name", ["temperature", "location", "scale"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_calibration_must_be_finite(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"a {name} is not a finite number"):
        make(**{name: np.array([1.0, value], dtype=np.float32)})
