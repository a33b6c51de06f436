"""Hyper-parameter search: most tests replace a federation by a formula of its settings; one runs real federations."""

import json
import math
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState

import fluid.cli.search.search as search
from fluid.cli.search.search_space import Choices, Range, SearchSpec, border_settings, dimension, dimensions, settings_of, text_of
from fluid.cli.search.study import mend, open_search
from fluid.cli.specs import federation_spec
from fluid.errors import ConfigError
from fluid.federation.trial import TrialScore
from tests.cli.conftest import Call

CHECKOUT = Path(__file__).parents[3]
QUIET = ["hparams_search=optuna", "hparams_search.startup_trials=100"]
SPACE = [
    "hparams_search.space={training.teacher.learning_rate: {low: 3.0e-4, high: 5.0e-3, log: true}, model.hidden: {choices: [64, 96, 128]}}"
]


def score(spec: Any) -> float:
    """Best at a learning rate of 1e-3 and 96 wide."""
    return 0.9 - 0.1 * abs(math.log10(spec.training.teacher.learning_rate) + 3) - 0.0005 * abs(spec.model.hidden - 96)


def formula(spec: Any, _: Any, metric: str) -> Iterator[TrialScore]:
    assert metric == "auroc"
    for step, share in (("teachers", 0.8), ("consensus", 0.9), ("student", 1.0)):
        yield TrialScore(step, share * score(spec))


def pretend(monkeypatch: pytest.MonkeyPatch, trial_scores: Callable[..., Iterator[TrialScore]] = formula) -> list[str]:
    """Replace federations by a formula; returns the names of those that were carried out to their end."""
    finished: list[str] = []

    def run(config: dict[str, Any], *given: Any) -> None:
        given[-1](federation_spec(config), None)
        finished.append(config["name"])

    monkeypatch.setattr(search, "run_simulate", run)
    monkeypatch.setattr(search, "trial_scores", trial_scores)
    return finished


def table(tmp_path: Path) -> pd.DataFrame:
    return pd.read_csv(next((tmp_path / "runs").glob("*/trials.csv")))


def tried(table: pd.DataFrame) -> list[tuple[float, int]]:
    done = table[table.state != "fail"]
    return list(zip(done["training.teacher.learning_rate"], done["model.hidden"], strict=True))


def start(fluid: Call, n_trials: int, *more: str) -> tuple[int, str, str]:
    return fluid("simulate", "-m", *QUIET, *SPACE, f"hparams_search.n_trials={n_trials}", *more)


