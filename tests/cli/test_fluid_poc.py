"""The authors' SDF files, in small: the same columns and calls, written here."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from tests.cli.conftest import SMALL, Call
from tests.conftest import Library

CALLS = ("negative", "positive")
OTHER = ("data=", "intake.endpoints", "model.", "data.validation_share", "companies.size_exponent")
SETTINGS = [text for text in SMALL if not text.startswith(OTHER)]


def write_sdf(path: Path, library: Library, rows: Sequence[int], column: str = "") -> None:
    records = []
    for row in rows:
        call = "equivocal" if column and row % 50 == 0 else CALLS[library.active[row]]
        field = f">  <{column}>\n{call}\n\n" if column else ""
        records.append(Chem.MolToMolBlock(Chem.MolFromSmiles(library.smiles[row])) + field + "$$$$\n")
    path.write_text("".join(records))


@pytest.fixture
def folder(library: Library, tmp_path: Path) -> Path:
    write_sdf(tmp_path / "hERG_lhasa_training.sdf", library, range(240), "Lhasa Chembl Call")
    write_sdf(tmp_path / "hERG_lhasa_test.sdf", library, range(380, 460), "Overall Conservative Call")
    write_sdf(tmp_path / "FLuID_small.sdf", library, range(200, 400))
    return tmp_path


def test_the_papers_files_are_read(fluid: Call, folder: Path) -> None:
    settings = ["data=herg_fluid_poc", f"paths.data={folder}", "protocol=paper", *SETTINGS, "model.n_trees=10", "selection.n=60"]
    code, _, error = fluid("simulate", *settings, "name=poc", "workers=1", "data.validation_share=0.1")
    assert (code, error) == (0, "")
    scores = pd.read_csv(folder / "runs/poc/metrics.csv")
    assert set(scores.endpoint) == {"Lhasa Chembl Call"}
    n = scores[(scores.metric == "mcc") & (scores.model == "student")].set_index("test").n
    assert n["external"] == 80 - 2  # an equivocal call is none
    student = scores[(scores.metric == "mcc") & (scores.model == "pooled")].set_index("test").value
    assert student["external"] > 0.5


def test_a_missing_sdf_column_is_named(fluid: Call, folder: Path, library: Library) -> None:
    write_sdf(folder / "hERG_lhasa_test.sdf", library, range(380, 460), "Overall Call")
    code, _, error = fluid("simulate", "data=herg_fluid_poc", f"paths.data={folder}", *SETTINGS, "workers=1")
    assert code == 2
    assert "hERG_lhasa_test.sdf" in error
    assert "'Overall Conservative Call'" in error
    assert "'Overall Call'" in error
