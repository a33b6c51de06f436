import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fluid.artifacts import write_json
from fluid.data.endpoints import Endpoint
from fluid.federation.predict import predict_file
from fluid.federation.requests import PredictRequest
from fluid.pipeline.progress import SilentProgress
from fluid.privacy.sum_plan import Summed, noise_for, sum_certificate
from fluid.reporting.report_data import COLUMNS
from fluid.runs.chemical_space import chemical_space
from fluid.runs.folder import contribution, promises, write_run
from tests.conftest import Files
from tests.federation.conftest import Finished


@pytest.fixture(scope="module")
def run(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the run folder."""
    folder = tmp_path_factory.mktemp("run")
    write_run(finished.federation, finished.runner.records, {"seed": 0}, "tiny", 0, folder)
    return folder


def test_it_has_everything_a_user_takes_away(run: Path) -> None:
    names = {str(file.relative_to(run)) for file in run.rglob("*") if file.is_file()}
    expected = {"metrics.json", "metrics.csv", "report.html", "models/student/card.json", "consensus/consensus.parquet", "dropped/pool.csv"}
    assert expected | {"annotations/T3/annotation_set/annotations.parquet", "models/H2/model/model.json"} <= names


def test_means_and_gap_closed_are_those_of_the_scores(run: Path) -> None:
    table = pd.read_csv(run / "metrics.csv")
    auroc = table[(table["metric"] == "auroc") & (table["test"] == "external")].set_index("model")["value"]
    assert auroc["teacher mean"] == pytest.approx(auroc[["T1", "T2", "T3"]].mean())
    gap = table[(table["metric"] == "gap_closed:auroc") & (table["test"] == "external")].set_index("model")["value"]
    expected = (auroc["student"] - auroc["teacher mean"]) / (auroc["pooled"] - auroc["teacher mean"])
    assert gap["student"] == pytest.approx(expected)


def test_metrics_json_says_the_same(run: Path) -> None:
    nested = json.loads((run / "metrics.json").read_text())["scores"]
    table = pd.read_csv(run / "metrics.csv")
    row = table[(table["model"] == "student") & (table["metric"] == "auroc") & (table["test"] == "in-domain")].iloc[0]
    assert nested["in-domain"]["active"]["student"]["metrics"]["auroc"]["value"] == pytest.approx(row["value"])


def test_a_copied_model_predicts(run: Path, finished: Finished, files: Files, tmp_path: Path) -> None:
    order = PredictRequest(run / "models" / "student", str(files.test), tmp_path / "out.csv", finished.spec.intake)
    assert predict_file(order, SilentProgress()).answered == 60


def test_the_map_does_not_depend_on_the_order_of_sets(finished: Finished) -> None:
    parts = {**finished.federation.companies, "transfer": finished.federation.data.transfer}
    one, other = chemical_space(parts, 0, 20), chemical_space(parts, 0, 20)
    pd.testing.assert_frame_equal(one, other)
    assert one["set"].value_counts().to_dict() == {"T1": 20, "T2": 20, "T3": 20, "transfer": 80}
    assert np.isfinite(one[["x", "y"]].to_numpy()).all()


def test_only_companies_have_a_share_of_the_consensus(finished: Finished, tmp_path: Path) -> None:
    """Where the student alone annotates, the table is empty."""
    pd.DataFrame({"company": ["student"], "weight_share": [1.0]}).to_csv(tmp_path / "contribution.csv", index=False)
    made_together: Any = SimpleNamespace(consensus=tmp_path, companies=finished.federation.companies)
    found = contribution(made_together)
    assert len(found) == 0
    assert list(found.columns) == list(COLUMNS["contribution"])
    assert contribution(finished.federation)["labels_share"].sum() == pytest.approx(1)


def test_a_student_with_a_certificate_has_its_promise_in_the_report(finished: Finished, tmp_path: Path) -> None:
    assert promises(finished.federation) == ()
    summed = Summed(("T1", "T2"), (Endpoint.parse("active"),), 1, (np.zeros(1),))
    write_json(tmp_path / "certificate.json", sum_certificate(summed, noise_for(3.0, 1e-5, 1), 1e-5, False))
    certified: Any = SimpleNamespace(models={"student": SimpleNamespace(folder=tmp_path)})
    assert "certified to each of T1, T2: ε 3.00" in promises(certified)[0]
