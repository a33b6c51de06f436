"""Old words of the configuration: wherever they are used, one line says what they are called now, and nothing is written."""

from pathlib import Path

import pytest

from fluid.cli.help import choices_of
from fluid.cli.old_words import CHOICES, KEYS, check_settings, new_choices, new_key
from fluid.cli.suggest import known_keys
from tests.cli.conftest import Call

SETTINGS = {"simulate": ["", "loss=kl"], "distill": ["", "loss=kl"]}
EXPERIMENTS = {
    "group": "defaults:\n  - override /recipe: paper",
    "key": "only: T1",
    "figure": "figure: recipes",
}
SUITES = {
    "swept": "{question: why, sweep: {recipe: [paper, fluid]}}",
    "named": "{question: why, experiment: recipes}",
    "set": "{question: why, settings: [+only=T1]}",
}
SUITE = """
title: mine
experiments: {recipes: %s}
tiers: {smoke: {experiments: [recipes], seeds: [0], also: {%s: [workers=1]}}}
"""


@pytest.fixture
def mine(fluid: Call) -> Path:
    """Return an own folder of configuration files, which have old words, in the folder where `fluid` runs."""
    folder = Path("mine")
    for group in ("experiment", "suite"):
        (folder / group).mkdir(parents=True)
    for name, text in EXPERIMENTS.items():
        (folder / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\n# mine\n{text}\n")
    for name, text in SUITES.items():
        (folder / "suite" / f"{name}.yaml").write_text(SUITE % (text, "seed=0"))
    (folder / "suite" / "matched.yaml").write_text(SUITE % ("{question: why, sweep: {protocol: [paper, fluid]}}", "recipe=paper"))
    return folder


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["simulate", "recipe=paper"], "recipe is called protocol now; expected protocol=paper."),
        (["simulate", "recipe=paper", "--help"], "recipe is called protocol now; expected protocol=paper."),
        (["simulate", "recipe@_global_=paper"], "recipe is called protocol now; expected protocol=paper."),
        (["simulate", "~recipe"], "recipe is called protocol now."),
        (["simulate", "only=T1"], "only is called target now; expected target=T1."),
        (["simulate", "+only=T1"], "only is called target now; expected target=T1."),
        (["simulate", "++only=T1", "--cfg", "job"], "only is called target now; expected target=T1."),
        (["simulate", "student=nearest"], "student is called distillation now; expected distillation=nearest."),
        (["simulate", "training.student.temperature=2"], "called loss.temperature now; expected loss.temperature=2."),
        (["simulate", "experiment=recipes"], "experiment=recipes is called experiment=protocols now."),
        (["simulate", "figure=recipes"], "figure=recipes is called figure=protocols now."),
        (["simulate", "-m", "recipe=paper,fluid"], "recipe is called protocol now; expected protocol=paper,fluid."),
        (["simulate", "-m", "experiment=smoke,recipes"], "experiment=recipes is called experiment=protocols now."),
        (["simulate", "-m", "hparams_search=optuna", "recipe=paper"], "recipe is called protocol now"),
        (["simulate", "-m", "hparams_search=optuna", "hparams_search.space={recipe: {choices: [paper]}}"], "recipe is called protocol now"),
        (
            ["simulate", "-m", "hparams_search=optuna", "hparams_search.space={experiment: {choices: [recipes]}}"],
            "experiment=protocols now",
        ),
        (["simulate", "--config-dir", "mine", "experiment=group"], "recipe is called protocol now."),
        (["simulate", "--config-dir", "mine", "experiment=key"], "only is called target now."),
        (["simulate", "--config-dir", "mine", "experiment=figure"], "figure=recipes is called figure=protocols now."),
        (["benchmark", "only=recipes"], "has no experiment 'recipes'; it is called protocols now."),
        (["benchmark", "--config-dir", "mine", "suite=swept"], "suite swept: experiments.recipes: recipe is called protocol now."),
        (["benchmark", "--config-dir", "mine", "suite=named"], "experiment=recipes is called experiment=protocols now."),
        (
            ["benchmark", "--config-dir", "mine", "suite=set"],
            "experiments.recipes: only is called target now; expected target=T1.",
        ),
        (["benchmark", "--config-dir", "mine", "suite=matched"], "suite matched: tiers.smoke: recipe is called protocol now"),
        (["predict", "model=x", "input=a.csv", "out=b.csv"], "model is called model_folder now; expected model_folder=x."),
    ],
)
@pytest.mark.usefixtures("mine")
def test_an_old_word_is_answered_with_the_new_one(fluid: Call, tmp_path: Path, arguments: list[str], expected: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    code, _, error = fluid(*arguments)
    assert code == 2
    assert error.startswith("fluid: error: ")
    assert error.count("\n") == 1
    assert expected in error
    assert sorted(tmp_path.rglob("*")) == before


def test_every_new_word_is_known_and_no_old_one_is() -> None:
    for verb, keys in KEYS.items():
        known = {key for setting in SETTINGS.get(verb, [""]) for key in known_keys(verb, [setting] if setting else [])}
        assert set(keys.values()) <= known, verb
        assert not set(keys) & known, verb
    assert set(CHOICES["experiment"].values()) <= set(choices_of("experiment"))
    assert not set(CHOICES["experiment"]) & set(choices_of("experiment"))


def test_what_lies_below_an_old_key_and_what_only_looks_like_one() -> None:
    assert new_key("simulate", "recipe.x") == "protocol.x"
    assert new_key("simulate", "recipes") == new_key("benchmark", "only") == new_key("simulate", "student_model") == ""
    assert new_choices("experiment", "[smoke,recipes]") == "[smoke,protocols]"
    assert new_choices("experiment", "my_recipes") == new_choices("model", "recipes") == ""
    check_settings("simulate", ["seed=1", "-m", "--config-dir=only", "name=recipe=x", "only"])


def test_an_own_experiment_of_an_old_name_is_found(fluid: Call, mine: Path) -> None:
    (mine / "experiment" / "recipes.yaml").write_text("# @package _global_\n# mine\nseed: 77\n")
    code, out, _ = fluid("simulate", "--config-dir", "mine", "experiment=recipes", "--cfg", "job")
    assert code == 0
    assert "seed: 77" in out
