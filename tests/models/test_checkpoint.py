import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fluid.errors import ArtifactError
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.forest import ForestPredictor
from fluid.models.network import Network
from fluid.models.prediction import PLANES
from fluid.models.prediction_file import PredictionFile
from fluid.models.predictor import ForestSpec, NetworkSpec, Predictor
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES


def ensemble(encoder: str = "gine") -> GraphEnsemble:
    torch.manual_seed(0)
    networks = tuple(Network(NetworkSpec(encoder, hidden=8, layers=2), ENDPOINTS).eval() for _ in range(2))
    temperature, location, scale = (np.array(v, dtype=np.float32) for v in ([1.5, 1], [0, 2.5], [1, 0.7]))
    return GraphEnsemble(networks, ENDPOINTS, temperature, location, scale, 3)


@pytest.fixture(params=["gine", "dmpnn", "attentivefp", "forest", "predictions"])
def predictor(request: pytest.FixtureRequest, molecules: MoleculeSet, tmp_path: Path) -> Predictor:
    if request.param == "forest":
        labels = np.stack([np.arange(7) % 2, np.arange(7)], axis=1).astype(np.float32)
        return ForestPredictor.fit(molecules, labels, ENDPOINTS, ForestSpec(n_trees=3), 0, 1)
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
