"""A typo in any key of any group of any verb is answered with the key that was meant."""

from functools import cache

import pytest

from fluid.cli.help import choices_of, groups_of
from fluid.cli.main import VERBS
from fluid.cli.suggest import known_keys, nearest_key, suggestion
from tests.cli.conftest import Call

NAMES = sorted(verb.replace("-", "_") for verb in VERBS)
CASES = [(verb, group) for verb in NAMES for group in groups_of(verb)]


@cache
def keys(verb: str, setting: str = "") -> list[str]:
    return known_keys(verb, [setting] if setting else [])


def misspelt(word: str) -> str:
    """Double the last letter, as fingers do."""
    return word + word[-1]


@pytest.mark.parametrize("verb", NAMES)
def test_a_typo_in_any_key_suggests_it(verb: str) -> None:
    for key in keys(verb):
        assert nearest_key(misspelt(key), keys(verb)) == f"Did you mean {key!r}?"


@pytest.mark.parametrize(("verb", "group"), CASES, ids=lambda value: value)
def test_a_typo_in_any_group_or_choice_suggests_it(verb: str, group: str) -> None:
    assert nearest_key(f"{group}x", keys(verb)) == f"Did you mean {group!r}?"
    for choice in choices_of(group):
        assert suggestion(f"Could not find '{group}/{choice}x'", verb) == f"Did you mean {choice!r}?"


@pytest.mark.parametrize("group", sorted(set(groups_of("simulate")) - {"experiment"}))
def test_a_typo_in_a_choice_is_an_error_and_every_choice_brings_its_keys(fluid: Call, group: str) -> None:
    code, _, error = fluid("simulate", f"{group}={choices_of(group)[0]}x", "--cfg", "job")
    assert code == 2
    assert f"Did you mean {choices_of(group)[0]!r}?" in error
    for choice in choices_of(group):
        known = keys("simulate", f"{group}={choice}")
        for key in [key for key in known if key.startswith(f"{group}.") and key.count(".") == 1]:
            assert nearest_key(misspelt(key), known) == f"Did you mean {key!r}?"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["predict", "model=x"], "model is called model_folder now; expected model_folder=x"),
        (["simulate", "experiment=smokee"], "Did you mean 'smoke'?"),
        (["simulate", "hidden=3"], "Did you mean 'model.hidden'?"),
        (["simulate", "modle.hidden=3"], "Did you mean 'model.hidden'?"),
        (["simulate", "model=forest", "model.n_tree=3"], "Did you mean 'model.n_trees'?"),
        (["simulate", "model=forest", "model.hidden=3"], "Keys of model: counts, features, kind, max_depth, n_bits, n_trees, radius."),
        (["simulate", "training=tiny", "training.teacher.validation_shares=0.2"], "Did you mean 'training.teacher.validation_share'?"),
        (
            ["simulate", "companies.alpha=3"],
            "Keys of companies: endpoint_share, left_out, method, min_per_class, min_size, n, smoothing, taking_part.",
        ),
        (["simulate", "training.student.balance=true"], "Keys of training.student"),
        (["simulate", "+seed=3"], "Leave out the +: seed=..."),
        (["simulate", "+paths.artefacts=x"], "unknown key 'paths.artefacts'. Did you mean 'artifacts'?"),
        (["simulate", "+logger.grup=x"], "unknown key 'logger.grup'. Did you mean 'group'?"),
        (["simulate", "+surplus=1"], "unknown key 'surplus'"),
        (["report", "run=x", "+runn=1"], "unknown key 'runn'. Did you mean 'run'?"),
        (["simulate", "seed=1,2"], "Several runs: add -m"),
        (["simulate", "xyzzy=1"], "Known: analyses, annotation, baselines, companies"),
        (["simulate", "baselines=[fedavgg]"], "Did you mean 'fedavg'?"),
        (["simulate", "baselines=[fedmd,fedproks]"], "Did you mean 'fedprox'?"),
        (["simulate", "baselines=[fedavg,fedprox]", "baselines.fedprox.nu=1"], "Keys of baselines.fedprox: local_epochs, mu, rounds."),
        (["simulate", "baselines.fedprox.mu=1"], "Choose one first: baselines=dsfl|fedavg"),
        (["simulate", "baselines=[fedavg]", "+baselines.fedavg.mu=1"], "unknown key 'baselines.fedavg.mu'"),
        (["simulate", "baselines=[fedavg]", "model=forest"], "average weights, but the companies' model is 'forest'"),
        (["simulate", "baselines=[sge]", "baselines.sge.federated=feddf"], "Add it: baselines=[feddf,sge]."),
    ],
)
def test_what_was_meant(fluid: Call, arguments: list[str], expected: str) -> None:
    code, _, error = fluid(*arguments)
    assert code == 2
    assert error.count("\n") == 1
    assert expected in error


def test_a_key_that_a_choice_inherits_can_be_set(fluid: Call) -> None:
    code, out, _ = fluid("simulate", "training=tiny", "training.teacher.validation_share=0.2", "--cfg", "job")
    assert code == 0
    assert "validation_share: 0.2" in out
