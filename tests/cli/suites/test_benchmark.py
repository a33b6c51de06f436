"""Suites of experiments as a user runs them, on a made-up chemistry."""

import json
import re
import shlex
import shutil
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from scipy import stats

from fluid.cli.compose import compose, conf_folder, plain_values
from fluid.cli.help import choices_of, read_config
from fluid.cli.main import main
from fluid.cli.specs import federation_spec
from fluid.cli.suites import benchmark
from fluid.cli.suites.request import request_of
from fluid.cli.suites.suite_spec import suite_spec
from fluid.cli.suites.suites import merge_settings, part_of
from fluid.errors import ConfigError, QuorumError
from fluid.federation import simulation
from fluid.federation.spec import FederationSpec
from tests.cli.conftest import SMALL
from tests.conftest import Files

SUITES = choices_of("suite")
TIERS = ("smoke", "nightly", "paper")
FOREST = ["model=forest", "model.n_trees=5", "hybrid=concatenate", "student_model={kind: forest, n_trees: 5, max_depth: 0}"]
RUNS = 6


def tiny(files: Files) -> dict[str, object]:
    """Return a suite of two experiments: one with two settings, one as it is."""
    data = [f"data.pool={files.pool}", f"data.transfer={files.transfer}", f"data.test_in_domain={files.test}"]
    small = [text for text in SMALL if not text.startswith(("model.", "training="))]
    return {
        "title": "A tiny suite",
        "published": True,
        "settings": [*small, *data, f"data.test_external={files.external}", *FOREST],
        "experiments": {
            "consensus": {"question": "Which consensus?", "sweep": {"consensus": ["mean", "similarity"]}},
            "alone": {"question": "As it is?", "settings": ["companies.n=2"]},
        },
        "tiers": {
            "smoke": {"experiments": ["consensus"], "seeds": [0, 1, 2], "also": {"consensus=mean": ["selection.n=100"]}},
            "nightly": {"experiments": ["consensus", "alone"], "seeds": [0, 1, 2]},
        },
    }


class Place:
    """A folder with a suite, where the command is called."""

    def __init__(self, folder: Path, suite: dict[str, object]) -> None:
        self.folder = folder
        (folder / "mine" / "suite").mkdir(parents=True, exist_ok=True)
        (folder / "mine" / "suite" / "tiny.yaml").write_text("# A tiny suite for tests\n" + yaml.safe_dump(suite))

    @property
    def results(self) -> Path:
        return self.folder / "runs" / "tiny-smoke"

    def call(self, *more: str) -> int:
        with chdir(self.folder):
            return main(["benchmark", "--config-dir", "mine", "suite=tiny", "workers=1", *more])


