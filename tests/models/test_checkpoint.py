import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fluid.artifacts import hash_file
from fluid.errors import ArtifactError
from fluid.models.blend import Blend, Gate
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.forest import ForestPredictor
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.network import Network
from fluid.models.prediction import PLANES
from fluid.models.prediction_file import PredictionFile
from fluid.models.predictor import ForestSpec, NetworkSpec, Predictor
from fluid.models.similarity_guided import SimilarityGuided
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES
from tests.models.test_additive import model as additive


def ensemble(encoder: str = "gine") -> GraphEnsemble:
    torch.manual_seed(0)
    networks = tuple(Network(NetworkSpec(encoder, hidden=8, layers=2), ENDPOINTS).eval() for _ in range(2))
    temperature, location, scale = (np.array(v, dtype=np.float32) for v in ([1.5, 1], [0, 2.5], [1, 0.7]))
    return GraphEnsemble(networks, ENDPOINTS, temperature, location, scale, 3)


def neighbours(molecules: MoleculeSet) -> NeighbourPredictor:
    labels = np.stack([np.arange(7) / 7, np.arange(7)], axis=1).astype(np.float32)
    labels[2, 1] = np.nan
    return NeighbourPredictor(molecules.bits, labels, np.full((7, 2), 0.4, dtype=np.float32), ENDPOINTS, NeighbourSpec(k=3))


@pytest.fixture(params=["gine", "dmpnn", "attentivefp", "forest", "predictions", "neighbours", "additive"])
def predictor(request: pytest.FixtureRequest, molecules: MoleculeSet, tmp_path: Path) -> Predictor:
    if request.param == "forest":
        labels = np.stack([np.arange(7) % 2, np.arange(7)], axis=1).astype(np.float32)
        return ForestPredictor.fit(molecules, labels, ENDPOINTS, ForestSpec(n_trees=3), 0, 1)
    if request.param == "neighbours":
        return neighbours(molecules)
    if request.param == "additive":
        return additive()
    if request.param == "predictions":
        pd.DataFrame({"smiles": SMILES, "active": 0.5, "logd": np.arange(7)}).to_csv(tmp_path / "mine.csv", index=False)
        return PredictionFile.read(tmp_path / "mine.csv", ENDPOINTS)
    return ensemble(request.param)


def test_a_model_comes_back_as_it_was(predictor: Predictor, molecules: MoleculeSet, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", predictor)
    loaded = load_predictor(tmp_path / "model")
    assert loaded.endpoints == ENDPOINTS
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(loaded.predict(molecules), plane), getattr(predictor.predict(molecules), plane))


def test_equal_models_give_equal_files(predictor: Predictor, tmp_path: Path) -> None:
    for name in "ab":
        save_predictor(tmp_path / name, predictor)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_no_file_is_a_pickle(predictor: Predictor, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", predictor)
    assert {file.suffix for file in (tmp_path / "model").iterdir()} <= {".json", ".safetensors", ".skops", ".npy"}


def edit(folder: Path, **changes: object) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "another format"),
        ({"features": [1, 2]}, "other atom or bond features"),
        ({"kind": "oracle"}, "unknown kind 'oracle'"),
        ({"spec": {"encoder": "dmpnn", "hidden": 8, "layers": 2, "dropout": 0.1, "head_dropout": 0.2}}, "cannot be loaded"),
        ({"spec": {"encoder": "gine", "hidden": 16, "layers": 2, "dropout": 0.1, "head_dropout": 0.2}}, "cannot be loaded"),
        ({"temperature": [0.0, 1.0]}, "cannot be loaded"),
        ({"endpoints": []}, "cannot be loaded"),
        ({"members": 5}, "cannot be loaded"),
    ],
)
def test_a_card_of_another_model_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    save_predictor(tmp_path / "model", ensemble())
    edit(tmp_path / "model", **changes)
    with pytest.raises(ArtifactError, match=message):
        load_predictor(tmp_path / "model")


