"""Endpoints with too few labels are left out and told; the others are learnt, answered and combined."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Call
from tests.conftest import Library

FOREST = ["model=forest", "model.n_trees=3", "logger=none"]
INTAKE = ["intake.quorum=8", "intake.workers=0"]
ENDPOINTS = ['intake.endpoints=["active","size [u]","rare","few [u]"]']
FEW = "'rare' (20 labels of class 0 and 3 of class 1), 'few' (5 values)"


@pytest.fixture
def assays(library: Library, tmp_path: Path) -> None:
    """Write the files of two companies; the first has too few labels of two endpoints, the second of one."""
    for name, first, rare in (("Acme", 0, 3), ("Bolt", 80, 10)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["smiles", "active", "size", "rare", "few"])
            for row in range(80):
                smiles, active = library.smiles[first + row], library.active[first + row]
                empty = 60 <= row < 65  # of these the first company knows nothing but what is too little
                size = sum(map(str.isalpha, smiles)) / 10
                cells = ["", ""] if empty else [active, size]
                writer.writerow([smiles, *cells, int(row < rare) if row < 20 + rare else "", 1.5 if empty else ""])
    library.write(tmp_path / "public.csv", range(200, 260), labelled=False)


def known(folder: str) -> list[str]:
    return [endpoint["name"] for endpoint in json.loads((Path(folder) / "model" / "model.json").read_text())["endpoints"]]


def test_a_consortium_whose_companies_have_too_few_of_some(fluid: Call, assays: None, tmp_path: Path) -> None:
    for name in ("Acme", "Bolt"):
        code, out, error = fluid("train-teacher", f"input={name}.csv", f"company={name}", f"out={name}", *FOREST, *INTAKE, *ENDPOINTS)
        assert (code, error) == (0, "")
        if name == "Acme":
            assert f"    Acme.csv: left out for fewer than 8 labels (intake.quorum): {FEW}\n" in out
        public = ["transfer=public.csv", "intake.workers=0"]
        assert fluid("annotate", f"teacher={name}", f"out={name}-answers", *public)[0] == 0
    assert known("Acme") == ["active", "size"]
    assert known("Bolt") == ["active", "size", "rare"]
    card = json.loads((tmp_path / "Acme" / "card.json").read_text())
    assert card["left_out"] == {"rare": "20 labels of class 0 and 3 of class 1", "few": "5 values"}
    code, out, _ = fluid("aggregate", "annotations=[Acme-answers,Bolt-answers]", "few_companies=true", "details=true", "out=consensus")
    assert code == 0
    told = "not all teachers answered all endpoints: 'active' by Acme, Bolt; 'rare' by Bolt; 'size' by Acme, Bolt"
    assert told in out
    said = pd.read_parquet("consensus/consensus.parquet")
    alone = pd.read_parquet("Bolt-answers/annotation_set/annotations.parquet")
    assert said["rare/soft_label"].tolist() == pytest.approx(alone["rare/prediction"].tolist(), abs=1e-6)
    assert (said["rare/support"] <= 1 + 1e-6).all()
    both = ["consensus_folder=consensus", *public]
    assert fluid("distill", "out=student", *FOREST, *both)[0] == 0
    assert known("student") == ["active", "rare", "size"]
    given = ["student=student", *both[:2], *INTAKE, "logger=none", "hybrid=concatenate", *ENDPOINTS]
    own = ["input=Acme.csv", "company=Acme", *given]
    code, out, error = fluid("hybrid", *own, "out=hybrid", "hybrid.guard=true", "teacher=Acme")
    assert (code, error) == (0, "")
    assert FEW in out
    assert known("hybrid") == ["active", "rare", "size"]
    assert json.loads((tmp_path / "hybrid" / "card.json").read_text())["left_out"] == card["left_out"]
    assert fluid("predict", "model_folder=hybrid", "input=Acme.csv", "out=out.csv", "intake.workers=0")[0] == 0
    assert pd.read_csv("out.csv")[["active", "rare", "size"]].notna().all(axis=None)
    code, _, error = fluid(
        "evaluate", "model_folder=Acme", "input=Bolt.csv", "out=scores", *INTAKE[1:], *ENDPOINTS, "evaluation.n_bootstrap=5"
    )
    assert (code, error) == (0, "")
    assert set(pd.read_csv("scores/scores.csv")["endpoint"]) == {"active", "size"}


def test_refused_as_asked_and_if_none_is_left(fluid: Call, assays: None, tmp_path: Path) -> None:
    given = ["input=Acme.csv", "company=Acme", "out=teacher", *FOREST, *INTAKE]
    code, _, error = fluid("train-teacher", *given, *ENDPOINTS, "intake.below_quorum=refuse")
    assert code == 2
    assert f"Acme.csv: 2 endpoints have too few labels: {FEW}; expected at least 8 values, or 8 of each class." in error
    assert fluid("train-teacher", *given, 'intake.endpoints=["rare","few [u]"]')[2] == error
    code, _, error = fluid("train-teacher", *given, "intake.endpoints=[rare]")
    assert code == 2
    assert "Acme.csv: endpoint 'rare' has 20 labels of class 0 and 3 of class 1; expected at least 8 of each class." in error
    assert not (tmp_path / "teacher").exists()


def test_companies_of_a_simulation(fluid: Call, assays: None, small: list[str], tmp_path: Path) -> None:
    kept = [one for one in small if not one.startswith(("data.", "intake.", "model.", "training", "companies"))]
    split = ["companies=size", "companies.n=3", "companies.size_exponent=0", "companies.min_size=10", "companies.min_per_class=2"]
    files = ["data.pool=Bolt.csv", "data.transfer=public.csv", "data.validation_share=0.1", "data.test_share=0.1"]
    models = ["model=forest", "model.n_trees=3", "student_model={kind: forest, n_trees: 3}", "hybrid=concatenate", "name=run"]
    given = [*kept, *split, *files, *models, "intake.quorum=3", "intake.workers=0", "intake.endpoints=[active,rare]"]
    code, _, error = fluid("simulate", *given, "intake.below_quorum=refuse", "companies.min_per_class=4")
    assert code == 2
    assert "labels of 'rare', fewer than 4" in error
    code, out, error = fluid("simulate", *given, "companies.min_per_class=4")
    assert (code, error) == (0, "")
    (note, *_) = [line.strip() for line in out.splitlines() if "and leaves them out." in line]
    assert note[0] == "T"
    assert "has too few labels of 'rare' (" in note
    assert note in (tmp_path / "runs" / "run" / "report.html").read_text().replace("&#39;", "'")
    metrics = pd.read_csv(tmp_path / "runs" / "run" / "metrics.csv")
    knows = {name: set(rows["endpoint"]) for name, rows in metrics.groupby("model")}
    assert knows[note[:2]] == {"active"}
    assert knows["student"] == set.union(*(knows[name] for name in ("T1", "T2", "T3")))
