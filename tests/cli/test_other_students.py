"""Students by neighbours and hybrids with the own teacher, through every verb that meets them."""

import re
from pathlib import Path

import pandas as pd
import pytest

from fluid.artifacts import read_json
from tests.cli.conftest import Call
from tests.conftest import Files

COMMON = ["intake.endpoints=[active]", "intake.quorum=5", "intake.workers=0", "trainer.threads=1", "annotation.mc_samples=0"]


@pytest.mark.parametrize("kind", ["nearest", pytest.param("blend", marks=pytest.mark.slow)])
def test_a_consortium_of_forests_with_another_student(fluid: Call, files: Files, tmp_path: Path, kind: str) -> None:
    lines = files.pool.read_text().splitlines()
    for number in (1, 2):
        (tmp_path / f"assay{number}.csv").write_text("\n".join([lines[0], *lines[number::2]]) + "\n")
        private = [f"company=T{number}", f"input=assay{number}.csv", *COMMON]
        assert fluid("train-teacher", *private, "model=forest", "model.n_trees=10", "training=tiny", f"out=teacher{number}")[0] == 0
        asked = [f"teacher=teacher{number}", f"transfer={files.transfer}", "intake.workers=0"]
        assert fluid("annotate", *asked, f"out=answers{number}")[0] == 0
    assert fluid("aggregate", "annotations=[answers1,answers2]", "few_companies=true", "details=true", "out=consensus")[0] == 0
    public = [f"transfer={files.transfer}", "consensus_folder=consensus"]
    learning = ["training=tiny", "intake.workers=0", "trainer.threads=1", "annotation.mc_samples=0", "model.hidden=16", "model.layers=2"]
    chosen = [f"distillation={kind}", "distillation.sharpen=2.0", "loss=kl", "selection=covered"]
    code, _, error = fluid("distill", *public, *learning, *chosen, "out=student")
    assert (code, error) == (0, "")
    own = ["company=T1", "input=assay1.csv", "student=student", *public, *COMMON, "training=tiny"]
    code, _, error = fluid("hybrid", *own, "hybrid=gate", "out=none")
    assert code == 2
    assert "need your own teacher. Add teacher=FOLDER" in error
    code, _, error = fluid("hybrid", *own, "hybrid=gate", "teacher=teacher2", "out=none")
    assert code == 2
    assert "the teacher was trained on other data" in error
    code, _, error = fluid("hybrid", *own, "hybrid=gate", "hybrid.guard=true", "teacher=teacher1", "out=gated")
    assert (code, error) == (0, "")
    assert set(read_json(tmp_path / "gated" / "guard.json")["losses"]) == {"hybrid", "teacher", "student"}
    assert fluid("hybrid", *own, "out=tuned")[0] == 0
    for model in ("student", "gated", "tuned"):
        code, out, _ = fluid("predict", f"model_folder={model}", f"input={files.test}", f"out={model}.csv", "intake.workers=0")
        assert code == 0
        assert "60 of 60 rows answered" in out
        answers = pd.read_csv(f"{model}.csv")
        assert answers["active"].between(0, 1).all()
        assert (answers[["active_epistemic", "active_aleatoric"]] >= 0).all(axis=None)
        scores = [f"model_folder={model}", f"input={files.test}", *COMMON[:3], "evaluation.n_bootstrap=5"]
        assert fluid("evaluate", *scores, f"out=scores_{model}")[0] == 0


def test_a_consortium_with_a_head_for_each_teacher(fluid: Call, files: Files, tmp_path: Path) -> None:
    lines = files.pool.read_text().splitlines()
    for number, name in ((1, "T2"), (2, "T10")):
        (tmp_path / f"assay{number}.csv").write_text("\n".join([lines[0], *lines[number::2]]) + "\n")
        private = [f"company={name}", f"input=assay{number}.csv", *COMMON, "training=tiny", f"out=teacher{number}"]
        assert fluid("train-teacher", *private, "model=forest", "model.n_trees=10")[0] == 0
        asked = [f"teacher=teacher{number}", f"transfer={files.transfer}", "intake.workers=0"]
        assert fluid("annotate", *asked, f"out=answers{number}")[0] == 0
    assert fluid("aggregate", "annotations=[answers1,answers2]", "few_companies=true", "out=consensus")[0] == 0
    assert sorted(file.name for file in (tmp_path / "consensus").glob("*.parquet")) == ["consensus.parquet"]
    public = [f"transfer={files.transfer}", "consensus_folder=consensus"]
    learning = ["training=tiny", "intake.workers=0", "trainer.threads=1", "annotation.mc_samples=0", "model.hidden=16", "model.layers=2"]
    chosen = ["distillation=heads", "distillation.sharpen=1.5", "distillation.heads.domain_weight=0.5", "loss=kl"]
    code, _, error = fluid("distill", *public, *learning, *chosen, "out=student")
    assert code == 2
    assert "no annotation sets were given; expected annotations=[folder,folder,...]" in error
    code, _, error = fluid("distill", *public, *learning, *chosen, "annotations=[answers2]", "out=student")
    assert code == 2
    assert "the consensus is of other annotation sets; the annotation sets are of T10" in error
    for out, sets in (("student", "annotations=[answers1,answers2]"), ("again", "annotations=[answers2,answers1/annotation_set]")):
        code, _, error = fluid("distill", *public, *learning, *chosen, sets, f"out={out}")
        assert (code, error) == (0, "")
    made = [sorted(file for file in (tmp_path / out).rglob("*") if file.is_file()) for out in ("student", "again")]
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(*made, strict=True))
    card = read_json(tmp_path / "student" / "model" / "model.json")
    assert (card["kind"], card["teachers"], card["heads"]) == ("heads", ["T2", "T10"], [["T2", "active"], ["T10", "active"]])
    own = ["company=T2", "input=assay1.csv", "student=student", *public, *COMMON, "training=tiny"]
    for out, settings in (("gated", ["hybrid=gate", "hybrid.guard=true", "teacher=teacher1"]), ("tuned", [])):
        code, _, error = fluid("hybrid", *own, *settings, f"out={out}")
        assert (code, error) == (0, "")
    assert read_json(tmp_path / "tuned" / "model" / "model.json")["kind"] == "network"
    assert fluid("annotate", "teacher=student", f"transfer={files.transfer}", "intake.workers=0", "out=answers_student")[0] == 0
    for model in ("student", "tuned", "gated"):
        code, out, _ = fluid("predict", f"model_folder={model}", f"input={files.test}", f"out={model}.csv", "intake.workers=0")
        assert code == 0
        assert "60 of 60 rows answered" in out
        answers = pd.read_csv(f"{model}.csv")
        assert answers["active"].between(0, 1).all()
        assert (answers[["active_epistemic", "active_aleatoric"]] >= 0).all(axis=None)
        scores = [f"model_folder={model}", f"input={files.test}", *COMMON[:3], "evaluation.n_bootstrap=5"]
        assert fluid("evaluate", *scores, f"out=scores_{model}")[0] == 0


