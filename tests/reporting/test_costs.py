import json
from pathlib import Path

import pandas as pd
import pytest

from fluid.reporting.costs import cost_by_kind, cost_sentence, total_cost
from fluid.reporting.page import figures_of, render
from fluid.reporting.report_data import COLUMNS, ReportData
from fluid.reporting.report_files import read_report_data, write_report_data
from tests.reporting.conftest import make

RATES = {"core_w": 10.0, "gpu_w": 300.0}


def test_kinds_are_summed_and_the_last_row_is_all(data: ReportData) -> None:
    table = cost_by_kind(data.stages).set_index("stage")
    assert list(table.index) == ["intake", "teacher", "all"]
    assert table.loc["teacher"].to_dict() == pytest.approx(
        {"stages": 2, "made": 2, "seconds": 4.0, "cpu_s": 7.0, "gpu_s": 0.0, "energy_j": 70.0, "peak_mb": 400.0}
    )
    assert (table.loc["all", "stages"], table.loc["all", "made"], table.loc["all", "peak_mb"]) == (3, 2, 400.0)


def test_energy_is_called_estimated_with_what_was_assumed(data: ReportData) -> None:
    said = cost_sentence(data.stages, RATES)
    assert "7 s of processor time" in said
    assert "0.0197 Wh of energy (estimated, not measured (10 W per busy core and 300 W per busy GPU))" in said  # 71 J
    assert "1 of 3 stages were there already" in said


def test_measured_energy_is_not_called_estimated(data: ReportData) -> None:
    said = cost_sentence(data.stages.assign(energy_from="RAPL + NVML", reused=False), RATES)
    assert "estimated" not in said
    assert "RAPL" in said
    assert "NVML" in said
    assert "already" not in said


def test_no_stages_cost_nothing() -> None:
    nothing = pd.DataFrame(columns=list(COLUMNS["stages"]))
    assert total_cost(nothing)["cpu_s"] == 0
    assert cost_sentence(nothing, RATES) == "0 s of processor time and 0 s of GPU time."


def test_the_page_and_the_file_have_it(data: ReportData, tmp_path: Path) -> None:
    page = render(make(config={"seed": 0, "cost": RATES}))
    assert "<h2>Cost</h2>" in page
    assert "estimated, not measured (10 W per busy core" in page
    write_report_data(data, tmp_path)
    kept = json.loads((tmp_path / "metrics.json").read_text())
    assert kept["cost"]["total"]["energy_from"] == "estimated"
    assert kept["cost"]["stages"][1] == dict(
        zip(COLUMNS["stages"], ("teacher", "T1", False, 1.5, 2.5, 0.0, 300.0, 25.0, "estimated"), strict=True)
    )


def test_only_the_cost_differs_between_equal_runs(data: ReportData, tmp_path: Path) -> None:
    slower = make(stages=data.stages.assign(seconds=9.0, cpu_s=9.0))
    for name, one in (("a", data), ("b", slower)):
        write_report_data(one, tmp_path / name)
    first, second = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in "ab")
    assert first.pop("cost") != second.pop("cost")
    assert first == second
    assert (tmp_path / "a" / "metrics.csv").read_bytes() == (tmp_path / "b" / "metrics.csv").read_bytes()


def test_a_report_of_an_earlier_version_is_drawn(data: ReportData, tmp_path: Path) -> None:
    write_report_data(data, tmp_path)
    old = data.stages[["stage", "name", "seconds", "reused", "peak_mb"]]
    old.to_csv(tmp_path / "report_data" / "stages.csv", index=False)
    read = read_report_data(tmp_path)
    assert read.stages["energy_from"].tolist() == ["", "", ""]
    assert "of energy" not in cost_sentence(read.stages, {})
    assert render(read)


def test_figures_of_a_page(data: ReportData) -> None:
    found = figures_of(render(data))
    assert {"calibration", "companies", "bar-chart-of-auroc-for-blocker"} <= set(found)
    assert all(svg.startswith("<svg") and svg.endswith("</svg>") for svg in found.values())
