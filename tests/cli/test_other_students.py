"""Students by neighbours and hybrids with the own teacher, through every verb that meets them."""

from pathlib import Path

import pandas as pd
import pytest

from fluid.artifacts import read_json
from tests.cli.conftest import Call
from tests.conftest import Files

COMMON = ["intake.endpoints=[active]", "intake.quorum=5", "intake.workers=1", "trainer.threads=1", "annotation.mc_samples=0"]


@pytest.mark.parametrize("kind", ["nearest", "blend"])
def test_a_consortium_of_forests_with_another_student(fluid: Call, files: Files, tmp_path: Path, kind: str) -> None:
    lines = files.pool.read_text().splitlines()
    for number in (1, 2):
        (tmp_path / f"assay{number}.csv").write_text("\n".join([lines[0], *lines[number::2]]) + "\n")
        private = [f"company=T{number}", f"input=assay{number}.csv", *COMMON]
        assert fluid("train-teacher", *private, "model=forest", "model.n_trees=10", "training=tiny", f"out=teacher{number}")[0] == 0
        asked = [f"teacher=teacher{number}", f"transfer={files.transfer}", "intake.workers=1"]
        assert fluid("annotate", *asked, f"out=answers{number}")[0] == 0
    assert fluid("aggregate", "annotations=[answers1,answers2]", "out=consensus")[0] == 0
    public = [f"transfer={files.transfer}", "consensus_folder=consensus"]
    learning = ["training=tiny", "intake.workers=1", "trainer.threads=1", "annotation.mc_samples=0", "model.hidden=16", "model.layers=2"]
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
        code, out, _ = fluid("predict", f"model_folder={model}", f"input={files.test}", f"out={model}.csv", "intake.workers=1")
        assert code == 0
        assert "60 of 60 rows answered" in out
        answers = pd.read_csv(f"{model}.csv")
        assert answers["active"].between(0, 1).all()
        assert (answers[["active_epistemic", "active_aleatoric"]] >= 0).all(axis=None)
        scores = [f"model_folder={model}", f"input={files.test}", *COMMON[:3], "evaluation.n_bootstrap=5"]
        assert fluid("evaluate", *scores, f"out=scores_{model}")[0] == 0
