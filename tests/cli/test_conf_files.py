"""Every file of `conf/` is composed and built into its typed settings: none can escape, no key can be unknown or out of reach."""

from dataclasses import fields
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from fluid.annotation.spec import AnnotationSpec
from fluid.cli.build import build
from fluid.cli.compose import compose, conf_folder
from fluid.cli.help import choices_of, describe, group_lines, groups_of, help_text, read_config
from fluid.cli.main import VERBS
from fluid.cli.search.search_space import SearchSpec, dimensions
from fluid.cli.specs import SURROUNDINGS, TAKING_PART, federation_spec, leave_out
from fluid.cli.suggest import dotted_keys, known_keys
from fluid.companies.spec import CompanySpec
from fluid.data.data_spec import DataSpec
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation.requests import REQUESTS
from fluid.federation.spec import FederationSpec
from fluid.inspection.request import InspectRequest
from fluid.models.predictor import ForestSpec, NetworkSpec
from fluid.training.config import TrainerSpec, TrainingConfig
from tests.cli.conftest import TOGETHER

CONF = conf_folder()
FILES = sorted(str(file.relative_to(CONF)) for file in CONF.rglob("*.yaml"))
NAMES = sorted(verb.replace("-", "_") for verb in VERBS)
GROUPS = sorted({group for verb in NAMES for group in groups_of(verb)})
ORDERS = {**REQUESTS, "inspect": InspectRequest}
SURROUNDING = {"paths": {"runs", "artifacts", "data"}, "logger": {"kind", "project", "group", "offline"}, "cost": {"core_w", "gpu_w"}}


def values_of(verb: str, *settings: str) -> dict[str, Any]:
    """Compose a verb; what is missing is filled in."""
    config = compose(verb, settings)
    for key in OmegaConf.missing_keys(config):
        OmegaConf.update(config, key, ["x"] if key == "annotations" else "x")
    values: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    return values


def build_all(verb: str, values: dict[str, Any]) -> object:
    """Build what a verb builds from its configuration."""
    search = values.pop("hparams_search", None)
    if search:
        return dimensions(build(SearchSpec, search))
    if verb == "simulate":
        return federation_spec(values)
    return build(ORDERS[verb], leave_out(values, *SURROUNDINGS)) if verb in ORDERS else values


def test_no_file_is_outside_of_a_verb_or_a_group() -> None:
    known = {"base.yaml", *(f"{verb}.yaml" for verb in NAMES)}
    known |= {f"{group}/{choice}.yaml" for group in GROUPS for choice in choices_of(group)}
    assert [file for file in FILES if file not in known and not file.startswith("hydra/")] == []


@pytest.mark.parametrize("file", [file for file in FILES if "/" in file and not file.startswith("hydra/")])
def test_every_choice_of_every_group_is_built(file: str) -> None:
    group, choice = file.removesuffix(".yaml").split("/")
    verb = "simulate" if group in groups_of("simulate") else next(verb for verb in NAMES if group in groups_of(verb))
    values = values_of(verb, f"{group}={choice}", *TOGETHER.get(file, ()))
    if group == "experiment":
        assert values["name"] == choice
    built = build_all(verb, values)
    assert isinstance(built, FederationSpec) if verb == "simulate" and group != "hparams_search" else built
    if group in SURROUNDING:
        assert set(read_config(CONF / file)) <= SURROUNDING[group]


@pytest.mark.parametrize("verb", NAMES)
def test_every_verb_is_built_from_its_defaults(verb: str) -> None:
    built = build_all(verb, values_of(verb))
    assert isinstance(built, ORDERS[verb]) if verb in ORDERS else built


@pytest.mark.parametrize(
    "group",
    [
        "model",
        "companies",
        "training",
        "trainer",
        "annotation",
        "selection",
        "hybrid",
        "loss",
        "distillation",
        "evaluation",
        "intake",
        "data",
    ],
)
def test_a_key_that_its_group_does_not_know_fails(group: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown key '.*surplus'"):
        build_all("simulate", values_of("simulate", f"+{group}.surplus=1"))


@pytest.mark.parametrize("file", FILES)
def test_every_file_says_what_it_is_for(file: str) -> None:
    text = (CONF / file).read_text()
    assert text.startswith("#")
    assert 10 < len(describe(CONF / file)) <= 140
    assert isinstance(yaml.safe_load(text), dict)


def test_every_group_says_what_it_is_for() -> None:
    assert sorted(group_lines()) == GROUPS


CONFIG = {field.name for field in fields(TrainingConfig)} - {"loss", "fine_tuning"}  # which have groups of their own
SETTABLE = {
    **{f"training.{kind}": CONFIG for kind in ("teacher", "pooled", "hybrid")},
    "training.student": CONFIG - {"balance"},
    "intake": IntakeSpec,
    "intake.layout": Layout,
    "annotation": AnnotationSpec,
    "evaluation": EvaluationSpec,
    "trainer": TrainerSpec,
    "selection": {field.name for field in fields(SelectionSpec)} - {"clusters", "fill"},  # of diverse and balanced only
    "data": DataSpec,
    "model": NetworkSpec,
}


@pytest.mark.parametrize("choice", ["training=default", "training=tiny", "trainer=gpu", "selection=best", "model=dmpnn"])
def test_every_field_can_be_set_without_a_plus(choice: str) -> None:
    known = set(known_keys("simulate", ["data=files", choice]))
    for group, wanted in SETTABLE.items():
        names = wanted if isinstance(wanted, set) else {field.name for field in fields(wanted)}
        assert {f"{group}.{name}" for name in names} <= known


def test_what_a_choice_does_not_use_it_does_not_have() -> None:
    assert {field.name for field in fields(ForestSpec)} | {"kind"} == set(read_config(CONF / "model/forest.yaml"))
    for method in choices_of("companies"):
        split = {field.name for field in fields(CompanySpec)}
        assert set(read_config(CONF / f"companies/{method}.yaml")) <= {*split, *TAKING_PART}
        assert set(TAKING_PART) <= set(read_config(CONF / f"companies/{method}.yaml"))
    assert "alpha" not in read_config(CONF / "companies/kmeans.yaml")


def test_a_model_of_two_has_the_settings_of_both() -> None:
    both = read_config(CONF / "model/wide_deep.yaml")
    for part, alone in (("network", "gine"), ("additive", "additive")):
        assert {"kind": part, **both[part]} == read_config(CONF / f"model/{alone}.yaml")


@pytest.mark.parametrize("verb", NAMES)
def test_help_shows_groups_choices_defaults_and_comments(verb: str) -> None:
    text = help_text(verb)
    assert f"fluid {verb.replace('_', '-')}" in text.splitlines()[0]
    for group, default in groups_of(verb).items():
        assert f"  {group}: {group_lines()[group]}\n" in text
        for choice in choices_of(group):
            assert f"{'*' if choice == default else ' '} {choice:<17} {describe(CONF / group / f'{choice}.yaml')}" in text
    shown = yaml.safe_load(text.split("Settings now (key=value):")[1].split("Change anything")[0])
    assert set(dotted_keys(shown)) == set(dotted_keys(OmegaConf.to_container(compose(verb), resolve=False)))


def test_help_shows_the_settings_that_were_given() -> None:
    text = help_text("simulate", ["model=forest", "seed=3", "--help"])
    assert "n_trees: 300" in text
    assert "seed: 3" in text
    assert "max_depth: 0" in text
    assert "# 0 is unbounded" in text
