"""The check of golden numbers is itself checked: with results that somebody tampered with."""

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import check
import numpy as np
import pandas as pd
import pytest
import record
from scipy.stats import t

VALUES = {"pooled": (0.60, 0.61, 0.62), "student": (0.50, 0.55, 0.48), "T1": (0.3, 0.3, 0.3)}
ROLES = {"pooled": "pooled", "student": "student", "T1": "teacher"}


def results(seeds: int = 3) -> pd.DataFrame:
    """Return a table as `fluid collect` makes it: three models, two tests, two metrics, one of which is not looked at."""
    rows = [
        (f"run-{seed}", "smoke", "07fce42778", seed, model, ROLES[model], "", test, "blocker", metric, values[seed % 3] + seed // 3 * 0.001)
        for seed in range(seeds)
        for model, values in VALUES.items()
        for test in ("in-domain", "external")
        for metric in ("mcc", "gap_closed:mcc")
    ]
    columns = ["run", "experiment", "config", "seed", "model", "role", "company", "test", "endpoint", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Return a sweep's folder with the records of three runs and their table."""
    folder = tmp_path / "sweep"
    write_runs(folder, results())
    return folder


def write_runs(folder: Path, table: pd.DataFrame, **changes: object) -> None:
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / "collected.csv", index=False)
    (folder / "sweep.json").write_text(json.dumps({"command": "fluid simulate -m experiment=smoke seed=0,1,2 name=sweep", "settings": []}))
    for name in set(table["run"]):
        (folder / name).mkdir(exist_ok=True)
        values = {"status": "done", "needs": [], "config_hash": "x", "command": "fluid simulate", "git_commit": "abc", "ended": "2026"}
        (folder / name / "run.json").write_text(json.dumps(values | {"versions": {"fluid": "0"}, "hardware": {"cores": 2}} | changes))


@pytest.fixture
def expected(sweep: Path, tmp_path: Path) -> Path:
    """Return the expected file that is recorded from it."""
    path = tmp_path / "expected.json"
    assert record.main([str(sweep / "collected.csv"), str(path), "--tier", "smoke"]) == 0
    return path


Checked = Callable[[pd.DataFrame], tuple[int, list[str]]]


@pytest.fixture
def checked(expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> Checked:
    """Return a function that checks a table and gives exit code and fault lines."""

    def run(table: pd.DataFrame) -> tuple[int, list[str]]:
        table.to_csv(tmp_path / "other.csv", index=False)
        capsys.readouterr()
        code = check.main([str(tmp_path / "other.csv"), str(expected)])
        return code, [line.removeprefix("FAULT ") for line in capsys.readouterr().out.splitlines() if line.startswith("FAULT ")]

    return run


def changed(model: str = "student", test: str = "external", seed: int | None = None, **cells: object) -> pd.DataFrame:
    table = results()
    rows = (table["model"] == model) & (table["test"] == test) & (table["metric"] == "mcc")
    if seed is not None:
        rows &= table["seed"] == seed
    for name, value in cells.items():
        table.loc[rows, name] = value
    return table


STUDENT = "smoke (07fce42778): student, external, blocker, mcc"


def test_the_results_themselves_are_well_and_so_are_others_inside(checked: Checked) -> None:
    assert checked(results()) == (0, [])
    assert checked(results().sample(frac=1, random_state=0)) == (0, [])
    assert checked(results().assign(value=results()["value"] + 0.009)) == (0, [])  # within the floor of all rows
    assert checked(results().assign(seed=results()["seed"] + 100)) == (0, [])  # the interval predicts other seeds


def doctored() -> list[tuple[str, pd.DataFrame, list[str]]]:
    """Return what may be wrong with results, and what the check must say."""
    table = results()
    student = (table["model"] == "student") & (table["test"] == "external") & (table["metric"] == "mcc")
    wrong_count = [
        f"smoke (07fce42778): {model}, {test}, blocker, mcc: 2 seeds, expected 3"
        for model in ("pooled", "student")
        for test in ("in-domain", "external")
    ]
    extra = table[student].assign(model="H9", role="hybrid_mean")
    other = table.assign(experiment="demo")
    return [
        ("outside", changed(value=0.9), [f"{STUDENT}: 0.9000 is outside 0.3833 to 0.6367"]),
        ("below", changed(value=-0.5), [f"{STUDENT}: -0.5000 is outside 0.3833 to 0.6367"]),
        ("nan", changed(seed=1, value=math.nan), [f"{STUDENT}: no finite value for seed 1"]),
        ("infinite", changed(seed=2, value=math.inf), [f"{STUDENT}: no finite value for seed 2"]),
        ("missing row", table[~student], [f"{STUDENT}: missing"]),
        ("missing seed", table[~(student & (table["seed"] == 2))], [f"{STUDENT}: 2 seeds, expected 3"]),
        ("one run missing", table[table["seed"] < 2], wrong_count),
        ("extra row", pd.concat([table, extra]), ["smoke (07fce42778): H9, external, blocker, mcc: extra, not among the expected rows"]),
        ("seed twice", pd.concat([table, table[student & (table["seed"] == 0)]]), [f"{STUDENT}: seed 0 is there more than once"]),
        (
            "other settings",
            table.assign(config="ffff"),
            [
                "smoke, config 07fce42778: missing; there is smoke with other settings (config ffff)",
                "smoke, config ffff: extra, not among the expected experiments",
            ],
        ),
        (
            "other experiment",
            other,
            ["smoke, config 07fce42778: missing", "demo, config 07fce42778: extra, not among the expected experiments"],
        ),
        ("one experiment more", pd.concat([table, other]), ["demo, config 07fce42778: extra, not among the expected experiments"]),
    ]


@pytest.mark.parametrize(("table", "lines"), [pytest.param(*case[1:], id=case[0]) for case in doctored()])
def test_doctored_results_fail_and_each_line_says_why(checked: Checked, table: pd.DataFrame, lines: list[str]) -> None:
    assert checked(table) == (1, lines)


def test_the_check_writes_nothing(checked: Checked, expected: Path, tmp_path: Path) -> None:
    checked(changed(value=0.9))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    checked(changed(value=0.9))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e | {"rows": []}, "no rows: such a check cannot fail"),
        (lambda e: e | {"rows": e["rows"] * 2}, "a row is there twice"),
        (lambda e: e | {"rows": [e["rows"][0] | {"low": math.nan}]}, "row 0: expected finite numbers low, high, n_seeds"),
        (lambda e: e | {"rows": [e["rows"][0] | {"high": None}]}, "row 0: expected finite numbers"),
        (lambda e: e | {"rows": [e["rows"][0] | {"low": 2.0}]}, "row 0: low 2.0, high"),
        (lambda e: e | {"rows": [e["rows"][0] | {"model": None}]}, "row 0: expected the texts experiment, config, model"),
        (lambda e: {key: value for key, value in e.items() if key != "provenance"}, "no provenance; expected a file that record.py made"),
        (lambda e: e | {"provenance": e["provenance"] | {"commit": ""}}, "no provenance.commit"),
        (lambda e: e | {"selection": {"roles": []}}, "no selection.metrics"),
        (lambda e: [], "no tier"),
    ],
)
def test_an_expected_file_that_cannot_evaluate_is_refused(expected, sweep, capsys, change, message: str) -> None:
    expected.write_text(json.dumps(change(json.loads(expected.read_text()))))
    assert check.main([str(sweep / "collected.csv"), str(expected)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run,seed\na,0\n", "no column 'experiment'; expected the table that fluid collect makes"),
        ("", "No columns"),
        (None, "No such file"),
    ],
)
def test_results_that_cannot_be_read_are_refused(expected, tmp_path, capsys, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "broken.csv").write_text(text)
    assert check.main([str(tmp_path / "broken.csv"), str(expected)]) == 2
    assert message in capsys.readouterr().err