@pytest.fixture(scope="module")
def finished(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a place where the suite has been carried out."""
    place = Place(tmp_path_factory.mktemp("suite"), tiny(files))
    assert place.call() == 0
    return place


@pytest.fixture
def nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the runs as they are: even such as are done are opened one by one."""
    monkeypatch.setattr(benchmark, "carry_out_all", lambda *_: None)


@pytest.fixture
def done(finished: Place, files: Files, tmp_path: Path) -> Place:
    """Return a copy of it, to be spoilt."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path, tiny(files))


def made(out: str) -> list[str]:
    """Return the lines of stages that were made, not found."""
    return [line for line in out.splitlines() if line.startswith("  ") and line.endswith(" s)")]


def own_values(place: Place, role: str, test: str, metric: str) -> pd.DataFrame:
    """Return values by seed and consensus, read from the run folders alone."""
    rows = []
    for record in (place.results / "consensus").glob("run-*/config.json"):
        config = json.loads(record.read_text())
        scores = pd.read_csv(record.parent / "metrics.csv")
        own = scores[(scores.role == role) & (scores.test == test) & (scores.metric == metric)]
        rows.append((config["seed"], config["consensus"]["method"], own.value.item()))
    return pd.DataFrame(rows, columns=["seed", "consensus", "value"]).pivot(index="seed", columns="consensus", values="value")


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("tier", [*TIERS[:2], pytest.param(TIERS[2], marks=pytest.mark.slow)])
def test_every_run_of_every_suite_is_a_valid_federation(suite: str, tier: str) -> None:
    spec = suite_spec(read_config(conf_folder() / "suite" / f"{suite}.yaml"), suite)
    wanted = spec.tiers[tier]
    assert len(wanted.seeds) >= {"smoke": 1, "nightly": 3, "paper": 5}[tier]
    one_seed = replace(wanted, seeds=wanted.seeds[:1])
    parts = [part_of(spec, one_seed, name, ["paths.data=/nowhere", "logger=none"]) for name in wanted.experiments]
    for part in parts:
        assert len(part.whole.jobs) == len(part.series)
        for series in part.series:
            assert isinstance(federation_spec(plain_values(compose("simulate", next(iter(series.plan.jobs.values()))))), FederationSpec)
    protocols = next(part for part in parts if part.name == "protocols")
    assert [series.setting for series in protocols.series] == ["protocol=paper", "protocol=fluid"]


@pytest.mark.parametrize("suite", SUITES)
def test_protocols_differ_in_nothing_that_decides_companies_and_tests(suite: str) -> None:
    spec = suite_spec(read_config(conf_folder() / "suite" / f"{suite}.yaml"), suite)
    for tier in spec.tiers.values():
        part = part_of(spec, replace(tier, seeds=(0,)), "protocols", ["paths.data=/nowhere"])
        configs = [plain_values(compose("simulate", next(iter(series.plan.jobs.values())))) for series in part.series]
        alike = [{**config["data"], "transfer_keeps_tests": None} for config in configs]
        if suite == "public_validation":  # its validation part is a file of its own
            alike = [{**data, "validation_share": None} for data in alike]
        assert alike[0] == alike[1]
        assert configs[0]["companies"] == configs[1]["companies"]
        if suite != "adme":  # which has values only
            assert configs[0]["evaluation"]["auroc"] == configs[1]["evaluation"]["auroc"] == "probabilities"


def test_table_page_and_facts_say_what_an_independent_computation_says(finished: Place) -> None:
    page = (finished.results / "results.html").read_text()
    table = pd.read_csv(finished.results / "results.csv")
    assert table["run"].nunique() == RUNS
    assert set(table["setting"]) == {"consensus=mean", "consensus=similarity"}
    facts = json.loads((finished.results / "results.json").read_text())
    assert [run["status"] for run in facts["runs"]] == ["done"] * RUNS
    for role in ("student", "teacher_mean", "hybrid_mean", "pooled", "consensus"):
        values = own_values(finished, role, "in-domain", "auroc")
        for consensus in ("mean", "similarity"):
            own = values[consensus]
            half = stats.t.ppf(0.975, 2) * own.std() / 3**0.5
            assert f">{own.mean():.3f} ± {half:.3f}</a>" in page
    values = own_values(finished, "student", "in-domain", "auroc")
    ends = stats.ttest_rel(values.similarity, values["mean"]).confidence_interval(0.95)
    texts = [f"{number:+.3f}".replace("-", "−") for number in ((values.similarity - values["mean"]).mean(), ends.low, ends.high)]
    assert f"{texts[0]} ({texts[1]} to {texts[2]})" in page
    row = next(row for row in facts["experiments"]["consensus"]["differences"]
               if (row["role"], row["test"], row["metric"]) == ("student", "in-domain", "auroc"))  # fmt: skip
    assert row["p"] == pytest.approx(stats.ttest_rel(values["mean"], values.similarity).pvalue)


def test_the_papers_figures_stand_beside(finished: Place) -> None:
    page = (finished.results / "results.html").read_text()
    assert "0.256 (0.148–0.394)" in page
    assert "doi:10.1038/s42256-025-00991-2" in page
    assert "<td><span>77 %</span>" in page.replace("\n", "")


def test_every_link_and_every_number_leads_somewhere(finished: Place) -> None:
    page = (finished.results / "results.html").read_text()
    ids = set(re.findall(r' id="([^"]+)"', page))
    links = [link for link in re.findall(r'<a href="([^"]+)"', page) if not link.startswith("https://doi.org/")]
    assert {link[1:] for link in links if link.startswith("#")} == {"runs-consensus-0", "runs-consensus-1"} <= ids
    assert all((finished.results / link).exists() for link in links if not link.startswith("#"))
    assert sum("/report.html" in link for link in links) == RUNS
    hashes = set(pd.read_csv(finished.results / "results.csv")["config"])
    assert len(hashes) == 2
    assert all(page.count(one) >= 2 for one in hashes)
    assert not re.search(r'(?:src|href)="https?://(?!doi\.org)', page)


def test_the_same_command_makes_nothing_again(done: Place, capsys: pytest.CaptureFixture[str]) -> None:
    before = [(done.results / name).read_bytes() for name in ("results.csv", "results.json", "results.html")]
    capsys.readouterr()
    assert done.call() == 0
    out = capsys.readouterr().out
    assert made(out) == []
    assert f"{RUNS} of {RUNS} runs done" in out
    assert [(done.results / name).read_bytes() for name in ("results.csv", "results.json", "results.html")] == before


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Let runs of one consensus and seed end by an error."""
    wanted: dict[str, object] = {"error": QuorumError("too few labels")}
    real = simulation.simulate

    def simulate(spec: FederationSpec, *rest: object) -> object:
        if wanted["error"] and (spec.seed, spec.consensus.method) == (1, "similarity"):
            raise wanted["error"]  # type: ignore[misc]
        return real(spec, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(simulation, "simulate", simulate)
    return wanted


@pytest.mark.slow
def test_a_failed_seed_is_named_the_rest_is_done_and_one_command_mends_it(
    files: Files, tmp_path: Path, breaking: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, tiny(files))
    assert place.call() != 0
    error = capsys.readouterr().err
    assert "1 of 6 runs are not done; the same command goes on with them" in error
    page = (place.results / "results.html").read_text()
    assert "1 of 6 runs are not in these figures" in page
    assert "QuorumError: too few labels" in page
    assert "2 of 3 seeds" in page
    facts = json.loads((place.results / "results.json").read_text())
    failed = next(run for run in facts["runs"] if run["status"] != "done")
    assert (failed["status"], failed["setting"], failed["seed"]) == ("failed", "consensus=similarity", 1)
    assert f"again: {failed['command']}" in error
    assert pd.read_csv(place.results / "results.csv")["run"].nunique() == RUNS - 1

    breaking["error"] = None
    with chdir(tmp_path):
        assert main(shlex.split(failed["command"])[1:]) == 0
    capsys.readouterr()
    assert place.call() == 0
    assert made(capsys.readouterr().out) == []
    assert "are not in these figures" not in (place.results / "results.html").read_text()


@pytest.mark.slow
def test_an_interrupted_suite_goes_on_where_it_stopped(
    files: Files, tmp_path: Path, breaking: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, tiny(files))
    breaking["error"] = KeyboardInterrupt()
    assert place.call() == 130
    assert "run the same command again" in capsys.readouterr().err
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs" / "store").rglob("artifact.json")}
    assert before
    breaking["error"] = None
    assert place.call() == 0
    assert f"{RUNS} of {RUNS} runs done" in capsys.readouterr().out
    assert {file: file.stat().st_mtime_ns for file in before} == before
    stages = {(need["stage"], need["key"]) for run in place.results.rglob("run.json") for need in json.loads(run.read_text())["needs"]}
    assert len(before) < len(stages) == len(list((tmp_path / "runs" / "store").rglob("artifact.json")))


def expected_of(place: Place) -> dict[str, object]:
    """Return golden numbers of the results, 0.01 to either side."""
    table = pd.read_csv(place.results / "results.csv")
    own = table[(table.role == "student") & (table.metric == "auroc")]
    rows = [
        dict(zip(("experiment", "config", "model", "test", "endpoint", "metric"), key, strict=True))
        | {"low": part.value.mean() - 0.01, "high": part.value.mean() + 0.01, "n_seeds": len(part)}
        for key, part in own.groupby(["experiment", "config", "model", "test", "endpoint", "metric"], sort=False)
    ]
    return {
        "tier": "smoke", "interval": {}, "selection": {"roles": ["student"], "metrics": ["auroc"]}, "rows": rows,
        "provenance": {"command": "x", "commit": "x", "seeds": [0, 1, 2], "versions": {"fluid": "0"}},
    }  # fmt: skip


DOCTORED = ("is outside", "extra, not among the expected rows", "missing", "3 seeds, expected 5", "with other settings")


@pytest.mark.usefixtures("nothing_is_run")
@pytest.mark.parametrize("words", [DOCTORED[0], *(pytest.param(one, marks=pytest.mark.slow) for one in DOCTORED[1:])])
def test_golden_numbers_pass_and_doctored_ones_fail(done: Place, capsys: pytest.CaptureFixture[str], words: str) -> None:
    golden, file = expected_of(done), done.folder / "golden.json"
    rows = golden["rows"]
    assert len(rows) == 4  # two settings, two tests
    file.write_text(json.dumps(golden))
    assert done.call("check=golden.json") == 0
    assert "golden numbers golden.json: all well" in capsys.readouterr().out
    assert "Golden numbers: all well" in (done.results / "results.html").read_text()
    outside = {**rows[0], "low": rows[0]["low"] + 0.5, "high": rows[0]["high"] + 0.5}
    cases = {
        "is outside": [outside, *rows[1:]],
        "extra, not among the expected rows": rows[1:],
        "missing": [*rows, {**rows[0], "test": "elsewhere"}],
        "3 seeds, expected 5": [{**rows[0], "n_seeds": 5}, *rows[1:]],
        "with other settings": [{**row, "config": f"{number}"} for number, row in enumerate(rows)],
    }
    file.write_text(json.dumps({**golden, "rows": cases[words]}))
    assert done.call("check=golden.json") != 0
    assert any(line.startswith("FAULT ") and words in line for line in capsys.readouterr().err.splitlines())
    assert words in (done.results / "results.html").read_text()
    file.write_text(json.dumps({**golden, "rows": []}))
    assert done.call("check=golden.json") == 2
    assert "such a check cannot fail" in capsys.readouterr().err


@pytest.mark.usefixtures("nothing_is_run")
def test_golden_numbers_are_recorded_from_a_suite(done: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks" / "public_validation"))
    import record

    for run in done.results.rglob("run.json"):
        run.write_text(json.dumps(json.loads(run.read_text()) | {"git_commit": "abc"}))
    file = done.folder / "golden.json"
    assert record.main([str(done.results / "results.csv"), str(file), "--tier", "smoke"]) == 0
    found = json.loads(file.read_text())
    assert found["provenance"]["command"] == "fluid benchmark suite=tiny workers=1 --config-dir mine"
    assert {row["n_seeds"] for row in found["rows"]} == {3}
    assert done.call("check=golden.json") == 0


@pytest.mark.slow
def test_numbers_that_were_changed_by_hand_are_not_shown(done: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = next(done.results.rglob("metrics.csv"))
    metrics.write_text(metrics.read_text().replace("student", "studentt"))
    monkeypatch.setattr(benchmark, "carry_out_all", lambda *_: None)
    assert done.call() != 0
    assert "altered" in (done.results / "results.html").read_text()
    assert "studentt" not in (done.results / "results.csv").read_text()
    monkeypatch.undo()
    assert done.call() == 0  # which writes it again
    assert "studentt" not in metrics.read_text()


def test_runs_of_other_settings_in_the_folder_are_refused(done: Place, capsys: pytest.CaptureFixture[str]) -> None:
    suite = tiny_of(done)
    suite["tiers"]["smoke"]["also"]["consensus=mean"] = ["selection.n=90"]  # type: ignore[index]
    Place(done.folder, suite)
    assert done.call() == 2
    error = capsys.readouterr().err
    assert "the folder holds runs of other settings" in error
    assert "selection.n=100" in error
    assert "Remove the folder, or choose another paths.runs=FOLDER" in error


def tiny_of(place: Place) -> dict[str, dict]:
    return yaml.safe_load((place.folder / "mine" / "suite" / "tiny.yaml").read_text())  # type: ignore[no-any-return]


@pytest.mark.usefixtures("nothing_is_run")
def test_runs_of_another_version_are_noticed(done: Place, capsys: pytest.CaptureFixture[str]) -> None:
    run = next((done.results / "consensus").glob("run-*"))
    shutil.copytree(run, run.with_name("run-ffffffffff"))
    record = run / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "git_commit": "abcdef"}))
    assert done.call() == 0
    out = capsys.readouterr().out
    assert "run-ffffffffff is no run of consensus as it is now: other settings, or another version of fluid" in out
    assert "1 runs (consensus) were made by commit abcdef" in out
    assert "run-ffffffffff is no run" in (done.results / "results.html").read_text()
    assert pd.read_csv(done.results / "results.csv")["run"].nunique() == RUNS


@pytest.mark.slow
def test_one_experiment_of_a_tier(done: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert done.call("tier=nightly", "only=alone") == 0
    assert "3 of 3 runs done" in capsys.readouterr().out
    folder = done.folder / "runs" / "tiny-nightly"
    page = (folder / "results.html").read_text()
    assert "6 of 9 runs are not in these figures" in page
    assert "not begun" in page
    assert set(pd.read_csv(folder / "results.csv")["experiment"]) == {"alone"}
    assert set(pd.read_csv(folder / "results.csv")["setting"]) == {"all runs"}


@pytest.mark.slow
def test_the_results_go_into_a_page_between_its_lines(done: Place, capsys: pytest.CaptureFixture[str]) -> None:
    page = done.folder / "PAGE.md"
    page.write_text("before\n<!-- suite -->\nold\n<!-- /suite -->\nafter\n")
    assert done.call("readme=PAGE.md") == 0
    text = page.read_text()
    assert text.startswith("before\n<!-- suite -->\n")
    assert text.endswith("\n<!-- /suite -->\nafter\n")
    assert "old" not in text
    own = own_values(done, "student", "in-domain", "mcc")["mean"]
    assert f"| student | {own.mean():.3f} ± {stats.t.ppf(0.975, 2) * own.std() / 3**0.5:.3f} |" in text
    assert "Made by `fluid benchmark suite=tiny workers=1 --config-dir mine` at commit" in text
    page.write_text("no place")
    assert done.call("readme=PAGE.md") == 2
    assert "it has no place for results; expected a Markdown page with the lines <!-- suite -->" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"experiment": "smokey"}, "suite tiny: experiments.consensus: there is no experiment 'smokey'. Did you mean 'smoke'?"),
        ({"sweeps": {}}, "unknown key 'experiments.consensus.sweeps'. Did you mean 'sweep'?"),
        ({"sweep": {"consensus": "mean"}}, "sweep.consensus is 'mean'; expected a list of single values"),
        (
            {"settings": ["companies.min_siz=3"]},
            "experiment consensus: Could not override 'companies.min_siz'. Did you mean",
        ),
        ({"sweep": {"consensus": ["mean", "mean"]}}, "two settings of experiment consensus come to the same runs"),
    ],
)
def test_a_wrong_suite_is_named_before_anything_runs(files: Files, tmp_path: Path, capsys, change: dict, message: str) -> None:
    suite = tiny(files)
    suite["experiments"]["consensus"] |= change  # type: ignore[index]
    assert Place(tmp_path, suite).call() == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_tier_with_an_experiment_that_is_not_there(files: Files, tmp_path: Path, capsys) -> None:
    suite = tiny(files)
    suite["tiers"]["smoke"]["experiments"] = ["consensuss"]  # type: ignore[index]
    assert Place(tmp_path, suite).call() == 2
    assert "tiers.smoke: the suite has no experiment 'consensuss'. Did you mean 'consensus'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["suite=public_validatio"], "Did you mean 'public_validation'?"),
        (["tier=nightl"], "suite public_validation has no tier 'nightl'. Did you mean 'nightly'?"),
        (["only=protocol"], "has no experiment 'protocol'. Did you mean 'protocols'?"),
        (["-m"], "a suite is many runs already"),
        (["check=nowhere.json"], "there is no file of golden numbers nowhere.json"),
        (["suite=herg_chembl"], "needs the files herg_chembl.parquet, transfer_public.parquet, herg_ncats_flux.parquet, and no folder"),
        (["suite=adme", "paths.data=nowhere"], "they are not in nowhere; expected paths.data=FOLDER, a folder that holds them"),
        (["readme=nowhere.md"], "there is no such page"),
        (["tiers=smoke"], "Did you mean 'tier'?"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(tmp_path: Path, capsys, arguments: list[str], message: str) -> None:
    with chdir(tmp_path):
        assert main(["benchmark", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_missing_column_is_named_before_anything_runs(tmp_path: Path, capsys) -> None:
    rows = pd.DataFrame({"smiles": ["CCO"], "value": [5.0]})
    for name in ("herg_chembl", "herg_ncats_flux", "transfer_public"):
        rows.to_parquet(tmp_path / f"{name}.parquet")
    with chdir(tmp_path):
        assert main(["benchmark", "suite=herg_chembl", f"paths.data={tmp_path}"]) == 2
    error = capsys.readouterr().err
    assert "herg_ncats_flux.parquet" in error
    assert "blocker" in error
    assert not (tmp_path / "runs").exists()


def test_a_later_setting_takes_the_place_of_an_earlier_one() -> None:
    assert merge_settings(["a=1", "+b=2"], ["b=3"], ["a=4"]) == ["b=3", "a=4"]


def test_what_is_planned_names_folders_seeds_and_surroundings(tmp_path: Path) -> None:
    with chdir(tmp_path):
        request = request_of(["tier=smoke", 'paths.runs="it\'s"', "launcher=joblib", "workers=1", "only=baselines", "check=false"])
    assert request.folder == Path("it's/public_validation-smoke")
    assert [part.name for part in request.chosen] == ["baselines"]
    jobs = request.parts[0].whole.jobs
    assert len(jobs) == 2  # two protocols, one seed
    assert all(run.parent == request.folder / "protocols" for run in jobs)
    assert shlex.split(request.command) == ["fluid", "benchmark", "tier=smoke", 'paths.runs="it\'s"', "launcher=joblib", "workers=1"]
    with pytest.raises(ConfigError, match="no tier"):
        request_of(["tier=none"])


def test_an_experiment_that_sweeps_by_itself_has_a_series_for_each_setting(tmp_path: Path) -> None:
    spec = suite_spec(read_config(conf_folder() / "suite" / "public_validation.yaml"), "public_validation")
    part = part_of(spec, replace(spec.tiers["paper"], seeds=(0, 1)), "hard_soft", [f"paths.runs={tmp_path}"])
    assert [series.setting for series in part.series] == ["distillation.labels=hard", "distillation.labels=soft"]
    assert [len(series.plan.jobs) for series in part.series] == [2, 2]
    assert len(part.whole.jobs) == 4
