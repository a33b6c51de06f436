from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from fluid.cli.build import build
from fluid.cli.compose import conf_folder
from fluid.cli.main import VERBS
from fluid.cli.specs import SURROUNDINGS, federation_spec, leave_out
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.baselines.spec import FedProxSpec
from fluid.federation.requests import REQUESTS
from fluid.federation.spec import FederationSpec
from tests.cli.conftest import TOGETHER

CONF = conf_folder()
GROUPS = sorted(
    f"{file.parent.name}={file.stem}"
    for file in CONF.glob("*/*.yaml")
    if file.parent.name not in ("hydra", "experiment", "hparams_search", "paths", "policy", "suite")
)


def composed(verb: str, *overrides: str) -> dict[str, object]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(verb, overrides=list(overrides))
    missing = [f"{key}=x" for key in OmegaConf.missing_keys(config)]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(verb, overrides=[*overrides, *(m if not m.startswith("annotations=") else "annotations=[x]" for m in missing)])
    values: dict[str, object] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    return values


@pytest.mark.parametrize("choice", GROUPS)
def test_every_choice_of_every_group_makes_a_valid_experiment(choice: str) -> None:
    assert isinstance(federation_spec(composed("simulate", choice, *TOGETHER.get(f"{choice.replace('=', '/')}.yaml", ()))), FederationSpec)


@pytest.mark.parametrize("file", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_experiment_is_valid_and_named(file: Path) -> None:
    values = composed("simulate", f"experiment={file.stem}")
    assert values["name"] == file.stem
    assert isinstance(federation_spec(values), FederationSpec)


@pytest.mark.parametrize("verb", REQUESTS)
def test_every_verb_has_a_valid_configuration(verb: str) -> None:
    assert isinstance(build(REQUESTS[verb], leave_out(composed(verb), *SURROUNDINGS)), REQUESTS[verb])


def test_every_verb_has_a_file() -> None:
    assert {verb.replace("-", "_") for verb in VERBS} == {file.stem for file in CONF.glob("*.yaml")} - {"base"}


def test_values_in_files_reach_the_experiment() -> None:
    spec = federation_spec(composed("simulate", "model=dmpnn", "companies=scaffold", "seed=3", "consensus.options.power=4"))
    assert (spec.model.encoder, spec.companies.method, spec.seed) == ("dmpnn", "scaffold", 3)  # type: ignore[union-attr]
    assert spec.consensus.options["power"] == 4
    assert spec.student_model == spec.model


def test_a_forest_consortium_gets_a_network_student() -> None:
    assert federation_spec(composed("simulate", "model=forest")).student_model.encoder == "gine"


@pytest.mark.parametrize("baseline", list(BASELINES.own))
def test_a_baseline_is_asked_for_by_its_name_with_its_defaults(baseline: str) -> None:
    asked = federation_spec(composed("simulate", f"baselines=[{baseline}]")).baselines
    ((name, settings),) = asked.asked()
    assert name == baseline
    assert settings == type(settings)()
    assert set(composed("simulate", f"baselines=[{baseline}]")["baselines"][baseline]) == {field.name for field in fields(settings)}  # type: ignore[index]


def test_several_baselines_are_a_list_and_none_is_the_default() -> None:
    spec = federation_spec(composed("simulate", "baselines=[fedprox,dsfl]", "baselines.fedprox.mu=0.5"))
    assert [name for name, _ in spec.baselines.asked()] == ["fedprox", "dsfl"]
    assert spec.baselines.settings["fedprox"] == FedProxSpec(mu=0.5)
    plain = composed("simulate")
    assert "baselines" not in plain
    assert not any(federation_spec(plain).baselines.asked())


@pytest.mark.parametrize("policy", sorted(file.stem for file in (CONF / "policy").glob("*.yaml")))
def test_every_policy_is_one_that_an_audit_takes(policy: str) -> None:
    values = leave_out(composed("audit", f"policy={policy}"), *SURROUNDINGS)
    assert build(REQUESTS["audit"], values).policy.level == 0.05