def test_an_empty_table_is_refused(expected, tmp_path, capsys) -> None:
    results().iloc[:0].to_csv(tmp_path / "empty.csv", index=False)
    assert check.main([str(tmp_path / "empty.csv"), str(expected)]) == 2
    assert "no rows" in capsys.readouterr().err


def test_intervals_predict_the_mean_of_as_many_seeds_and_have_a_floor(expected: Path) -> None:
    found = json.loads(expected.read_text())
    rows = {(row["model"], row["test"]): row for row in found["rows"]}
    assert len(rows) == 4  # no teacher, no gap closed
    student = rows["student", "external"]
    half = t.ppf(0.975, 2) * statistics.stdev(VALUES["student"]) * math.sqrt(2 / 3)
    assert (student["low"], student["high"]) == pytest.approx((0.51 - half, 0.51 + half), abs=1e-6)
    assert student["n_seeds"] == 3
    assert found["interval"] == {"kind": "prediction of the mean over n_seeds seeds", "level": 0.95, "floor": 0.01, "one_seed_floor": 0.05}
    assert found["provenance"]["command"] == "fluid simulate -m experiment=smoke seed=0,1,2 name=sweep; fluid collect folder=runs/sweep"
    assert (found["provenance"]["commit"], found["provenance"]["seeds"], found["provenance"]["versions"]) == (
        "abc",
        [0, 1, 2],
        {"fluid": "0"},
    )


