"""Evidential networks: head, decomposition, calibration, files; against loops and closed forms in NumPy and SciPy."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import digamma, expit, logit
from torch.nn.functional import softplus

from fluid.errors import ArtifactError, ConfigError
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.evidential_head import EvidentialHead
from fluid.models.network import Network
from fluid.models.prediction import PLANES
from fluid.models.predictor import NetworkSpec
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, batch_of

ENCODERS = ("gine", "dmpnn", "attentivefp")


def make(encoder: str = "gine", members: int = 2, mc_samples: int = 0, head_dropout: float = 0.3) -> GraphEnsemble:
    networks = []
    for seed in range(members):
        torch.manual_seed(seed)
        spec = NetworkSpec(encoder, hidden=8, layers=2, head_dropout=head_dropout, head="evidential")
        networks.append(Network(spec, ENDPOINTS).eval())
    calibration = (np.array(values, dtype=np.float32) for values in ([1.7, 1.0], [0.0, 2.0], [1.0, 0.5]))
    return GraphEnsemble(tuple(networks), ENDPOINTS, *calibration, mc_samples=mc_samples)


def head(dtype: torch.dtype = torch.float64) -> EvidentialHead:
    torch.manual_seed(0)
    made = EvidentialHead(6, 10, [True, False, True], 0.4)
    return made.to(dtype).eval().requires_grad_(False)  # type: ignore[no-any-return]


VECTORS = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_the_numbers_by_hand() -> None:
    made = head()
    raw = made.out(torch.relu(made.hidden(VECTORS)))
    mean, log_variance, strength, freedom = made(VECTORS)
    assert mean.shape == log_variance.shape == strength.shape == freedom.shape == (5, 3)
    for column in (0, 2):
        on, off = 1 + raw[:, column].exp(), 1 + raw[:, 3 + column].exp()
        torch.testing.assert_close(mean[:, column], torch.logit(on / (on + off)))
        torch.testing.assert_close(strength[:, column], on + off)
    torch.testing.assert_close(mean[:, 1], raw[:, 1])
    torch.testing.assert_close(strength[:, 1], softplus(raw[:, 4]) + 1e-3)
    torch.testing.assert_close(freedom[:, 1], 1 + softplus(raw[:, 7]) + 1e-3)
    torch.testing.assert_close(log_variance[:, 1].exp(), (softplus(raw[:, 10]) + 1e-3) / (softplus(raw[:, 7]) + 1e-3))


@pytest.mark.parametrize("sign", [-1, 1])
def test_whatever_the_network_says_is_finite(sign: int) -> None:
    made = head(torch.float32)
    torch.nn.init.constant_(made.out.bias, sign * 1e4)
    assert all(bool(torch.isfinite(plane).all()) for plane in made(VECTORS.float()))


def test_half_precision_is_only_in_the_matrix_products() -> None:
    exact, short = head(), head(torch.bfloat16)
    said = short(VECTORS.bfloat16())
    assert all(plane.dtype == torch.float32 for plane in said)
    for plane, reference in zip(said, exact(VECTORS), strict=True):
        torch.testing.assert_close(plane.double(), reference, rtol=0.05, atol=0.05)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = head(torch.float32)(VECTORS.float())
    assert all(plane.dtype == torch.float32 for plane in mixed)


def test_no_evidence_is_the_largest_uncertainty(molecules: MoleculeSet) -> None:
    model = make(members=1)
    torch.nn.init.zeros_(model.networks[0].head.out.weight)
    torch.nn.init.constant_(model.networks[0].head.out.bias, -1e6)
    said = model.predict(molecules)
    np.testing.assert_allclose(said.mean[:, 0], 0.5)
    np.testing.assert_allclose(said.epistemic[:, 0], math.log(2) - 0.5, rtol=1e-6)
    np.testing.assert_allclose(said.aleatoric[:, 0], 0.5, rtol=1e-6)
    assert np.all(said.epistemic[:, 1] > 100)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_uncertainties_of_members_add_up_by_the_law_of_total_variance(encoder: str, molecules: MoleculeSet) -> None:
    model = make(encoder)
    with torch.inference_mode():
        planes = [[plane.double().numpy() for plane in network(batch_of(molecules.smiles))] for network in model.networks]
    probs, entropies, means, variances, doubts = [], [], [], [], []
    for mean, log_variance, strength, _ in planes:
        p, s = expit(mean[:, 0] / np.float32(1.7)), strength[:, 0]
        probs.append(p)
        entropies.append(-p * (digamma(s * p + 1) - digamma(s + 1)) - (1 - p) * (digamma(s * (1 - p) + 1) - digamma(s + 1)))
        means.append(mean[:, 1] * 0.5 + 2)
        variances.append(np.exp(log_variance[:, 1]) * 0.25)
        doubts.append(variances[-1] / strength[:, 1])
    said, p = model.predict(molecules), np.mean(probs, axis=0)
    np.testing.assert_allclose(said.mean[:, 0], p, rtol=1e-5)
    np.testing.assert_allclose(said.aleatoric[:, 0], np.mean(entropies, axis=0), rtol=1e-5)
    total = -p * np.log(p) - (1 - p) * np.log1p(-p)
    np.testing.assert_allclose(said.epistemic[:, 0], total - np.mean(entropies, axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(said.mean[:, 1], np.mean(means, axis=0), rtol=1e-5)
    np.testing.assert_allclose(said.aleatoric[:, 1], np.mean(variances, axis=0), rtol=1e-4)
    np.testing.assert_allclose(said.epistemic[:, 1], np.var(means, axis=0) + np.mean(doubts, axis=0), rtol=1e-4)


def test_the_variance_of_the_mean_is_that_of_samples() -> None:
    """Draw mean and variance from the Normal-Inverse-Gamma distribution itself."""
    rng, nu, alpha, beta = np.random.default_rng(0), 2.5, 6.0, 1.3
    variance = 1 / rng.gamma(alpha, 1 / beta, 400_000)
    mean = rng.normal(0.7, np.sqrt(variance / nu))
    assert np.mean(variance) == pytest.approx(beta / (alpha - 1), rel=0.01)
    assert np.var(mean) == pytest.approx(beta / (alpha - 1) / nu, rel=0.02)  # what an ensemble of one reports


@pytest.mark.parametrize("mc_samples", [0, 4])
def test_order_and_copies_change_nothing(molecules: MoleculeSet, mc_samples: int) -> None:
    model, back = make(mc_samples=mc_samples, head_dropout=0.0), np.arange(len(molecules))[::-1]
    once, thrice = make(members=1, head_dropout=0.0), make(members=1, head_dropout=0.0)
    thrice = replace(thrice, networks=thrice.networks * 3)
    for plane in PLANES:
        np.testing.assert_allclose(
            getattr(model.predict(molecules.take(back)), plane)[::-1], getattr(model.predict(molecules), plane), 1e-4
        )
        np.testing.assert_allclose(getattr(thrice.predict(molecules), plane), getattr(once.predict(molecules), plane), rtol=1e-4, atol=1e-6)


def test_dropout_samples_add_what_they_disagree_about(molecules: MoleculeSet) -> None:
    evidence, both = (make(members=1, mc_samples=samples).predict(molecules) for samples in (0, 64))
    assert np.mean(both.epistemic[:, 1] > evidence.epistemic[:, 1]) > 0.5
    np.testing.assert_array_equal(both.mean, make(members=1, mc_samples=64).predict(molecules).mean)


def test_a_temperature_moves_the_mean_and_keeps_the_evidence(molecules: MoleculeSet) -> None:
    model = make(members=1).with_temperature(np.ones(2, dtype=np.float32))
    flat = model.with_temperature(np.array([3.0, 1.0], dtype=np.float32))
    one, other = model.predict(molecules), flat.predict(molecules)
    np.testing.assert_allclose(logit(other.mean[:, 0].astype(float)), logit(one.mean[:, 0].astype(float)) / 3, rtol=1e-3, atol=1e-5)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(one, plane)[:, 1], getattr(other, plane)[:, 1])
    cold = model.with_temperature(np.array([1e-3, 1.0], dtype=np.float32)).predict(molecules)
    assert all(np.isfinite(getattr(cold, plane)).all() for plane in PLANES)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_files_keep_it(encoder: str, molecules: MoleculeSet, tmp_path: Path) -> None:
    model = make(encoder, mc_samples=3)
    save_predictor(tmp_path / "model", model)
    loaded = load_predictor(tmp_path / "model")
    assert isinstance(loaded, GraphEnsemble)
    assert loaded.networks[0].spec == model.networks[0].spec
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(loaded.predict(molecules), plane), getattr(model.predict(molecules), plane))


def plain_model() -> GraphEnsemble:
    torch.manual_seed(0)
    ones, zeros = np.ones(2, dtype=np.float32), np.zeros(2, dtype=np.float32)
    return GraphEnsemble((Network(NetworkSpec(hidden=8, layers=2), ENDPOINTS).eval(),), ENDPOINTS, ones, zeros, ones)


def test_a_model_from_before_there_were_kinds_of_heads_is_read(molecules: MoleculeSet, tmp_path: Path) -> None:
    model = plain_model()
    save_predictor(tmp_path / "model", model)
    card = json.loads((tmp_path / "model" / CARD).read_text())
    assert card["spec"].pop("head") == "plain"
    card["spec"].pop("evidence")
    (tmp_path / "model" / CARD).write_text(json.dumps(card))
    loaded = load_predictor(tmp_path / "model")
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(loaded.predict(molecules), plane), getattr(model.predict(molecules), plane))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": "mystic"}, r"cannot be loaded \(model\.head is 'mystic'; expected one of plain, evidential"),
        ({"head": "evidential"}, "cannot be loaded"),  # the weights are of a plain one
        ({"evidence": {"loss": "hinge"}}, "cannot be loaded"),
        ({"evidence": 3}, "cannot be loaded"),
    ],
)
def test_a_card_that_tells_of_another_head_is_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", plain_model())
    card = json.loads((tmp_path / "model" / CARD).read_text())
    card["spec"].update(changes)
    (tmp_path / "model" / CARD).write_text(json.dumps(card))
    with pytest.raises(ArtifactError, match=message):
        load_predictor(tmp_path / "model")


def test_the_card_says_all_of_the_architecture() -> None:
    spec = NetworkSpec(head="evidential")
    assert NetworkSpec.from_dict(asdict(spec)) == spec


def test_an_unknown_head() -> None:
    with pytest.raises(ConfigError, match=r"model\.head is 'x'; expected one of plain, evidential"):
        NetworkSpec(head="x")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_answers(molecules: MoleculeSet) -> None:
    here, there = make().predict(molecules), make()
    for network in there.networks:
        network.cuda()
    for plane in PLANES:
        np.testing.assert_allclose(getattr(there.predict(molecules), plane), getattr(here, plane), rtol=1e-3, atol=1e-4)
