"""Settings in Python are those of the command line."""

import os
import sys
import threading

import numpy as np
import pytest

from fluid.api.settings import configuration, overrides_of, sets
from fluid.errors import ConfigError

GIVEN = {"input": "a.csv", "company": "T1", "out": "o"}


@pytest.mark.parametrize(
    ("settings", "keywords", "expected"),
    [
        (["model=forest", "seed=3"], {}, ["model=forest", "seed=3"]),
        ("model=forest", {}, ["model=forest"]),
        ({"training.teacher.epochs": 5}, {"seed": 3}, ["training.teacher.epochs=5", "seed=3"]),
        ((), {"model": {"hidden": 64, "dropout": 0.5}}, ["model.hidden=64", "model.dropout=0.5"]),
        ((), {"a": None, "b": True, "d": "true", "e": "3", "f": ""}, ["a=null", "b=true", 'd="true"', 'e="3"', 'f=""']),
        ((), {"endpoints": ["pic50 >= 5", "blocker"]}, ['endpoints=["pic50 >= 5",blocker]']),
        ((), {"x": np.float64(0.25), "n": np.int64(2)}, ["x=0.25", "n=2"]),
    ],
)  # fmt: skip
def test_every_form_becomes_what_one_would_type(settings: object, keywords: dict[str, object], expected: list[str]) -> None:
    assert overrides_of(settings, keywords) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ['a "b" c', "it's", "a\\b", "x,y", "[z]", "{k: v}", "true", "null", "1e3", " spaced ", "Präparat µM", "Molekül", "a:", "a=b", "#x"],
)
def test_texts_survive(text: str) -> None:
    assert configuration("train_teacher", overrides_of((), {"intake": {"smiles_column": text}}), GIVEN)["intake"]["smiles_column"] == text


def test_defaults_are_those_of_the_command_line() -> None:
    from omegaconf import OmegaConf

    from fluid.cli.compose import compose

    typed = compose("train_teacher", ["input=a.csv", "company=T1", "out=o", "model=forest"])
    assert configuration("train_teacher", ["model=forest"], GIVEN) == OmegaConf.to_container(typed, resolve=True)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model=forst"], "Did you mean 'forest'"),
        (["sed=3"], "Did you mean 'seed'"),
        (["training.teacher.epoch=5"], "Did you mean 'training.teacher.epochs'"),
        (["+colour=3"], "unknown key 'colour'"),
        (["seed=1,2"], "Ambiguous value"),
    ],
)
def test_a_wrong_setting_says_which_one_is_meant(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        configuration("train_teacher", overrides, GIVEN)
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^company is missing\. Give it as company="):
        configuration("train_teacher", [], {"input": "a.csv", "out": "o"})


@pytest.mark.parametrize(
    ("overrides", "message"), [(["data=files"], r"^data\.pool is"), (["data=files", "data.pool=a"], r"^data\.transfer is")]
)
def test_what_is_missing_deeper_down_is_named(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configuration("simulate", overrides, {})


@pytest.mark.parametrize("text", ["logger=csv", "+logger=csv", "++logger=csv", "~logger", "~logger=csv", "logger@logger=csv"])
def test_settings_are_named_by_any_of_the_signs(text: str) -> None:
    assert sets(["seed=3", text], "logger")
    assert not sets([text, "logger.project=mine", "seed=logger"], "seed.logger")
    assert not sets(["logger.project=mine", "seed=logger"], "logger")


@pytest.mark.parametrize(("settings", "shown"), [(["-m"], "'-m'"), ([3], "3")])
def test_what_is_no_setting_is_refused(settings: list[object], shown: str) -> None:
    with pytest.raises(ConfigError, match=f"setting {shown} cannot be used"):
        overrides_of(settings, {})  # type: ignore[arg-type]


def test_a_value_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.hidden is a object"):
        overrides_of((), {"model": {"hidden": object()}})


def test_nothing_of_the_process_is_changed() -> None:
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.singleton import Singleton

    before = dict(os.environ), list(sys.argv), os.getcwd()
    with initialize_config_dir(os.getcwd(), version_base="1.2"):
        mine, states = GlobalHydra.instance().hydra, dict(Singleton._instances)
        configuration("train_teacher", [], GIVEN)
        with pytest.raises(ConfigError):
            configuration("train_teacher", ["nonsense=1"], GIVEN)
        assert GlobalHydra.instance().hydra is mine
        assert all(Singleton._instances[cls] is state for cls, state in states.items())
    configuration("train_teacher", [], GIVEN)
    assert not GlobalHydra.instance().is_initialized()
    assert before == (dict(os.environ), list(sys.argv), os.getcwd())


def test_threads_compose_beside_each_other() -> None:
    found: dict[int, int] = {}

    def compose(seed: int) -> None:
        found[seed] = configuration("train_teacher", [f"seed={seed}"], GIVEN)["seed"]

    threads = [threading.Thread(target=compose, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {seed: seed for seed in range(6)}