def test_an_altered_or_missing_weight_file_is_named(tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", ensemble())
    weights = tmp_path / "model" / "member_1.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=r"was altered.*member_1|member_1.*was altered"):
        load_predictor(tmp_path / "model")
    weights.unlink()
    with pytest.raises(ArtifactError, match=r"is missing.*member_1|member_1.*is missing"):
        load_predictor(tmp_path / "model")


def test_no_model_at_all(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="file not found"):
        load_predictor(tmp_path)
    (tmp_path / CARD).write_text("[]")
    with pytest.raises(ArtifactError, match="another format"):
        load_predictor(tmp_path)


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Put another file in place of one of the model's, with its hash: what a sender's disk may have done before sealing."""
    (folder / name).write_bytes(content)
    files = {**json.loads((folder / CARD).read_text())["files"], name: hash_file(folder / name)}
    edit(folder, files=files)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x04K\x01."])
def test_weights_that_are_none_are_one_line(predictor: Predictor, tmp_path: Path, content: bytes) -> None:
    save_predictor(tmp_path / "model", predictor)
    (name, *_) = sorted(file.name for file in (tmp_path / "model").iterdir() if file.name not in {CARD, "keys.json"})
    replace_file(tmp_path / "model", name, content)
    with pytest.raises(ArtifactError, match=r"model\.json: the model cannot be loaded \(.+\)\. Train it again\.$"):
        load_predictor(tmp_path / "model")


def test_a_truncated_file_is_named(predictor: Predictor, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", predictor)
    for file in sorted((tmp_path / "model").iterdir()):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        expected = "not valid JSON" if file.name == CARD else r"a file of the model was altered\. Copy the model again, or train it again\."
        with pytest.raises(ArtifactError, match=rf"{file.name}: {expected}"):
            load_predictor(tmp_path / "model")
        file.write_bytes(content)


def test_pickled_planes_are_refused(molecules: MoleculeSet, tmp_path: Path) -> None:
    pd.DataFrame({"smiles": SMILES, "active": 0.5, "logd": 1.0}).to_csv(tmp_path / "mine.csv", index=False)
    save_predictor(tmp_path / "model", PredictionFile.read(tmp_path / "mine.csv", ENDPOINTS))
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}] * 3, dtype=object), allow_pickle=True)
    replace_file(tmp_path / "model", "planes.npy", stream.getvalue())
    with pytest.raises(ArtifactError, match="cannot be loaded .*allow_pickle=False"):
        load_predictor(tmp_path / "model")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": []}, r"unknown kind \[\]; expected one of network, forest, additive, wide_deep, predictions, neighbours, blend"),
        ({"kind": None}, "unknown kind None"),
        ({"kind": "forest"}, r"cannot be loaded .*forest_0\.skops"),
        ({"kind": "predictions"}, r"cannot be loaded .*planes\.npy"),
        ({"files": []}, "does not say which files belong to the model"),
        ({"files": None}, "does not say which files belong to the model"),
        ({"files": {}}, r"member_0\.safetensors: a file does not belong to the model"),
        ({"endpoints": ["x"]}, "cannot be loaded"),
        ({"endpoints": 3}, "cannot be loaded"),
        ({"spec": None}, "cannot be loaded"),
        ({"temperature": [1.0]}, r"temperature has shape \(1,\); expected \(2,\)"),
        ({"location": [None, 1.0]}, "cannot be loaded"),
        ({"members": 0}, "an ensemble needs a network"),
        ({"mc_samples": -1}, "cannot be loaded"),
    ],
)
def test_a_damaged_card_is_one_line(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    save_predictor(tmp_path / "model", ensemble())
    edit(tmp_path / "model", **changes)
    with pytest.raises(ArtifactError, match=message) as caught:
        load_predictor(tmp_path / "model")
    assert "\n" not in str(caught.value)


def test_a_card_without_an_entry_is_refused(tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", ensemble())
    card = json.loads((tmp_path / "model" / CARD).read_text())
    for name in sorted(set(card) - {"versions"}):
        (tmp_path / "model" / CARD).write_text(json.dumps({key: value for key, value in card.items() if key != name}))
        with pytest.raises(ArtifactError, match=r"model\.json: "):
            load_predictor(tmp_path / "model")


def test_nothing_is_left_where_a_model_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fluid.models.kinds.network.save_tensors", full)
    with pytest.raises(OSError, match="No space left"):
        save_predictor(tmp_path / "model", ensemble())
    assert list(tmp_path.iterdir()) == []


def test_weights_and_calibration_come_back_bit_by_bit(tmp_path: Path) -> None:
    model = ensemble("dmpnn")
    save_predictor(tmp_path / "model", model)
    loaded = load_predictor(tmp_path / "model")
    assert isinstance(loaded, GraphEnsemble)
    for ours, theirs in zip(loaded.networks, model.networks, strict=True):
        assert not ours.training
        assert ours.spec == theirs.spec
        for name, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value)
    for name in ("temperature", "location", "scale"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))
    assert loaded.mc_samples == 3


@pytest.fixture
def blend(molecules: MoleculeSet) -> Blend:
    """Return a blend whose general part is a blend."""
    inner = Blend(neighbours(molecules), ensemble(), molecules.bits, Gate(0.2, 0.4, 0.5))
    return Blend(neighbours(molecules), inner, molecules.bits, Gate(0.1, 0.9, 1.0))


def test_a_blend_comes_back_with_its_parts(blend: Blend, molecules: MoleculeSet, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", blend)
    loaded = load_predictor(tmp_path / "model")
    assert isinstance(loaded, Blend)
    assert isinstance(loaded.general, Blend)
    assert loaded.gate == blend.gate
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(loaded.predict(molecules), plane), getattr(blend.predict(molecules), plane))
    files = [file for file in (tmp_path / "model").rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".json", ".safetensors", ".npy"}
    save_predictor(tmp_path / "again", blend)
    assert all(file.read_bytes() == (tmp_path / "again" / file.relative_to(tmp_path / "model")).read_bytes() for file in files)


def test_parts_of_another_blend_are_refused(blend: Blend, molecules: MoleculeSet, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", blend)
    shutil.rmtree(tmp_path / "model" / "local")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        load_predictor(tmp_path / "model")
    save_predictor(tmp_path / "model" / "local", neighbours(molecules).with_more(molecules, np.ones((7, 2), dtype=np.float32)))
    with pytest.raises(ArtifactError, match="its part 'local' was altered"):
        load_predictor(tmp_path / "model")


def test_where_a_part_of_a_part_is_damaged_is_said(blend: Blend, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", blend)
    weights = next((tmp_path / "model").rglob("*.safetensors"))
    weights.write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"model/model\.json: the model cannot be loaded \(.*/general"):
        load_predictor(tmp_path / "model")


def test_folders_belong_to_blends_only(tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", ensemble())
    (tmp_path / "model" / "local").mkdir()
    with pytest.raises(ArtifactError, match="a file does not belong to the model"):
        load_predictor(tmp_path / "model")


def test_hidden_files_and_folders_are_nobodys_business(tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", ensemble())
    (tmp_path / "model" / ".cache").mkdir()
    (tmp_path / "model" / ".cache" / "note").write_text("x")
    assert load_predictor(tmp_path / "model").endpoints == ENDPOINTS


def test_a_blend_may_be_the_federated_part_of_a_guided_ensemble(blend: Blend, molecules: MoleculeSet, tmp_path: Path) -> None:
    guided = SimilarityGuided(ensemble(), blend, molecules.bits[:2])
    save_predictor(tmp_path / "model", guided)
    np.testing.assert_array_equal(load_predictor(tmp_path / "model").predict(molecules).mean, guided.predict(molecules).mean)
    (tmp_path / "model" / "federated" / "local" / "soft_label.npy").write_bytes(b"x")
    with pytest.raises(ArtifactError, match="federated/local/soft_label.npy: a file of the model was altered"):
        load_predictor(tmp_path / "model")
