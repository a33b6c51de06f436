"""A model of two, `model=wide_deep`, as teacher, pooled model, student and hybrid, from the command line."""

from pathlib import Path

import pandas as pd
import pytest

from fluid.artifacts import read_json
from tests.cli.conftest import Call
from tests.conftest import Files


def test_a_federation_of_models_of_two(fluid: Call, small: list[str], files: Files, tmp_path: Path) -> None:
    settings = [text.replace("model.", "model.network.") if text.startswith("model.") else text for text in small]
    asked = ["model=wide_deep", "model.additive.n_bits=128", "model.additive.strengths=[0.1,1.0]", "model.combine=mean", "model.share=0.4"]
    student = "student_model={kind: wide_deep, network: {hidden: 16, layers: 2}, additive: {n_bits: 128}}"
    code, _, error = fluid("simulate", *settings, *asked, student, "hybrid=concatenate", "name=two")
    assert (code, error) == (0, "")
    cards = {name: read_json(tmp_path / "runs/two/models" / name / "model/model.json") for name in ("pooled", "T1", "student", "H1")}
    assert {name: (card["kind"], card["share"]) for name, card in cards.items()} == {
        "pooled": ("wide_deep", 0.4), "T1": ("wide_deep", 0.4), "student": ("wide_deep", 0.25), "H1": ("wide_deep", 0.25),
    }  # fmt: skip
    parts = {name: read_json(tmp_path / "runs/two/models" / name / "model/additive/model.json")["kind"] for name in cards}
    assert parts == {"pooled": "additive", "T1": "additive", "student": "wide_deep", "H1": "wide_deep"}
    assert fluid("predict", "model_folder=runs/two/models/H1", f"input={files.test}", "out=answers.csv", "intake.workers=0")[0] == 0
    answers = pd.read_csv("answers.csv")
    assert answers["active"].between(0, 1).all()
    assert (answers[["active_epistemic", "active_aleatoric"]] >= 0).all(axis=None)


@pytest.mark.long
def test_a_federation_of_models_that_learn_together(fluid: Call, small: list[str], files: Files, tmp_path: Path) -> None:
    settings = [text.replace("model.", "model.network.") if text.startswith("model.") else text for text in small]
    student = "student_model={kind: wide_deep, network: {hidden: 16, layers: 2}, additive: {n_bits: 128}, combine: fingerprint}"
    asked = ["model=wide_deep", "model.additive.n_bits=128", "model.combine=joint", student, "hybrid=concatenate", "name=together"]
    code, _, error = fluid("simulate", *settings, *asked)
    assert (code, error) == (0, "")
    cards = {name: read_json(tmp_path / "runs/together/models" / name / "model/model.json") for name in ("T1", "student", "H1")}
    assert {name: (card["kind"], card["spec"]["combine"]) for name, card in cards.items()} == {
        "T1": ("joint", "joint"), "student": ("joint", "fingerprint"), "H1": ("joint", "fingerprint"),
    }  # fmt: skip
    assert fluid("predict", "model_folder=runs/together/models/H1", f"input={files.test}", "out=answers.csv", "intake.workers=0")[0] == 0
    assert pd.read_csv("answers.csv")["active"].between(0, 1).all()


def test_what_it_cannot_do_is_told_before_any_work(fluid: Call, small: list[str]) -> None:
    settings = [text for text in small if not text.startswith("model.")]
    for asked, message in (
        (["student_model={kind: wide_deep}"], "the student is of kind 'wide_deep', which has no weights to go on from"),
        (["model=wide_deep", "model.share=2"], "model.share is 2.0; expected a share in [0, 1]"),
        (
            ["model=wide_deep", "model.combine=sum"],
            "model.combine is 'sum'; expected both_networks or mean or joint or fingerprint or fingerprint_mean",
        ),
        (["model=wide_deep", "model.hidden=8"], "Keys of model: additive, combine, kind, network, share."),
    ):
        code, _, error = fluid("simulate", *settings, *asked)
        assert code == 2
        assert message in error
