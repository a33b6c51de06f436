import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from fluid.errors import ArtifactError, ShapeError
from fluid.reporting.page import render
from fluid.reporting.report_data import COLUMNS, ReportData
from fluid.reporting.report_files import read_report_data, write_report_data
from tests.reporting.conftest import BASELINES, make


def test_what_is_written_is_read_again(data: ReportData, tmp_path: Path) -> None:
    write_report_data(data, tmp_path)
    read = read_report_data(tmp_path)
    for name in COLUMNS:
        pd.testing.assert_frame_equal(getattr(read, name), getattr(data, name)[list(COLUMNS[name])], check_dtype=False)
    assert (read.title, read.config, read.versions, read.notes) == (data.title, data.config, data.versions, data.notes)
    assert render(read) == render(data)


def test_a_table_of_baselines_is_written_only_if_there_is_one(data: ReportData, tmp_path: Path) -> None:
    write_report_data(data, tmp_path)
    assert not (tmp_path / "report_data" / "baselines.csv").exists()
    write_report_data(make(baselines=BASELINES), tmp_path)
    pd.testing.assert_frame_equal(read_report_data(tmp_path).baselines, BASELINES, check_dtype=False)


def test_what_is_promised_is_written_and_read_only_if_something_is(data: ReportData, tmp_path: Path) -> None:
    write_report_data(data, tmp_path)
    assert read_report_data(tmp_path).promised == ()
    assert "promised" not in (tmp_path / "report_data" / "facts.json").read_text()
    write_report_data(replace(data, promised=("One.", "Two.")), tmp_path)
    assert read_report_data(tmp_path).promised == ("One.", "Two.")


def test_metrics_json_is_nested_and_has_no_nan(data: ReportData, tmp_path: Path) -> None:
    table = data.scores.copy()
    table.loc[0, "low"] = float("nan")
    write_report_data(make(scores=table), tmp_path)
    scores = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)["scores"]
    assert scores["in-domain"]["blocker"]["student"]["metrics"]["auroc"]["value"] == pytest.approx(0.83)
    first = table.iloc[0]
    assert scores[first["test"]][first["endpoint"]][first["model"]]["metrics"][first["metric"]]["low"] is None


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ShapeError, match="table contribution lacks weight_share"):
        make(contribution=pd.DataFrame({"company": [], "labels_share": []}))


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no finished run"):
        read_report_data(tmp_path)


@pytest.mark.parametrize("name", ["metrics.csv", "report_data/companies.csv"])
def test_missing_and_broken_tables_are_named(data: ReportData, tmp_path: Path, name: str) -> None:
    write_report_data(data, tmp_path)
    (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises(ArtifactError, match=f"{name}.*not the expected table"):
        read_report_data(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name}.*not found"):
        read_report_data(tmp_path)
