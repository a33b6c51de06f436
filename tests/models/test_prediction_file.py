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
    by_key = write(tmp_path, smiles=None, key=[f"{key}-N" for key in molecules.keys])
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


def read(folder: Path, content: str | bytes, name: str = "mine.csv") -> PredictionFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return PredictionFile.read(path, ENDPOINTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"mine\.csv: the file is empty; expected a header and a row per molecule"),
        (b"smiles,active,logd\nCC\xff,0.1,1\n", r"mine\.csv, row 1: column 'smiles' is not UTF-8"),
        ("smiles,active,logd\nCC,0.1,1\nCO,0.1,1,4,5\n", r"mine\.csv, row 2: the row has 5 cells, the header 3"),
        ("smiles,active,logd\nCC,0.1,1\nCO,0.1\n", r"mine\.csv, row 2: the row has 2 cells, the header 3"),
        ("smiles,active,logd\nCC,0.1,1,9\nCC,0.1,1,9\n", r"mine\.csv, row 1: the row has 4 cells, the header 3"),
        ("smiles,active,active,logd\nCC,0.1,0.2,1\n", r"mine\.csv: 2 columns are named 'active'; expected one"),
        (
            "smiles,active,logd\nCC,0.1,1\n\nCO,7,1\n",
            r"mine\.csv, row 3: '7' in column 'active' cannot be used; expected a number from 0 to 1",
        ),
        ("smiles,active,logd\nCC,,1\n", r"mine\.csv, row 1: '' in column 'active' cannot be used; expected a number from 0 to 1"),
        ("smiles,active,logd\nCC,NaN,1\n", r"row 1: 'NaN' in column 'active' cannot be used"),
        ("smiles,active,logd\nCC,-0.1,1\n", r"row 1: '-0\.1' in column 'active' cannot be used; expected a number from 0 to 1"),
        ("smiles,active,logd\nCC,0.1,1e39\n", r"row 1: '1e39' in column 'logd' cannot be used; expected a finite number"),
        ("smiles,active,logd\nCC,0.1,-1e39\n", r"row 1: '-1e39' in column 'logd' cannot be used; expected a finite number"),
        ("smiles,active,logd,logd_aleatoric\nCC,0.1,1,1e39\n", r"row 1: '1e39' in column 'logd_aleatoric' cannot be used"),
        (
            "smiles,active,logd,active_epistemic\nCC,0.1,1,-1\n",
            r"row 1: negative uncertainty in column 'active_epistemic'; expected 0 or more",
        ),
        ("smiles,active,logd\n,0.1,1\n", r"row 1: '': empty SMILES; expected a SMILES of the transfer set"),
        ("key,active,logd\n,0.1,1\n", r"row 1: '' is no InChIKey; expected its first block, 14 letters, or all of it"),
        ("key,active,logd\nOTMSDBZUPAUEDD,0.1,1\nCC,0.1,1\n", r"row 2: 'CC' is no InChIKey"),
        ("key,active,logd\nOTMSDBZUPAUEDD,0.1,1\nOTMSDBZUPAUEDD,0.2,1\n", r"row 2: another answer for the molecule of row 1"),
    ],
)
def test_a_broken_csv_is_one_line_with_its_row(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_a_broken_parquet_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.parquet.*the file is broken"):
        read(tmp_path, b"PAR1 garbage", "mine.parquet")
    pd.DataFrame(GOOD).to_parquet(tmp_path / "torn.parquet")
    with pytest.raises(InputError, match=r"mine\.parquet.*the file is broken") as caught:
        read(tmp_path, (tmp_path / "torn.parquet").read_bytes()[:-20], "mine.parquet")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"active": [0.1, 0.2, 1.5, 0.4, 0.5, 0.6, 0.7]}, r"row 3: '1\.5' in column 'active'"),
        ({"logd": [1, 2, None, 4, 5, 6, 7]}, r"row 3: '' in column 'logd' cannot be used; expected a finite number"),
        ({"smiles": [*SMILES[:6], None]}, r"row 7: .*empty SMILES"),
    ],
)
def test_rows_of_parquet_are_counted_from_one_whatever_the_index(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    pd.DataFrame({**GOOD, **changes}, index=range(100, 107)).to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(InputError, match=message):
        PredictionFile.read(tmp_path / "mine.parquet", ENDPOINTS)


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(molecules: MoleculeSet, tmp_path: Path, start: str, end: str) -> None:
    rows = [f'"{smiles}", {active} ,{logd}' for smiles, active, logd in zip(*GOOD.values(), strict=True)]
    model = read(tmp_path, start + end.join(["smiles,active,logd", *rows, "", ""]))
    np.testing.assert_allclose(model.predict(molecules).mean, np.array([GOOD["active"], GOOD["logd"]]).T, rtol=1e-6)


def test_equal_answers_of_stereo_isomers_are_fine(tmp_path: Path) -> None:
    model = read(tmp_path, "smiles,active,logd\nC[C@H](N)C(=O)O,0.3,1\nC[C@@H](N)C(=O)O,0.3,1\n")
    np.testing.assert_allclose(model.predict(MoleculeSet.from_smiles(("CC(N)C(=O)O",))).mean, [[0.3, 1.0]], rtol=1e-6)


def test_the_first_missing_molecule_is_named(molecules: MoleculeSet, tmp_path: Path) -> None:
    model = read(tmp_path, "smiles,active,logd\nCCO,0.3,1\n")
    with pytest.raises(InputError, match=r"mine\.csv: 6 molecules have no prediction, the first is C\. Predict every molecule"):
        model.predict(molecules)


def test_no_molecules_no_answers(tmp_path: Path) -> None:
    assert len(read(tmp_path, "smiles,active,logd\n").keys) == 0
    assert read(tmp_path, "smiles,active,logd\nCCO,0.3,1\n").predict(MoleculeSet.from_smiles(())).mean.shape == (0, 2)


ISOMERS = "smiles,active,logd\nC[C@H](N)C(=O)O,0.3,1\nC[C@@H](N)C(=O)O,0.6,2\n"
KEYS = ("QNAYBMKLOCPYGJ-REOHCLBHSA", "QNAYBMKLOCPYGJ-UWTATZPHSA")


def isomers(*keys: str) -> MoleculeSet:
    smiles = ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"][: len(keys)]
    return MoleculeSet.from_smiles(smiles, keys)


@pytest.mark.parametrize(
    "content",
    [ISOMERS, "key,active,logd\n" + "".join(f"{k}{end},{v}\n" for k, end, v in zip(KEYS, ("-N", ""), ("0.3,1", "0.6,2"), strict=True))],
)
def test_stereo_isomers_have_answers_of_their_own(tmp_path: Path, content: str) -> None:
    np.testing.assert_allclose(read(tmp_path, content).predict(isomers(*KEYS)).mean, [[0.3, 1.0], [0.6, 2.0]], rtol=1e-6)


def test_different_answers_of_stereo_isomers_need_to_know_which(tmp_path: Path) -> None:
    model = read(tmp_path, ISOMERS)
    with pytest.raises(InputError, match=r"stereo-isomers of C\[C@H\]\(N\)C\(=O\)O have different answers.*Keep one of them") as caught:
        model.predict(isomers(KEYS[0][:14]))
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"stereo-isomers of CC\(N\)C\(=O\)O have different answers"):
        model.predict(MoleculeSet.from_smiles(("CC(N)C(=O)O",)))


def test_a_first_block_stands_for_all_stereo_isomers(tmp_path: Path) -> None:
    model = read(tmp_path, f"key,active,logd\n{KEYS[0][:14]},0.3,1\n{KEYS[1]}-N,0.6,2\n")
    np.testing.assert_allclose(model.predict(isomers(*KEYS)).mean, [[0.3, 1.0], [0.6, 2.0]], rtol=1e-6)
    np.testing.assert_allclose(model.predict(isomers(KEYS[0][:14])).mean, [[0.3, 1.0]], rtol=1e-6)


def test_another_stereo_isomer_is_no_answer(tmp_path: Path) -> None:
    model = read(tmp_path, "smiles,active,logd\nC[C@H](N)C(=O)O,0.3,1\n")
    with pytest.raises(
        InputError, match=r"1 molecules have no prediction, the first is C\[C@@H\].*first block of an InChIKey stands for all"
    ):
        model.predict(isomers(*KEYS))
