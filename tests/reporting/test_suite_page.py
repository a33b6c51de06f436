"""The page of a suite, drawn from made-up results."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fluid.errors import InputError, ShapeError
from fluid.reporting.published import published_figures, published_gap, published_score
from fluid.reporting.suite_data import COLUMNS, SuiteData
from fluid.reporting.suite_page import facts_of, put_into, render_suite, suite_lines
from fluid.reporting.suite_tables import Cell, baseline_tables, correct_together, headline_table, setting_pairs, tidy
from fluid.seeding import numpy_stream

LEVELS = {"pooled": 0.6, "teacher_mean": 0.4, "consensus": 0.5, "student": 0.5, "hybrid_mean": 0.52, "fedavg": 0.45}
NAMES = {"teacher_mean": "teacher mean", "hybrid_mean": "hybrid mean"}
SETTINGS = {"protocol=paper": 0.0, "protocol=fluid": 0.05}


def results(seeds: int = 4, failed: bool = False, metric: str = "mcc") -> SuiteData:
    """Return two settings over seeds; the student is better under the second."""
    rng = numpy_stream(0, "test", "suite")
    scores, runs, facts = [], [], []
    for setting, effect in SETTINGS.items():
        for seed in range(seeds):
            done = not (failed and setting == "protocol=fluid" and seed == 1)
            place = ("protocols", setting, f"protocols/run-{setting[-5:]}-{seed}", "abc" + setting[-5:], seed)
            runs.append(("protocols", setting, seed, place[2], "done" if done else "failed", "" if done else "it broke <badly>",
                         "fluid simulate", place[3], "c0ffee", "0", "split"))  # fmt: skip
            for role, level in LEVELS.items():
                value = level + 0.01 * seed + (effect if role == "student" else 0) + rng.normal(0, 0.004)
                if done:
                    scores.append(
                        (*place, NAMES.get(role, role), role, "", "in-domain", "blocker", metric, value, value - 0.1, value + 0.1, 9)
                    )
            if done:
                facts += [(*place, "student", 1, 1000.0 * (seed + 1), 2e6, "predictions"), (*place, "fedavg", 5, 3e6, 3e6, "weights")]
    tables = [pd.DataFrame(rows, columns=list(COLUMNS[name])) for name, rows in (("scores", scores), ("runs", runs), ("facts", facts))]
    return SuiteData("made_up", "nightly", *tables, title="Made <up>", questions={"protocols": "Which?"}, published=True, command="fluid x")


def column(data: SuiteData, role: str, setting: str) -> np.ndarray:
    own = data.scores[(data.scores["role"] == role) & (data.scores["setting"] == setting)]
    return own.sort_values("seed")["value"].to_numpy()


def cells(data: SuiteData) -> dict[str, list[Cell]]:
    experiment = data.of("protocols")
    runs = tidy(experiment)
    table = headline_table(experiment, runs, correct_together(setting_pairs(runs, ["mcc"]).pairs), "blocker", "mcc", True)
    assert sum(span for _, span in table.groups) == len(table.head) == len(table.rows[0]) - 1
    return {row[0].text: list(row[1:]) for row in table.rows}


def test_means_intervals_and_differences() -> None:
    data = results()
    paper, fluid, difference, published_cell = cells(data)["student"]
    own, other = column(data, "student", "protocol=paper"), column(data, "student", "protocol=fluid")
    half = stats.t.ppf(0.975, 3) * stats.sem(own)
    assert paper.text == f"{own.mean():.3f} ± {half:.3f}"
    assert paper.anchor == "runs-protocols-0"
    assert fluid.anchor == "runs-protocols-1"
    assert f"seed 2: {own[2]:.4f}" in paper.hint
    ends = stats.ttest_rel(other, own).confidence_interval(0.95)
    assert difference.text == f"{(other - own).mean():+.3f} ({ends.low:+.3f} to {ends.high:+.3f}) **"
    assert difference.below == "practically better"
    assert published_cell.text == "0.357"
    assert "*" not in cells(data)["pooled"][2].text


def test_a_difference_that_is_worse_is_called_so() -> None:
    data = results()
    turned = data.scores.assign(value=np.where(data.scores["role"] == "student", 1 - data.scores["value"], data.scores["value"]))
    assert cells(replace(data, scores=turned))["student"][2].below == "practically worse"


def test_the_gap_is_a_ratio_of_means() -> None:
    data = results()
    gap = cells(data)["gap closed by student"]
    own, teachers, pooled = (column(data, role, "protocol=paper").mean() for role in ("student", "teacher_mean", "pooled"))
    assert gap[0].text.startswith(f"{100 * (own - teachers) / (pooled - teachers):.0f} % (")
    assert gap[3].text == "37 %"


def test_runs_that_are_missing_are_shown_behind_every_number() -> None:
    data = results(failed=True)
    fluid = cells(data)["student"][1]
    assert (fluid.below, fluid.bad) == ("3 of 4 seeds", True)
    page = render_suite(data)
    assert "1 of 8 runs are not in these figures" in page
    assert "it broke &lt;badly&gt;" in page
    assert "Made &lt;up&gt;" in page
    assert "<badly>" not in page
    gone = data.scores[data.scores["setting"] == "protocol=paper"]
    assert cells(replace(data, scores=gone))["student"][1] == Cell("missing", anchor="runs-protocols-1", bad=True)


def test_one_seed_has_no_interval_and_no_star() -> None:
    paper, _, difference, _ = cells(results(1))["student"]
    assert "±" not in paper.text
    assert difference.text.startswith("+0.0")
    assert "(" not in difference.text
    assert "*" not in difference.text


def test_nothing_at_all_is_a_page_too() -> None:
    data = results()
    runs = data.runs.assign(status="not begun", config="", error="no process has begun it")
    page = render_suite(replace(data, scores=data.scores.iloc[:0], facts=data.facts.iloc[:0], runs=runs))
    assert "8 of 8 runs are not in these figures" in page
    assert "No run has scores." in page
    assert 'href="protocols/run-paper-0/"' not in page


def test_baselines_stand_beside_the_student_with_what_they_cost() -> None:
    data = results()
    experiment = data.of("protocols")
    first = next(iter(baseline_tables(experiment, tidy(experiment))))
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in first.rows}
    assert rows["student"][1:] == ["1", "2.5 kB", "2.0 MB", "predictions"]
    assert rows["fedavg"][1:] == ["5", "3.0 MB", "3.0 MB", "weights"]
    mean = (column(data, "fedavg", "protocol=paper") - column(data, "student", "protocol=paper")).mean()
    below = next(row[1].below for row in first.rows if row[0].text == "fedavg")
    assert below == f"−{abs(mean):.3f} **"


def test_facts_hold_all_runs_and_no_nan() -> None:
    facts = facts_of(results(1))
    assert len(facts["runs"]) == 2
    assert all(row["half"] is None for row in facts["experiments"]["protocols"]["summary"])


def test_values_without_published_figures() -> None:
    page = render_suite(results(metric="rmse"))
    assert "RMSE (lower is better), blocker" in page
    assert "its data, one run" not in page


def test_the_papers_table() -> None:
    assert published_score("mcc", "external", "teacher_mean") == "0.330 (0.109–0.481)"
    assert published_score("mcc", "external", "consensus") == published_score("auroc", "external", "student") == "–"
    assert [published_gap("mcc", test, "student") for test in ("in-domain", "external")] == ["37 %", "77 %"]
    for test, roles in published_figures()["gap_closed"]["mcc"].items():  # the shares follow from the scores
        scores = published_figures()["scores"]["mcc"][test]
        for role, share in roles.items():
            ends = [scores[name]["value"] for name in (role, "teacher_mean", "pooled")]
            assert share == pytest.approx((ends[0] - ends[1]) / (ends[2] - ends[1]), abs=0.011)


def test_markdown_goes_between_its_lines(tmp_path: Path) -> None:
    lines = suite_lines(results())
    assert lines[-1].startswith("Suite made_up, tier nightly, 8 runs; mean ± half width")
    assert "at commit c0ffee" in lines[-1]
    assert sum(line.startswith("| student |") for line in lines) == 3
    (tmp_path / "a.md").write_text("x\n<!-- suite --><!-- /suite -->y")
    put_into(tmp_path / "a.md", ["new"])
    put_into(tmp_path / "a.md", ["newer"])
    assert (tmp_path / "a.md").read_text() == "x\n<!-- suite -->\nnewer\n<!-- /suite -->y"
    with pytest.raises(InputError, match="there is no such page"):
        put_into(tmp_path / "b.md", [])


def test_a_table_without_a_column_is_refused() -> None:
    data = results()
    with pytest.raises(ShapeError, match="table runs lacks status"):
        replace(data, runs=data.runs.drop(columns="status"))
