"""Students with one head per teacher: how they answer, how they are kept, and how one head takes their place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fluid.artifacts import read_json, write_json
from fluid.data.endpoints import Endpoint
from fluid.distillation import combine
from fluid.errors import ArtifactError, ConfigError, ShapeError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.heads import HeadsPredictor, HeadsSpec, head_endpoints
from fluid.models.network import Network
from fluid.models.prediction import PLANES
from fluid.models.predictor import NetworkSpec
from fluid.models.single_head import single_head
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS

TEACHERS = ("T1", 'B/"2"', "T10")
ANSWERED = np.array([[True, True], [True, False], [True, True]])
COLUMNS = head_endpoints(ENDPOINTS, ANSWERED)


def network(members: int = 2, columns: tuple[Endpoint, ...] = COLUMNS, mc_samples: int = 0) -> GraphEnsemble:
    networks = []
    for seed in range(members):
        torch.manual_seed(seed)
        made = Network(NetworkSpec(hidden=8, layers=2), columns).eval()
        made.head.out.weight.data *= 5  # answers and domain scores that differ
        networks.append(made)
    is_class = np.array([column.kind == "classification" for column in columns])
    numbers = np.arange(1, len(columns) + 1, dtype=np.float32)
    location, scale = np.where(is_class, 0, numbers), np.where(is_class, 1, numbers / 2)
    ones = np.ones(len(columns), dtype=np.float32)
    return GraphEnsemble(tuple(networks), columns, ones, location.astype(np.float32), scale.astype(np.float32), mc_samples)


@pytest.fixture
def student() -> HeadsPredictor:
    return HeadsPredictor(network(), TEACHERS, ENDPOINTS, ANSWERED, 4.0)


def test_columns() -> None:
    assert [(column.name, column.kind) for column in COLUMNS] == [
        ("active@1", "classification"),
        ("logd@1", "regression"),
        ("active@2", "classification"),
        ("active@3", "classification"),
        ("logd@3", "regression"),
        ("@1", "classification"),
        ("@2", "classification"),
        ("@3", "classification"),
    ]


@pytest.mark.parametrize("mc_samples", [0, 3])
def test_the_answer_is_the_consensus_of_the_heads(molecules: MoleculeSet, mc_samples: int) -> None:
    student = HeadsPredictor(network(mc_samples=mc_samples), TEACHERS, ENDPOINTS, ANSWERED, 4.0)
    said = student.network.predict(molecules)
    heads = np.full((3, len(molecules), 2), np.nan)
    heads[0], heads[1, :, 0], heads[2] = said.mean[:, :2], said.mean[:, 2], said.mean[:, 3:5]
    tensors = {"predictions": torch.from_numpy(heads), "similarity": torch.from_numpy(said.mean[:, 5:].T.astype(float))}
    expected = combine("similarity", tensors, ["classification", "regression"], power=4.0).soft_label
    found = student.predict(molecules)
    np.testing.assert_allclose(found.mean, expected, rtol=1e-6)
    plain = replace(student, power=0.0).predict(molecules)
    np.testing.assert_allclose(plain.mean, np.nanmean(heads, axis=0), rtol=1e-6)
    assert np.abs(found.mean - plain.mean).max() > 0.01
    assert all((getattr(found, plane) >= 0).all() for plane in PLANES[1:])


def test_one_teacher_is_its_head(molecules: MoleculeSet) -> None:
    columns = head_endpoints(ENDPOINTS, np.ones((1, 2), dtype=bool))
    alone = HeadsPredictor(network(columns=columns), ("T1",), ENDPOINTS, np.ones((1, 2), dtype=bool), 7.0)
    for plane in PLANES:
        expected = getattr(alone.network.predict(molecules), plane)[:, :2]
        np.testing.assert_allclose(getattr(alone.predict(molecules), plane), expected, rtol=1e-5, atol=1e-6)


def test_no_molecules(student: HeadsPredictor, molecules: MoleculeSet) -> None:
    assert student.predict(molecules.take(np.arange(0))).mean.shape == (0, 2)


def test_it_comes_back_as_it_was_without_pickle(student: HeadsPredictor, molecules: MoleculeSet, tmp_path: Path) -> None:
    for name in "ab":
        save_predictor(tmp_path / name, student)
    files = sorted(file.relative_to(tmp_path / "a") for file in (tmp_path / "a").rglob("*") if file.is_file())
    assert {file.suffix for file in files} == {".json", ".safetensors"}
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)
    card = read_json(tmp_path / "a" / "model.json")
    assert card["teachers"] == list(TEACHERS)
    assert card["heads"] == [["T1", "active"], ["T1", "logd"], ['B/"2"', "active"], ["T10", "active"], ["T10", "logd"]]
    loaded = load_predictor(tmp_path / "a")
    assert isinstance(loaded, HeadsPredictor)
    assert (loaded.teachers, loaded.endpoints, loaded.power) == (TEACHERS, ENDPOINTS, 4.0)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(loaded.predict(molecules), plane), getattr(student.predict(molecules), plane))


def test_a_card_of_other_heads_and_altered_weights_are_refused(student: HeadsPredictor, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", student)
    card = read_json(tmp_path / "model" / "model.json")
    for change in ({"heads": card["heads"][:-1]}, {"teachers": ["T1", "T10"]}, {"power": -1.0}, {"heads": [["T1", "else"]]}):
        write_json(tmp_path / "model" / "model.json", {**card, **change})
        with pytest.raises(ArtifactError, match="cannot be loaded"):
            load_predictor(tmp_path / "model")
    write_json(tmp_path / "model" / "model.json", card)
    weights = tmp_path / "model" / "network" / "member_1.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ArtifactError, match="was altered"):
        load_predictor(tmp_path / "model")


def test_wrong_parts() -> None:
    good = network()
    with pytest.raises(ShapeError, match=r"answered has shape \(2, 2\)"):
        HeadsPredictor(good, TEACHERS, ENDPOINTS, ANSWERED[:2], 1.0)
    with pytest.raises(ConfigError, match="no teacher answers endpoint 'logd'"):
        HeadsPredictor(good, TEACHERS, ENDPOINTS, ANSWERED & [True, False], 1.0)
    with pytest.raises(ConfigError, match="teachers are A, A, B; expected different names"):
        HeadsPredictor(good, ("A", "A", "B"), ENDPOINTS, ANSWERED, 1.0)
    with pytest.raises(ConfigError, match="the network has the columns active@1, logd@1"):
        HeadsPredictor(good, TEACHERS, ENDPOINTS, np.ones((3, 2), dtype=bool), 1.0)
    for values in ({"power": -1.0}, {"power": float("nan")}, {"domain_weight": float("inf")}):
        with pytest.raises(ConfigError, match=r"distillation\.heads\..* expected a finite number of 0 or more"):
            HeadsSpec(**values)


class TestSingleHead:
    def test_it_is_the_pool_of_the_heads_with_fixed_shares(self, student: HeadsPredictor, molecules: MoleculeSet) -> None:
        share = np.array([[0.5, 0.3], [0.2, 0.0], [0.3, 0.7]])
        one = replace(student, network=network(1))
        single, heads = single_head(one, share), one.network.predict(molecules).mean.astype(float)
        assert single.endpoints == ENDPOINTS
        logits = [np.log(heads[:, column] / (1 - heads[:, column])) for column in (0, 2, 3)]
        expected = 1 / (1 + np.exp(-(0.5 * logits[0] + 0.2 * logits[1] + 0.3 * logits[2])))
        found = single.predict(molecules).mean
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4)
        np.testing.assert_allclose(found[:, 1], 0.3 * heads[:, 1] + 0.7 * heads[:, 4], rtol=1e-4)

    def test_of_one_teacher_it_is_its_head(self, student: HeadsPredictor, molecules: MoleculeSet) -> None:
        single, heads = single_head(student, np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])), student.network.predict(molecules)
        for plane in PLANES:
            np.testing.assert_allclose(
                getattr(single.predict(molecules), plane), getattr(heads, plane)[:, 3:5], rtol=1e-4, atol=1e-5, err_msg=plane
            )

    def test_temperatures_go_into_the_weights(self, student: HeadsPredictor, molecules: MoleculeSet) -> None:
        warm = replace(student, network=student.network.with_temperature(np.array([1, 1, 1, 2.5, 1, 1, 1, 1], dtype=np.float32)))
        single = single_head(warm, np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
        assert single.temperature.tolist() == [1, 1]
        np.testing.assert_allclose(single.predict(molecules).mean[:, 0], warm.network.predict(molecules).mean[:, 3], rtol=1e-4)

    def test_a_share_of_no_head_is_refused(self, student: HeadsPredictor) -> None:
        with pytest.raises(ShapeError, match=r"expected \(3, 2\), 0 where a teacher has no head"):
            single_head(student, np.full((3, 2), 1 / 3))
