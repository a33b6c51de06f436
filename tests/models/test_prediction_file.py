from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fluid.errors import InputError
from fluid.models.prediction import entropy
from fluid.models.prediction_file import PredictionFile
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES

GOOD = {"smiles": list(SMILES), "active": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], "logd": [-1.0, 0, 1, 2, 3, 4, 5]}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "mine.csv"
    pd.DataFrame({k: v for k, v in {**GOOD, **changes}.items() if v is not None}).to_csv(path, index=False)
    return path


def test_answers_are_looked_up_in_any_order(molecules: MoleculeSet, tmp_path: Path) -> None:
    model = PredictionFile.read(write(tmp_path, active_epistemic=[0.01] * 7), ENDPOINTS)
    answers = model.predict(molecules.take(np.array([6, 0])))
    np.testing.assert_allclose(answers.mean, [[0.7, 5.0], [0.1, -1.0]], rtol=1e-6)
    np.testing.assert_allclose(answers.epistemic, [[0.01, 0.0], [0.01, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(answers.aleatoric[:, 0], entropy(np.array([0.7, 0.1])), rtol=1e-6)


def test_csv_keys_and_parquet_say_the_same(molecules: MoleculeSet, tmp_path: Path) -> None:
    by_key = write(tmp_path, smiles=None, key=[f"{key}-UHFFFAOYSA-N" for key in molecules.keys])
    pd.DataFrame(GOOD).to_parquet(tmp_path / "mine.parquet")
    for path in (by_key, tmp_path / "mine.parquet"):
        np.testing.assert_allclose(PredictionFile.read(path, ENDPOINTS).predict(molecules).mean[:, 0], GOOD["active"], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"active": None}, "column 'active' is missing"),
        ({"smiles": None}, "neither column 'key' nor 'smiles'"),
        ({"active": [0.1, 0.2, 1.3, 0.4, 0.5, 0.6, 0.7]}, r"row 3.*from 0 to 1|1\.3.*row 3"),
        ({"active": [0.1, None, 0.3, 0.4, 0.5, 0.6, 0.7]}, "row 2"),
        ({"logd": [1, 2, 3, "x", 5, 6, 7]}, "row 4.*'x'"),
        ({"logd": [1, 2, 3, 4, np.inf, 6, 7]}, "row 5"),
        ({"logd_aleatoric": [1, 2, 3, 4, 5, -6, 7]}, "row 6.*negative uncertainty"),
        ({"smiles": [*SMILES[:6], "C1CC"]}, "row 7.*does not parse"),
    ],
)
def test_rows_and_columns_that_cannot_be_used(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        PredictionFile.read(write(tmp_path, **changes), ENDPOINTS)


def test_one_molecule_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 7: another answer for the molecule of row 1"):
        PredictionFile.read(write(tmp_path, smiles=[*SMILES[:6], "OCC"]), ENDPOINTS)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not found"):
        PredictionFile.read(tmp_path / "no.csv", ENDPOINTS)


def test_a_molecule_without_prediction(molecules: MoleculeSet, tmp_path: Path) -> None:
    table = pd.DataFrame(GOOD).iloc[:5]
    table.to_csv(tmp_path / "few.csv", index=False)
    with pytest.raises(InputError, match="2 molecules have no prediction"):
        PredictionFile.read(tmp_path / "few.csv", ENDPOINTS).predict(molecules)
