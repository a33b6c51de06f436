import json
from pathlib import Path

import pytest

from fluid.artifacts import hash_json
from fluid.errors import ConfigError
from fluid.runs.collect import collect, config_of, experiment_of, write_tables
from fluid.runs.figure_data import evidence_below


def run(folder: Path, name: str, status: str = "done", **settings: object) -> None:
    """Write a run folder with one score."""
    place = folder / name
    place.mkdir(parents=True)
    config = {"seed": 0, "name": name, "workers": 2, "consensus": {"method": "mean"}, "data": {"pool": "/here/pool.csv"}, **settings}
    (place / "config.json").write_text(json.dumps(config))
    command = f"fluid simulate experiment=smoke seed={config['seed']} name={name}"
    (place / "run.json").write_text(json.dumps({"status": status, "needs": [], "config_hash": hash_json(config), "command": command}))
    (place / "metrics.csv").write_text("model,metric,value\nstudent,mcc,0.5\n")


def test_replicates_share_a_configuration_and_other_settings_do_not(tmp_path: Path) -> None:
    run(tmp_path, "a")
    run(tmp_path, "b", seed=1, workers=1, data={"pool": "/elsewhere/pool.csv"}, trainer={"progress": False})
    run(tmp_path, "c", consensus={"method": "similarity"})
    run(tmp_path, "d", status="failed")
    found = collect(tmp_path)
    table = found.table.set_index("run")
    assert list(found.table.columns[:4]) == ["run", "experiment", "config", "seed"]
    assert set(table["experiment"]) == {"smoke"}
    assert table.loc["a", "config"] == table.loc["b", "config"] != table.loc["c", "config"]
    assert table["seed"].to_dict() == {"a": 0, "b": 1, "c": 0}
    assert len(found.unfinished) == 1


def test_a_setting_that_changes_nothing_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    run(tmp_path, "old", companies={"n": 3})
    run(tmp_path, "new", companies={"n": 3, "taking_part": None, "left_out": None}, figure="student_size", analyses=["cross_domain"])
    run(tmp_path, "less", companies={"n": 3, "taking_part": None, "left_out": "T1"})
    found = collect(tmp_path)
    table = found.table.set_index("run")
    assert table.loc["old", "config"] == table.loc["new", "config"] != table.loc["less", "config"]
    assert found.settings == ("companies.left_out",)


def test_transfer_molecules_that_are_drawn_at_random_are_what_they_were_before_there_was_a_choice(tmp_path: Path) -> None:
    for name, choice in {"old": {}, "new": {"transfer_choice": "random"}, "other": {"transfer_choice": "spanning"}}.items():
        run(tmp_path, name, data={"pool": "/here/pool.csv", "transfer_n": 5, **choice})
    config = collect(tmp_path).table.set_index("run")["config"]
    assert config["old"] == config["new"] != config["other"]


def test_runs_of_version_0_1_stand_beside_those_of_now(tmp_path: Path) -> None:
    commands = {"old": "experiment=recipes recipe=paper", "new": "experiment=protocols protocol=paper", "other": "protocol=fluid"}
    run(tmp_path, "old", only=None, figure="recipes")
    run(tmp_path, "new", target=None, figure="protocols")
    run(tmp_path, "other", target=None, model={"kind": "gine"})
    for name, words in commands.items():
        record = json.loads((tmp_path / name / "run.json").read_text())
        (tmp_path / name / "run.json").write_text(json.dumps({**record, "command": f"fluid simulate {words}"}))
    run(tmp_path / "old" / "parts", "T1", only="T1")
    (tmp_path / "old" / "parts" / "T1" / "metrics.csv").unlink()  # a target has none
    found = collect(tmp_path)
    table = found.table.set_index("run")
    assert found.runs == 3
    assert table.loc["old", "config"] == table.loc["new", "config"] != table.loc["other", "config"]
    assert table["protocol"].to_dict() == {"old": "paper", "new": "paper", "other": "fluid"}
    assert table["experiment"].to_dict() == {"old": "protocols", "new": "protocols", "other": "none"}
    evidence = evidence_below(tmp_path)
    assert [(one.figure, set(one.scores["run"])) for one in evidence] == [("protocols", {"old", "new"})]


def test_protocols_stand_for_what_they_decide(tmp_path: Path) -> None:
    settings = {("paper", 0): "forest", ("paper", 1): "forest", ("fluid", 0): "gine"}
    for (protocol, seed), model in settings.items():
        run(tmp_path, f"{protocol}{seed}", seed=seed, model={"kind": model})
        record = json.loads((tmp_path / f"{protocol}{seed}" / "run.json").read_text())
        record["command"] += f" protocol={protocol}"
        (tmp_path / f"{protocol}{seed}" / "run.json").write_text(json.dumps(record))
    found = collect(tmp_path)
    assert found.settings == ("protocol", "seed")
    assert found.table.set_index("run")["protocol"].to_dict() == {"paper0": "paper", "paper1": "paper", "fluid0": "fluid"}
    assert found.table.set_index("run").loc["fluid0", "model.kind"] == "gine"  # still in the table


def test_analyses_are_gathered_with_the_settings_in_front(tmp_path: Path) -> None:
    run(tmp_path, "a")
    run(tmp_path, "b", seed=1)
    (tmp_path / "b/analyses").mkdir()
    (tmp_path / "b/analyses/domain_gain.csv").write_text("company,in_domain\nT1,5\n")
    found = collect(tmp_path)
    assert found.analyses["domain_gain"][["run", "seed", "company", "in_domain"]].to_numpy().tolist() == [["b", 1, "T1", 5]]
    files = write_tables(found, tmp_path / "all.parquet")
    assert [file.name for file in files] == ["all.parquet", "all-domain_gain.parquet"]


def test_the_seed_is_told_even_if_there_is_but_one(tmp_path: Path) -> None:
    run(tmp_path, "a")
    found = collect(tmp_path)
    assert found.settings == ()
    assert found.table.loc[0, ["run", "seed", "value"]].tolist() == ["a", 0, 0.5]


def test_a_runs_command_names_its_experiment() -> None:
    assert experiment_of("fluid simulate experiment=smoke seed=0 'intake.endpoints=[\"pic50 >= 5\"]'") == "smoke"
    assert experiment_of("fluid simulate +experiment=a experiment=b") == "b"
    assert experiment_of("fluid simulate seed=1") == experiment_of("") == "none"


def test_a_configuration_is_known_by_what_decides_results() -> None:
    plain = {"seed": 0, "trainer.threads": 1, "data.pool": "embedded:pool"}
    assert config_of(plain) == config_of({**plain, "seed": 7, "student_seed": 1, "intake.workers": 5, "trainer.checkpoint_s": 1.0})
    for change in ({"trainer.threads": 2}, {"data.pool": "pool"}, {"selection.n": 5}):
        assert config_of({**plain, **change}) != config_of(plain)


def test_no_finished_run_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "a", status="failed")
    with pytest.raises(ConfigError, match=r"there is no finished run \(1 others\)"):
        collect(tmp_path)