def test_a_search_finds_the_best_and_says_how_to_use_it(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finished = pretend(monkeypatch)
    code, out, error = start(fluid, 15)
    assert (code, error) == (0, "")
    found = table(tmp_path)
    assert len(found) == len(finished) == 15
    assert set(found.state) == {"complete"}
    best = found.loc[found.student_auroc.idxmax()]
    assert best.student_auroc > 0.85
    line = next(line for line in out.splitlines() if line.startswith("best settings: "))
    lr, hidden = best["training.teacher.learning_rate"], best["model.hidden"]
    assert line == f"best settings: model.hidden={hidden} training.teacher.learning_rate={float(lr)!r}"
    assert out.splitlines()[-1] == f"search: {next((tmp_path / 'runs').glob('search-*')) / 'trials.csv'}"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_sequence_in_one_go_or_two(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch)
    for name, parts in (("straight", [12]), ("parts", [3, 12])):
        for part in parts:
            assert start(fluid, part, f"name={name}")[0] == 0
    first, second = (tried(pd.read_csv(tmp_path / "runs" / name / "trials.csv")) for name in ("straight", "parts"))
    assert first == second
    assert len(set(first)) == 12
    assert start(fluid, 3, "name=other", "hparams_search.seed=1")[0] == 0
    assert tried(pd.read_csv(tmp_path / "runs" / "other" / "trials.csv")) != first[:3]


def test_an_interrupted_trial_is_tried_again_and_changes_no_other(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch)
    assert start(fluid, 12, "name=straight")[0] == 0
    calls = iter(range(100))

    def stopped(*given: Any) -> Iterator[TrialScore]:
        if next(calls) == 10:
            raise KeyboardInterrupt
        yield from formula(*given)

    pretend(monkeypatch, stopped)
    assert start(fluid, 12, "name=broken")[0] == 130
    assert start(fluid, 12, "name=broken")[0] == 0
    straight, broken = (pd.read_csv(tmp_path / "runs" / name / "trials.csv") for name in ("straight", "broken"))
    assert list(broken.error.dropna()) == ["its process died"]
    assert len(broken) == 13
    assert tried(broken) == tried(straight)


def test_a_killed_process_leaves_a_search_that_goes_on(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = f"""
import os, signal, sys
import fluid.cli.search.search as search
from fluid.cli.main import main
calls = iter(range(100))
search.run_simulate = lambda _, *given: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == 2 else given[-1](None, None)
search.trial_scores = lambda *_: [("teachers", 0.5), ("consensus", 0.6), ("student", 0.7)]
main(["simulate", "-m", *{[*QUIET, *SPACE]!r}, "hparams_search.n_trials=5", "name=killed"])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT)}, check=False)
    assert done.returncode == -9
    with (tmp_path / "runs" / "killed" / "study.journal").open("ab") as stream:
        stream.write(b'{"op_code": 6, "tri')  # as if the power had failed while it was written
    pretend(monkeypatch)
    code, out, error = start(fluid, 5, "name=killed")
    assert (code, error) == (0, "")
    assert "search of 5 trials: 5 complete" in out
    found = pd.read_csv(tmp_path / "runs" / "killed" / "trials.csv")
    assert list(found.state) == ["complete"] * 2 + ["fail"] + ["complete"] * 3
    lost, again = found.iloc[2], found.iloc[3]
    assert (lost["model.hidden"], lost["folder"]) == (again["model.hidden"], again["folder"])


def test_a_bad_trial_is_stopped_before_the_expensive_rest(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reached: list[str] = []

    def watched(*given: Any) -> Iterator[TrialScore]:
        for score in formula(*given):
            reached.append(score.step)
            yield score

    finished = pretend(monkeypatch, watched)
    assert start(fluid, 14, "hparams_search.startup_trials=3")[0] == 0
    found = table(tmp_path)
    pruned, complete = found[found.state == "pruned"], found[found.state == "complete"]
    assert 2 < len(pruned) < 11
    assert len(finished) == len(complete)
    assert reached.count("teachers") == 14
    assert reached.count("student") == len(complete)
    assert pruned.student_auroc.isna().all()
    assert pruned.teachers_auroc.max() < complete.teachers_auroc.max()


def test_a_failed_trial_is_named_the_rest_goes_on_and_the_same_command_tries_it_again(
    fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = iter(range(100))

    def failing(*given: Any) -> Iterator[TrialScore]:
        if next(calls) == 1:
            raise ConfigError("the training of T1 diverged")
        yield from formula(*given)

    pretend(monkeypatch, failing)
    code, out, error = start(fluid, 4, "name=some", "seed=3")
    assert code == 2
    assert "search of 4 trials: 3 complete, 1 fail" in out
    found = table(tmp_path)
    lost = found[found.state == "fail"].iloc[0]
    assert (lost.trial, lost.error) == (1, "the training of T1 diverged.")
    assert f"failed: trial 1: {lost.folder}: the training of T1 diverged." in error
    assert f"again: {lost.command}" in error
    command = shlex.split(lost.command)
    assert command[:2] == ["fluid", "simulate"]
    assert command[-1] == "sweep=some"
    assert {"seed=3", f"model.hidden={lost['model.hidden']}"} <= set(command)
    assert not [text for text in command if "hparams_search" in text]
    assert start(fluid, 4, "name=some", "seed=3")[0] == 0
    assert list(table(tmp_path).state) == ["complete", "fail", "complete", "complete", "complete"]


def test_two_processes_never_take_the_same_trial(tmp_path: Path) -> None:
    spec = SearchSpec(n_trials=3, space={"model.layers": {"low": 1, "high": 9}})
    space = {key: found.distribution() for key, found in dimensions(spec).items()}
    one, other = (open_search(tmp_path / "search", spec, space, {"a": 1}) for _ in range(2))
    with one.next_trial() as mine, other.next_trial() as theirs:
        assert mine
        assert theirs
        assert {mine.number, theirs.number} == {0, 1}
        other.take_up()  # both are alive
        assert [trial.state for trial in other.trials()] == [TrialState.RUNNING] * 2
        with one.next_trial() as last, other.next_trial() as none:
            assert last
            assert last.number == 2
            assert none is None
    other.take_up()  # nobody is at work on them any more
    assert [trial.state for trial in one.trials()] == [TrialState.FAIL] * 3 + [TrialState.WAITING] * 3
    assert sorted(one.slots()) == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["hparams_search.metric=aurok"], "Did you mean 'auroc'?"),
        (["hparams_search.metric=rmse"], "none of the endpoints blocker (classification)"),
        (["hparams_search.space=null"], "hparams_search.space is empty"),
        (["~hparams_search.space"], "hparams_search.space is empty"),
        (["hparams_search.space={model.hiden: {low: 1, high: 2}}"], "unknown key 'model.hiden'. Did you mean 'model.hidden'?"),
        (["hparams_search.space={model.hidden: {choices: []}}"], "model.hidden is not possible"),
        (["hparams_search.space={model.layers: {low: 5, high: 2}}"], "model.layers is not possible"),
        (["hparams_search.space={model.layers: {low: 0, high: 2}}"], "whole numbers above 0"),
        (["hparams_search.space={model.layers: {lwo: 0, high: 2}}"], "Did you mean 'low'?"),
        (["hparams_search.space={model.layers: 3}"], "model.layers is 3"),
        (["hparams_search.space={model: {choices: [gin]}}"], "gin"),
        (["hparams_search.n_trials=0"], "n_trials is 0"),
        (["hparams_search.pruner=medium"], "Did you mean 'median'?"),
        (["hparams_search.n_trails=3"], "Did you mean 'hparams_search.n_trials'?"),
        (["+surplus=1"], "surplus"),
        (["seed=0,1"], "seed has several values"),
        (["hydra/launcher=joblib"], "start the same command several times"),
    ],
)
def test_wrong_searches_are_refused_before_anything_is_written(fluid: Call, tmp_path: Path, arguments: list[str], expected: str) -> None:
    code, _, error = fluid("simulate", "-m", "hparams_search=optuna", *arguments)
    assert code == 2
    assert error.count("\n") == 1
    assert expected in error
    assert not list(tmp_path.iterdir())


def test_an_unknown_search_a_search_without_m_and_another_verb(fluid: Call) -> None:
    assert "Did you mean 'optuna'?" in fluid("simulate", "-m", "hparams_search=optun")[2]
    assert "Add -m" in fluid("simulate", "hparams_search=optuna")[2]
    assert "Choose one first: hparams_search=optuna" in fluid("simulate", "-m", "hparams_search.n_trials=3", "seed=1")[2]
    assert "fluid simulate -m hparams_search" in fluid("predict", "-m", "hparams_search=optuna")[2]


def test_without_optuna_the_remedy_is_said(fluid: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "find_spec", lambda name: None)
    code, _, error = fluid("simulate", "-m", "hparams_search=optuna")
    assert code == 2
    assert "pip install 'fluid[sweep]'" in error


def test_a_folder_with_another_search_or_sweep_is_refused(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch)
    assert start(fluid, 1, "name=mine")[0] == 0
    code, _, error = start(fluid, 1, "name=mine", "hparams_search.space={model.hidden: {choices: [64]}}")
    assert code == 2
    assert "holds another search (it differs in: space)" in error
    assert "experiment" in start(fluid, 1, "name=mine", "seed=7")[2]
    (tmp_path / "runs" / "sweep").mkdir()
    (tmp_path / "runs" / "sweep" / "sweep.json").write_text("{}")
    assert "the folder holds a sweep" in start(fluid, 1, "name=sweep")[2]


def test_a_search_says_what_it_is_in_its_folder(fluid: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch)
    assert start(fluid, 2, "name=mine")[0] == 0
    sweep = json.loads((tmp_path / "runs" / "mine" / "sweep.json").read_text())
    assert sweep["jobs"] == 2
    assert "hparams_search=optuna" in sweep["command"]


def test_values_are_written_as_the_command_line_reads_them() -> None:
    assert [text_of(value) for value in (None, True, 3, 0.0005, "gine", "a b", "it's")] == [
        "null", "true", "3", "0.0005", "gine", "'a b'", r"'it\'s'",
    ]  # fmt: skip
    assert settings_of({"model.hidden": 3, "model": "gine"}) == ["model=gine", "model.hidden=3"]


def test_all_borders_of_a_space_are_checked() -> None:
    space = {"a": Range(1, 2), "b": Choices((5, 6))}
    assert border_settings(space) == [["a=1", "b=5"], ["a=2", "b=5"], ["a=1", "b=5"], ["a=1", "b=6"]]


def test_whole_borders_make_whole_numbers() -> None:
    assert isinstance(dimension("a", {"low": 1, "high": 4}).distribution(), optuna.distributions.IntDistribution)
    assert isinstance(dimension("a", {"low": 1, "high": 4.5}).distribution(), optuna.distributions.FloatDistribution)
    with pytest.raises(ConfigError, match="not possible"):
        dimension("a", {"low": 0.0, "high": 1.0, "log": True})


def test_only_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    mend(journal)
    for before, after in ((b"", b""), (b"a\nb\n", b"a\nb\n"), (b"a\nb", b"a\n"), (b"a", b"")):
        journal.write_bytes(before)
        mend(journal)
        assert journal.read_bytes() == after


def test_real_trials_are_ordinary_runs_that_share_one_store(fluid: Call, small: list[str], tmp_path: Path) -> None:
    space = "hparams_search.space={consensus.options.power: {low: 0, high: 8.0}}"
    arguments = [*small, "workers=1", "hparams_search=optuna", space, "name=mine"]
    code, out, error = fluid("simulate", "-m", *arguments, "hparams_search.n_trials=2")
    assert (code, error) == (0, "")
    found = table(tmp_path)
    assert found[["teachers_auroc", "consensus_auroc", "student_auroc"]].notna().all(axis=None)
    assert found.teachers_auroc.nunique() == 1  # only the consensus is searched: no teacher is trained twice
    assert len(list((tmp_path / "runs" / "store" / "teacher").iterdir())) == 4  # three companies, and pooled
    for folder in found.folder:
        assert (tmp_path / folder / "report.html").is_file()
    assert out.count("train teacher: T1 (already done)") >= 2
    assert fluid("simulate", "-m", *arguments, "hparams_search.n_trials=2")[0] == 0
    assert len(table(tmp_path)) == 2