def test_heads_in_one_process_are_reported(fluid: Call, small: list[str], tmp_path: Path) -> None:
    settings = [*small, "distillation=heads", "name=heads"]
    code, _, error = fluid("simulate", *settings)
    assert (code, error) == (0, "")
    assert read_json(tmp_path / "runs" / "heads" / "models" / "student" / "model" / "model.json")["kind"] == "heads"
    assert (tmp_path / "runs" / "heads" / "report.html").stat().st_size > 10_000


def test_a_consortium_of_experts(fluid: Call, files: Files, tmp_path: Path) -> None:
    lines = files.pool.read_text().splitlines()
    for number, kind in ((1, "additive"), (2, "forest")):
        (tmp_path / f"assay{number}.csv").write_text("\n".join([lines[0], *lines[number::2]]) + "\n")
        private = [f"company=T{number}", f"input=assay{number}.csv", *COMMON, f"model={kind}", "annotation.domain=evidence"]
        assert fluid("train-teacher", *private, f"out=teacher{number}")[0] == 0
        asked = [f"teacher=teacher{number}", f"transfer={files.transfer}", "intake.workers=0"]
        code, out, _ = fluid("annotate", *asked, f"out=answers{number}")
        assert code == 0
        assert re.search(r"the transfer set holds \d+% of the substructures that your evidence is about", out)
    assert fluid("aggregate", "annotations=[answers1,answers2]", "consensus=evidence", "few_companies=true", "out=consensus")[0] == 0
    public = [f"transfer={files.transfer}", "consensus_folder=consensus"]
    learning = [*public, "intake.workers=0", "trainer.threads=1", "distillation=experts"]
    code, _, error = fluid("distill", *learning, "out=student")
    assert code == 2
    assert "no annotation sets were given; expected annotations=[folder,folder,...]" in error
    code, _, error = fluid("distill", *learning, "annotations=[answers2,answers1]", "out=student")
    assert (code, error) == (0, "")
    fidelity = pd.read_csv(tmp_path / "student" / "fidelity.csv")
    assert fidelity["teacher"].tolist() == ["T1", "T2"]
    assert fidelity["fidelity"][0] > fidelity["fidelity"][1]
    own = ["company=T1", "input=assay1.csv", "student=student", *public, *COMMON]
    code, _, error = fluid("hybrid", *own, "out=none")
    assert code == 2
    assert "hybrid=fine_tune adds a company's labels to the student, and a student of experts takes none" in error
    code, _, error = fluid("hybrid", *own, "hybrid=own_expert", "out=none")
    assert code == 2
    assert "hybrid=own_expert and hybrid.guard=true need your own teacher. Add teacher=FOLDER" in error
    code, _, error = fluid("hybrid", *own, "hybrid=own_expert", "hybrid.guard=true", "teacher=teacher1", "out=own")
    assert (code, error) == (0, "")
    for model in ("student", "own"):
        code, out, _ = fluid("predict", f"model_folder={model}", f"input={files.test}", f"out={model}.csv", "intake.workers=0")
        assert code == 0
        assert "60 of 60 rows answered" in out
        assert pd.read_csv(f"{model}.csv")["active"].between(0, 1).all()
    altered = tmp_path / "answers1" / "annotation_set" / "evidence.safetensors"
    altered.write_bytes(altered.read_bytes()[:-1])
    code, _, error = fluid("aggregate", "annotations=[answers1,answers2]", "consensus=evidence", "few_companies=true", "out=again")
    assert code == 2
    assert "evidence.safetensors" in error
