import json
from pathlib import Path

import pytest

from fluid.artifacts import hash_json
from fluid.errors import ConfigError
from fluid.federation.collect import collect, config_of, experiment_of


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
