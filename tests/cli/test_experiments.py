"""Each worked experiment, in a tiny form on a made-up chemistry."""

import json
from pathlib import Path

import pandas as pd
import pytest

from fluid.cli.help import choices_of
from tests.cli.conftest import SMALL, Call
from tests.conftest import Files

TINY = [text for text in SMALL if not text.startswith(("data=", "companies=", "companies.size_exponent", "model."))]
VALUES = ("adme", "regression_pic50")
BIG = ("demo", "smoke")  # the embedded data: run by the demo itself, and by the slow tests
SWEEPING = ("student_size", "teacher_count", "leave_one_out", "hard_soft", "selection_modes", "protocols")
ASKING = ("cross_domain", "domain_gain", "contribution", "chemical_space")
NETWORK = ["model.hidden=16", "model.layers=2"]
EXTRA = {
    "consensus_study": ["data=files", *NETWORK],
    "cross_architecture": ["data=files", "model.n_trees=20", "student_model={hidden: 16, layers: 2}"],
    "adme": ["data=files", "intake.endpoints=['size [log mol/L]']", "model.n_trees=20"],
    **{name: ["data=files", *NETWORK] for name in (*SWEEPING, *ASKING)},
    "regression_pic50": ["intake.endpoints=['size [log mol/L]']", *NETWORK],
}


def test_every_experiment_has_a_tiny_form() -> None:
    assert {*EXTRA, *BIG} == set(choices_of("experiment"))


@pytest.mark.parametrize("experiment", EXTRA)
def test_every_experiment_runs(fluid: Call, files: Files, tmp_path: Path, experiment: str) -> None:
    tiny = [text for text in TINY if not (experiment in VALUES and text.startswith("intake.endpoints"))]
    data = [f"data.pool={files.pool}", f"data.transfer={files.transfer}", f"data.test_in_domain={files.test}"]
    code, _, error = fluid("simulate", f"experiment={experiment}", *tiny, *EXTRA[experiment], *data, "workers=1")
    assert (code, error) == (0, "")
    run = tmp_path / "runs" / experiment
    config, scores = json.loads((run / "config.json").read_text()), pd.read_csv(run / "metrics.csv")
    student = scores[(scores.model == "student") & (scores.test == "in-domain")].set_index("metric").value
    if experiment in VALUES:
        assert 0 < student["rmse"] < 2
    if experiment == "regression_pic50":
        assert (config["companies"]["method"], config["consensus"]["method"]) == ("scaffold", "uncertainty")
    elif experiment not in VALUES:
        assert 0 <= student["auroc"] <= 1
    if experiment == "cross_architecture":
        assert (config["model"]["kind"], config["student_model"]["encoder"]) == ("forest", "gine")