def test_the_floor_and_the_floor_of_one_seed() -> None:
    from fluid.evaluation.golden import Group

    key = ("smoke", "c", "student", "external", "blocker", "mcc")
    row = record.row_of(key, Group(("0", "1", "2"), (0.5, 0.5, 0.5)))
    assert (row["low"], row["high"], row["sd"]) == (0.49, 0.51, 0)
    row = record.row_of(key, Group(("0",), (0.5,)))
    assert (row["low"], row["high"], row["sd"], row["n_seeds"]) == (0.45, 0.55, None, 1)


def test_the_interval_holds_other_seeds_as_often_as_it_says() -> None:
    from fluid.evaluation.golden import Group

    rng = np.random.default_rng(0)
    key, inside = ("smoke", "c", "student", "external", "blocker", "mcc"), 0
    for _ in range(1000):
        first, second = rng.normal(0.5, 0.1, (2, 5))
        row = record.row_of(key, Group(tuple("01234"), tuple(first)))
        inside += row["low"] <= second.mean() <= row["high"]
    assert 0.925 < inside / 1000 < 0.975


@pytest.mark.parametrize(
    ("tier", "seeds", "code"), [("smoke", 1, 0), ("nightly", 2, 2), ("nightly", 3, 0), ("paper", 4, 2), ("paper", 5, 0)]
)
def test_a_tier_says_how_many_seeds_it_needs(tmp_path, capsys, tier: str, seeds: int, code: int) -> None:
    write_runs(tmp_path / "sweep", results(seeds))
    assert record.main([str(tmp_path / "sweep" / "collected.csv"), str(tmp_path / "e.json"), "--tier", tier]) == code
    assert (tmp_path / "e.json").exists() == (code == 0)
    if code:
        assert f"{seeds} seeds, tier {tier} needs at least" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "record_changes", "message"),
    [
        (changed(seed=1, value=math.nan), {}, "student, external, blocker, mcc: a value is NaN"),
        (
            results().drop(index=results().index[(results()["model"] == "student") & (results()["seed"] == 2)]),
            {},
            "rows have different seeds",
        ),
        (results(), {"git_commit": "abc-dirty"}, "made by commit abc-dirty; expected a clean checkout"),
        (results(), {"git_commit": ""}, "made by commit unknown"),
        (results(), {"status": "failed"}, "a run did not end well"),
        (results().assign(role="teacher"), {}, "no row of the wanted roles and metrics"),
        (pd.concat([results(), results()]), {}, "a seed is there more than once"),
    ],
)
def test_what_cannot_be_recorded_is_refused(tmp_path, capsys, table: pd.DataFrame, record_changes: dict, message: str) -> None:
    write_runs(tmp_path / "sweep", table, **record_changes)
    assert record.main([str(tmp_path / "sweep" / "collected.csv"), str(tmp_path / "e.json"), "--tier", "smoke"]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "e.json").exists()


def test_runs_of_two_commits_are_not_recorded_together(sweep: Path, tmp_path: Path, capsys) -> None:
    path = sweep / "run-1" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"git_commit": "def"}))
    assert record.main([str(sweep / "collected.csv"), str(tmp_path / "e.json"), "--tier", "smoke"]) == 2
    assert "the runs differ in their commit" in capsys.readouterr().err


def test_the_recorded_files_can_evaluate() -> None:
    from fluid.evaluation.golden import read_expected

    files = sorted((Path(check.__file__).parent / "expected").glob("*.json"))
    assert files
    for file in files:
        expected = read_expected(file)
        assert all(row["n_seeds"] == len(expected["provenance"]["seeds"]) for row in expected["rows"])
