"""Experiments that sweep by themselves: their runs share teachers, and their figures show what the runs gave."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from fluid.cli.sweeps.sweep import plan
from tests.cli.conftest import Call
from tests.cli.test_protocols import TINY
from tests.conftest import Files

OUT = ["companies.left_out=null,T1,T3"]
SWEEPS = {
    "student_size": ["selection.n=10,60"],
    "teacher_count": ["companies.taking_part=1,2,3"],
    "leave_one_out": OUT,
    "hard_soft": [],
    "selection_modes": ["selection.mode=random,best,covered", "selection.n=40"],
}
TITLES = {
    "student_size": "Student size",
    "teacher_count": "Teacher count",
    "leave_one_out": "Leave one out",
    "hard_soft": "Hard or soft labels",
    "selection_modes": "Selection of molecules",
}


@pytest.fixture(scope="module")
def paper(files: Files) -> list[str]:
    """Return the settings of a small federation of forests, as the paper has it."""
    data = [f"data.pool={files.pool}", f"data.transfer={files.transfer}", f"data.test_external={files.external}"]
    return [*TINY, "data=files", "data.endpoints=[active]", *data]


def figures(page: Path) -> dict[str, str]:
    """Return the sections of a page by their headings."""
    return {name: text for name, text in re.findall(r"<section>\s*<h2>(.*?)</h2>(.*?)</section>", page.read_text(), re.DOTALL)}


@pytest.mark.slow
@pytest.mark.parametrize("experiment", SWEEPS)
def test_a_sweep_trains_teachers_once_and_draws_its_figure(fluid: Call, paper: list[str], tmp_path: Path, experiment: str) -> None:
    code, _, error = fluid("simulate", "-m", f"experiment={experiment}", *paper, *SWEEPS[experiment], "name=mine")
    assert (code, error) == (0, "")
    runs = sorted((tmp_path / "runs/mine").glob("*/metrics.csv"))
    assert len(runs) == (2 if experiment in ("student_size", "hard_soft") else 3)
    assert len(list((tmp_path / "runs/store/teacher").glob("*/artifact.json"))) == 4  # three companies and the pooled forest
    assert fluid("collect", "folder=runs/mine")[0] == 0
    found = figures(tmp_path / "runs/mine/collected.html")
    own = [text for name, text in found.items() if name.startswith(TITLES[experiment])]
    assert [name for name in found if name.startswith(TITLES[experiment])] == [
        f"{TITLES[experiment]}: {m}, active" for m in ("MCC", "AUROC")
    ]
    published = experiment in ("student_size", "teacher_count", "leave_one_out")
    assert ["doi:10.1038/s42256-025-00991-2" in text for text in own] == [published, False]  # the paper has MCC only
    assert all("student" in text and "<svg" in text for text in own)


def test_a_company_left_out_is_as_if_its_annotations_had_not_come(fluid: Call, paper: list[str], files: Files, tmp_path: Path) -> None:
    assert fluid("simulate", *paper, "name=all")[0] == 0
    assert fluid("simulate", *paper, "name=without", "companies.left_out=T2")[0] == 0
    runs = tmp_path / "runs"
    assert sorted(path.name for path in (runs / "without/annotations").iterdir()) == ["T1", "T3"]
    sets = ",".join(str(runs / f"all/annotations/{name}/annotation_set") for name in ("T3", "T1"))
    chosen = ["consensus=similarity", "consensus.options.power=2.0", "details=true", "few_companies=true"]
    code, _, error = fluid("aggregate", f"annotations=[{sets}]", "out=consensus", *chosen)
    assert (code, error) == (0, "")
    for file in ("consensus.parquet", "contribution.csv"):
        assert (tmp_path / "consensus" / file).read_bytes() == (runs / "without/consensus" / file).read_bytes()
    assert (runs / "all/consensus/consensus.parquet").read_bytes() != (runs / "without/consensus/consensus.parquet").read_bytes()
    scores = {
        name: pd.read_csv(runs / name / "metrics.csv").set_index(["model", "test", "endpoint", "metric"]).value
        for name in ("all", "without")
    }
    models = {name: set(values.index.get_level_values("model")) for name, values in scores.items()}
    assert models["all"] - models["without"] == {"H2"}
    for model in ("T1", "T2", "T3", "pooled", "teacher mean"):  # the scale of the gap is that of all companies
        pd.testing.assert_series_equal(scores["all"].loc[model], scores["without"].loc[model])
    notes = json.loads((runs / "without/report_data/facts.json").read_text())["notes"]
    assert "T1, T3 of 3 companies take part in consensus, student, hybrids and federated baselines; the mean teacher" in notes[-1]


@pytest.mark.slow
def test_the_number_and_the_names_of_those_who_take_part_mean_the_same(fluid: Call, paper: list[str], tmp_path: Path) -> None:
    for name, who in {"number": "2", "names": "[T2,T1]"}.items():
        assert fluid("simulate", *paper, f"name={name}", f"companies.taking_part={who}")[0] == 0
    number, names = ((tmp_path / "runs" / name / "metrics.csv").read_bytes() for name in ("number", "names"))
    assert number == names


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("companies.taking_part=0", "companies.taking_part is 0; expected 1 to 3, or a list of names"),
        ("companies.taking_part=4", "companies.taking_part is 4; expected 1 to 3, or a list of names"),
        ("companies.taking_part=[T1,T9]", "companies.taking_part names 'T9'; expected companies of this split: T1, T2, T3"),
        ("companies.taking_part=[]", "leave nobody; expected at least one of T1, T2, T3"),
        ("companies.taking_part=1.5", "companies.taking_part is 1.5; expected a number of companies, a list as [T1,T3], or null"),
        ("companies.left_out=T4", "companies.left_out names 'T4'; expected companies of this split: T1, T2, T3"),
        ("figure=pie", "figure is 'pie'; expected null or one of student_size"),
    ],
)
def test_impossible_settings_are_named_before_any_work(fluid: Call, paper: list[str], tmp_path: Path, setting: str, message: str) -> None:
    code, _, error = fluid("simulate", *paper, setting)
    assert code == 2
    assert message in error
    assert not (tmp_path / "runs").exists()


def test_hard_labels_of_values_are_refused(fluid: Call, paper: list[str]) -> None:
    code, _, error = fluid("simulate", "experiment=hard_soft", *paper, "data.endpoints=['size [log mol/L]']")
    assert code == 2
    assert "experiment=hard_soft compares what is done with classes; expected an endpoint that is a class, not only values" in error


def test_what_an_experiment_sweeps_the_command_line_may_set(paper: list[str]) -> None:
    sizes = [job[2] for job in plan("simulate", ["-m", "experiment=student_size", "seed=1"]).jobs.values()]
    assert sizes == [f"selection.n={n}" for n in (100, 250, 500, 1000, 2500, 5000, 10000, 25000)]
    assert len(plan("simulate", ["-m", "experiment=student_size", "selection.n=7", "seed=0,1"]).jobs) == 2
    both = plan("simulate", ["-m", "experiment=student_size,hard_soft"])
    assert len(both.jobs) == 10  # each experiment sweeps its own


@pytest.mark.slow
def test_protocols_are_compared_as_two_settings(fluid: Call, paper: list[str], tmp_path: Path) -> None:
    given = [text for text in paper if not text.startswith("protocol=")]
    common = ["model.hidden=16", "model.layers=2", "training=tiny", "annotation.mc_samples=0", "data.validation_share=0.15"]
    for protocol, more in {"paper": [], "fluid": common}.items():
        kept = [text for text in given if protocol == "paper" or not text.startswith("model.n_trees")]
        code, _, error = fluid(
            "simulate", "-m", "experiment=protocols", f"protocol={protocol}", *kept, *more, f"name=mine{protocol}", "paths.runs=runs/both"
        )
        assert (code, error) == (0, "")
    assert fluid("collect", "folder=runs/both")[0] == 0
    table = pd.read_csv(tmp_path / "runs/both/collected.csv")
    assert set(table["protocol"]) == {"paper", "fluid"}
    found = figures(tmp_path / "runs/both/collected.html")
    assert "Protocols: MCC, active" in found
    assert "paper (published)" in found["Protocols: MCC, active"]
    assert "protocol=paper" in found["MCC, external, active"]
    assert "n_trees" not in found["MCC, external, active"]


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ["active", "size [log mol/L]"])
def test_analyses_are_asked_for_collected_and_drawn(fluid: Call, paper: list[str], tmp_path: Path, endpoint: str) -> None:
    given = [*paper, f"data.endpoints=['{endpoint}']", "analyses=[cross_domain,domain_gain,contribution]", "name=one"]
    code, _, error = fluid("simulate", "experiment=cross_domain", *given)
    assert (code, error) == (0, "")
    run = tmp_path / "runs/one"
    assert sorted(file.stem for file in (run / "analyses").iterdir()) == ["contribution", "cross_domain", "domain_gain"]
    code, out, _ = fluid("collect", "folder=runs/one", "out=all.csv")
    assert code == 0
    assert "analysis: all-cross_domain.csv" in out
    matrix = pd.read_csv(tmp_path / "all-cross_domain.csv")
    assert set(matrix["run"]) == {"one"}
    assert set(matrix["experiment"]) == {"cross_domain"}
    assert len(matrix) == len(pd.read_csv(run / "analyses/cross_domain.csv"))
    titles = [name for name in figures(tmp_path / "all.html") if name.startswith("Cross-domain")]
    metrics = ("MCC", "AUROC") if endpoint == "active" else ("RMSE (lower is better)", "Spearman correlation")
    assert titles == [f"Cross-domain: {metric}, {endpoint.split()[0]}" for metric in metrics]
    (run / "analyses/cross_domain.csv").unlink()
    code, _, error = fluid("collect", "folder=runs/one", "out=all.csv")
    assert code == 2
    assert "figure 'cross_domain' needs a table that the run lacks" in error


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["analyses=[shape]"], "analyses has 'shape'; expected a list of cross_domain, domain_gain, contribution"),
        (["experiment=cross_domain", "companies=size"], "companies.method 'size' gives companies no one chemistry of their own"),
    ],
)
def test_impossible_analyses_are_named_before_any_work(
    fluid: Call, paper: list[str], tmp_path: Path, settings: list[str], message: str
) -> None:
    code, _, error = fluid("simulate", *[text for text in paper if not text.startswith("companies=")], *settings)
    assert code == 2
    assert message in error
    assert not (tmp_path / "runs").exists()
