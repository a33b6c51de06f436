from dataclasses import fields

import pytest
from omegaconf import OmegaConf

from fluid.cli.build import build
from fluid.cli.compose import compose, conf_folder
from fluid.cli.main import VERBS
from fluid.cli.specs import SURROUNDINGS, federation_spec, leave_out
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.baselines.spec import FedProxSpec
from fluid.federation.requests import REQUESTS


def composed(verb: str, *overrides: str) -> dict[str, object]:
    values: dict[str, object] = OmegaConf.to_container(compose(verb, overrides), resolve=True)  # type: ignore[assignment]
    return values


def test_every_verb_has_a_file() -> None:
    assert {verb.replace("-", "_") for verb in VERBS} == {file.stem for file in conf_folder().glob("*.yaml")} - {"base"}


def test_values_in_files_reach_the_experiment() -> None:
    spec = federation_spec(composed("simulate", "model=dmpnn", "companies=scaffold", "seed=3", "consensus.options.power=4"))
    assert (spec.model.encoder, spec.companies.method, spec.seed) == ("dmpnn", "scaffold", 3)  # type: ignore[union-attr]
    assert spec.consensus.options["power"] == 4
    assert spec.student_model == spec.model


def test_a_forest_consortium_gets_a_network_student() -> None:
    assert federation_spec(composed("simulate", "model=forest")).student_model.encoder == "gine"


@pytest.mark.parametrize("baseline", list(BASELINES.own))
def test_a_baseline_is_asked_for_by_its_name_with_its_defaults(baseline: str) -> None:
    values = composed("simulate", f"baselines=[{baseline}]")
    given = set(values["baselines"][baseline])  # type: ignore[index]
    ((name, settings),) = federation_spec(values).baselines.asked()
    assert name == baseline
    assert settings == type(settings)()
    assert given == {field.name for field in fields(settings)}


def test_several_baselines_are_a_list_and_none_is_the_default() -> None:
    spec = federation_spec(composed("simulate", "baselines=[fedprox,dsfl]", "baselines.fedprox.mu=0.5"))
    assert [name for name, _ in spec.baselines.asked()] == ["fedprox", "dsfl"]
    assert spec.baselines.settings["fedprox"] == FedProxSpec(mu=0.5)
    plain = composed("simulate")
    assert "baselines" not in plain
    assert not any(federation_spec(plain).baselines.asked())


@pytest.mark.parametrize("policy", sorted(file.stem for file in (conf_folder() / "policy").glob("*.yaml")))
def test_every_policy_is_one_that_an_audit_takes(policy: str) -> None:
    values = leave_out(composed("audit", f"policy={policy}"), *SURROUNDINGS)
    assert build(REQUESTS["audit"], values).policy.level == 0.05
