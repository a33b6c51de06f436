"""A network and an additive model together: the mean of what they say, what each says alone at the limits, and doubt that adds up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit, logit

from fluid.artifacts import read_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ConfigError, ShapeError
from fluid.models.blend import mixture
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.count_network import CountNetwork
from fluid.models.ensemble import GraphEnsemble
from fluid.models.joint import JointEnsemble
from fluid.models.kinds.kind import has_weights, kind_of, modules_of, parts_of, predict_all
from fluid.models.network import Network
from fluid.models.prediction import PLANES, Prediction, as_prediction, entropy
from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep import WideDeepPredictor
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS
from tests.models.test_additive import model as additive

ONES = np.ones(2, dtype=np.float32)


def network(endpoints: tuple[Endpoint, ...] = ENDPOINTS, seed: int = 0, **spec: object) -> GraphEnsemble:
    """Return two networks with new weights."""
    torch.manual_seed(seed)
    members = tuple(Network(NetworkSpec(hidden=8, layers=2, **spec), endpoints).eval() for _ in range(2))  # type: ignore[arg-type]
    ones = np.ones(len(endpoints), dtype=np.float32)
    return GraphEnsemble(members, endpoints, ones, 0 * ones, ones, 2)


def wide_deep(share: float = 0.5, temperature: tuple[float, float] = (1.0, 1.0), seed: int = 0) -> WideDeepPredictor:
    """Return a model of both."""
    return WideDeepPredictor(network(seed=seed), additive(seed=seed), share, np.array(temperature, dtype=np.float32))


def counted(share: float = 0.5, seed: int = 0) -> WideDeepPredictor:
    """Return a model of which the network reads counts too."""
    wide, ones = additive(seed=seed), ONES
    torch.manual_seed(seed)
    spec = WideDeepSpec(NetworkSpec(hidden=8, layers=2), wide.spec, combine="fingerprint")
    members = tuple(CountNetwork(spec, ENDPOINTS).eval() for _ in range(2))
    return WideDeepPredictor(JointEnsemble(members, ENDPOINTS, ones, 0 * ones, ones, 2), wide, share, ones)


def said(mean: float, epistemic: float, aleatoric: float, endpoints: int = 2) -> Prediction:
    """Return one answer, the same for all endpoints."""
    return as_prediction(*(np.full((1, endpoints), value) for value in (mean, epistemic, aleatoric)))


def test_classes_are_the_mean_of_log_odds_and_values_the_mean(molecules: MoleculeSet) -> None:
    both = wide_deep(0.3, (2.0, 1.0))
    deep, wide = (part.predict(molecules).mean.astype(float) for part in (both.network, both.additive))
    answers = both.predict(molecules).mean
    np.testing.assert_allclose(answers[:, 0], expit((0.3 * logit(deep[:, 0]) + 0.7 * logit(wide[:, 0])) / 2), rtol=1e-5)
    np.testing.assert_allclose(answers[:, 1], 0.3 * deep[:, 1] + 0.7 * wide[:, 1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("share", "name"), [(0.0, "additive"), (1.0, "network")])
def test_at_its_limits_it_is_one_of_the_two(molecules: MoleculeSet, share: float, name: str) -> None:
    both = wide_deep(share)
    for plane in PLANES:
        alone = getattr(getattr(both, name).predict(molecules), plane)
        np.testing.assert_allclose(getattr(both.predict(molecules), plane), alone, rtol=1e-4, atol=1e-6)


def test_the_doubt_about_a_class_is_the_entropy_of_the_answer_and_what_the_parts_dispute_is_epistemic() -> None:
    both = wide_deep(0.5, (1.7, 1.0))
    agreed = both.combined(said(0.9, 0.0, entropy(0.9)), said(0.9, 0.0, entropy(0.9)))
    disputed = both.combined(said(0.9, 0.0, entropy(0.9)), said(0.1, 0.0, entropy(0.1)))
    for answer in (agreed, disputed):
        np.testing.assert_allclose(answer.epistemic[:, 0] + answer.aleatoric[:, 0], entropy(answer.mean[:, 0]), rtol=1e-5)
    assert agreed.epistemic[0, 0] == pytest.approx(0, abs=1e-6)
    assert disputed.mean[0, 0] == pytest.approx(0.5)
    assert disputed.epistemic[0, 0] == pytest.approx(np.log(2) - entropy(np.array(0.9)), rel=1e-5)
    doubted = both.combined(said(0.9, 0.1, entropy(0.9) - 0.1), said(0.9, 0.1, entropy(0.9) - 0.1))
    assert doubted.epistemic[0, 0] / doubted.aleatoric[0, 0] == pytest.approx(0.1 / (entropy(np.array(0.9)) - 0.1), rel=1e-5)


def test_the_doubt_about_a_value_is_the_variance_of_the_mixture(molecules: MoleculeSet) -> None:
    both, rng = wide_deep(0.3), np.random.default_rng(0)
    answer = both.combined(said(2.0, 0.5, 1.0), said(5.0, 0.2, 0.3))
    deep, wide = (mean + rng.normal(scale=variance**0.5, size=400_000) for mean, variance in ((2.0, 1.5), (5.0, 0.5)))
    drawn = np.where(rng.random(400_000) < 0.3, deep, wide)
    assert answer.mean[0, 1] == pytest.approx(drawn.mean(), abs=0.02)
    assert answer.epistemic[0, 1] + answer.aleatoric[0, 1] == pytest.approx(drawn.var(), rel=0.01)
    assert answer.aleatoric[0, 1] == pytest.approx(0.3 * 1.0 + 0.7 * 0.3)
    mixed = mixture(ENDPOINTS, *(part.predict(molecules) for part in (both.network, both.additive)), np.full((len(molecules), 2), 0.3))
    np.testing.assert_array_equal(both.predict(molecules).epistemic[:, 1], mixed.epistemic[:, 1])


def test_sure_answers_stay_finite() -> None:
    sure = wide_deep().combined(said(1.0, 0.0, 0.0), said(0.0, 0.0, 0.0))
    assert sure.mean[0, 0] == pytest.approx(0.5)
    for answer in (sure, wide_deep().combined(said(1.0, 0.0, 0.0), said(1.0, 0.0, 0.0))):
        assert all(np.isfinite(getattr(answer, plane)).all() and (getattr(answer, plane) >= 0).all() for plane in PLANES)


def test_it_comes_back_as_it_was_byte_for_byte(molecules: MoleculeSet, tmp_path: Path) -> None:
    both = wide_deep(0.3, (1.3, 1.0))
    for place in ("one", "two"):
        save_predictor(tmp_path / place, both)
    kept = load_predictor(tmp_path / "one")
    assert isinstance(kept, WideDeepPredictor)
    assert kept.spec == both.spec == WideDeepSpec(both.network.networks[0].spec, both.additive.spec, combine="mean", share=0.3)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(kept.predict(molecules), plane), getattr(both.predict(molecules), plane))
    files = [sorted(file for file in (tmp_path / place).rglob("*") if file.is_file()) for place in ("one", "two")]
    assert len(files[0]) == 6
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(*files, strict=True))


def test_with_both_networks_it_comes_back_and_answers_as_the_mean_of_three(molecules: MoleculeSet, tmp_path: Path) -> None:
    inner = counted(0.2 / 0.8)
    both = WideDeepPredictor(network(seed=3), inner, 0.2, np.array([1.5, 1.0], dtype=np.float32))
    save_predictor(tmp_path / "model", both)
    kept = load_predictor(tmp_path / "model")
    assert isinstance(kept, WideDeepPredictor)
    assert kept.spec == both.spec == replace(inner.spec, combine="both_networks", share=0.4)
    assert both.spec.rest == inner.spec
    assert [part.kind for part in parts_of(kept)] == ["network", "wide_deep", "joint", "additive"]
    answer = kept.predict(molecules)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(answer, plane), getattr(both.predict(molecules), plane))
    said = [part.predict(molecules).mean.astype(float) for part in (both.network, inner.network, inner.additive)]
    odds = 0.2 * logit(said[0][:, 0]) + 0.2 * logit(said[1][:, 0]) + 0.6 * logit(said[2][:, 0])
    np.testing.assert_allclose(answer.mean[:, 0], expit(odds / 1.5), rtol=1e-5)
    np.testing.assert_allclose(answer.mean[:, 1], 0.2 * said[0][:, 1] + 0.2 * said[1][:, 1] + 0.6 * said[2][:, 1], rtol=1e-5, atol=1e-6)


def test_with_a_network_that_reads_counts_it_comes_back_and_answers_as_their_mean(molecules: MoleculeSet, tmp_path: Path) -> None:
    both = counted(0.3)
    save_predictor(tmp_path / "model", both)
    kept = load_predictor(tmp_path / "model")
    assert isinstance(kept, WideDeepPredictor)
    assert isinstance(kept.network, JointEnsemble)
    expected = WideDeepSpec(NetworkSpec(hidden=8, layers=2), both.additive.spec, combine="fingerprint_mean", share=0.3)
    assert kept.spec == both.spec == expected
    answer, other = kept.predict(molecules), predict_all([wide_deep(), kept], molecules)[1]
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(answer, plane), getattr(both.predict(molecules), plane))
        np.testing.assert_array_equal(getattr(answer, plane), getattr(other, plane))
    deep, wide = (logit(part.predict(molecules).mean[:, 0].astype(float)) for part in (both.network, both.additive))
    np.testing.assert_allclose(answer.mean[:, 0], expit(0.3 * deep + 0.7 * wide), rtol=1e-5)


def test_an_altered_part_is_told(tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", wide_deep())
    weights = tmp_path / "model" / "additive" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match="a file of the model was altered"):
        load_predictor(tmp_path / "model")


def test_a_part_of_another_kind_is_refused(tmp_path: Path) -> None:
    from fluid.models.kinds import wide_deep as kind

    for name in ("network", "additive"):
        save_predictor(tmp_path / name, additive())
    with pytest.raises(ArtifactError, match="its part 'network' is of kind 'additive'; expected kind 'network' or 'joint'"):
        kind.load(tmp_path, {"share": 0.5, "temperature": [1.0, 1.0]}, ENDPOINTS)


def test_together_each_answers_as_alone(molecules: MoleculeSet) -> None:
    models = [wide_deep(0.3), network(seed=2), wide_deep(0.6, seed=1), additive(seed=3)]
    for model, answer in zip(models, predict_all(models, molecules), strict=True):
        for plane in PLANES:
            np.testing.assert_array_equal(getattr(answer, plane), getattr(model.predict(molecules), plane))
    assert len(wide_deep().predict(molecules.take(np.empty(0, np.int64)))) == 0


def test_what_others_ask_of_it(tmp_path: Path) -> None:
    both = wide_deep()
    assert [part.kind for part in parts_of(both)] == ["network", "additive"]
    assert not has_weights(both)
    assert kind_of(both).settings is not None
    assert modules_of(both) == ()
    save_predictor(tmp_path / "model", both)
    assert read_json(tmp_path / "model" / "model.json")["temperature"] == [1.0, 1.0]


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="the network answers active, the additive model active, logd; expected the same endpoints"):
        WideDeepPredictor(network(ENDPOINTS[:1]), additive(), 0.5, ONES)
    with pytest.raises(ConfigError, match=r"the network's share is 1\.5; expected a share in \[0, 1\]"):
        replace(wide_deep(), share=1.5)
    with pytest.raises(ShapeError, match=r"temperature has shape \(1,\) and type float32; expected float32 \(2,\)"):
        wide_deep().with_temperature(ONES[:1])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"combine": "product"}, "model.combine is 'product'; expected both_networks or mean or joint or fingerprint or fingerprint_mean"),
        ({"share": -0.1}, r"model\.share is -0\.1; expected a share in \[0, 1\]"),
        ({"share": float("nan")}, r"model\.share is nan"),
    ],
)
def test_wrong_settings_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        WideDeepSpec(**values)  # type: ignore[arg-type]
