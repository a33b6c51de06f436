"""Protocols by name, on a made-up chemistry: what is switched on is on, and can be switched off one by one."""

import json
from pathlib import Path

import pandas as pd
import pytest

from fluid.cli.build import build
from fluid.cli.compose import compose
from fluid.cli.specs import SURROUNDINGS, federation_spec, leave_out
from fluid.data.endpoints import Endpoint
from fluid.federation.requests import TeacherRequest
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.certified import plan_of, with_noise
from fluid.models.predictor import ForestSpec
from fluid.privacy.accounting import Account
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.privacy.release_plan import mechanisms_of
from fluid.training.summed.spec import SummedSpec
from tests.cli.conftest import Call
from tests.cli.test_configuration import composed as values_of
from tests.conftest import Files

TINY = [
    "protocol=paper", "intake.quorum=5", "intake.workers=0", "workers=1", "companies.n=3", "companies.min_size=20",
    "companies.min_per_class=2", "model.n_trees=10", "selection.n=60", "evaluation.n_bootstrap=5", "trainer.threads=1",
]  # fmt: skip
SWITCHES = {
    "distillation.labels=soft": lambda spec: spec.distillation.labels == "soft",
    "hybrid.labels=soft": lambda spec: spec.hybrid.labels == "soft",
    "annotation.domain=bins": lambda spec: spec.annotation.domain == "bins",
    "selection.fill=true": lambda spec: spec.selection.fill,
    "evaluation.auroc=probabilities": lambda spec: spec.evaluation.auroc == "probabilities",
    "data.transfer_keeps_tests=false": lambda spec: not spec.data.transfer_keeps_tests,
}


def paper(*settings: str) -> FederationSpec:
    return federation_spec(values_of("simulate", "protocol=paper", *settings))


def test_the_papers_protocol() -> None:
    spec = paper()
    forest = ForestSpec(n_trees=150, max_depth=15, radius=2, n_bits=2048, features=True, counts=False)
    assert spec.model == spec.student_model == forest
    assert (spec.companies.method, spec.companies.n, spec.companies.smoothing) == ("kmeans", 8, 0.05)
    assert (spec.annotation.domain, spec.annotation.distance_k, spec.annotation.distance_share) == ("distances", 8, 0.2)
    assert (spec.consensus.method, dict(spec.consensus.options)) == ("similarity", {"power": 2.0})
    assert (spec.selection.mode, spec.selection.n) == ("balanced", 10_000)
    assert (spec.hybrid.mode, spec.hybrid.undersample) == ("concatenate", True)
    assert not any(holds(spec) for holds in SWITCHES.values())


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_weakness_is_switched_off_alone(switch: str) -> None:
    spec = paper(switch)
    assert [name for name, holds in SWITCHES.items() if holds(spec)] == [switch]


def test_the_student_follows_the_teachers_settings() -> None:
    assert paper("model.n_trees=7").student_model == paper("model.n_trees=7").model != paper().model


def test_the_certified_protocol_can_be_certified() -> None:
    spec = federation_spec(values_of("simulate", "protocol=certified"))
    settings = with_noise(spec.teacher_settings, (Endpoint.parse("blocker"),))
    mechanisms = mechanisms_of(plan_of(settings, (Endpoint.parse("blocker"),)))
    assert 7.98 < Account(mechanisms).epsilon(1e-5) <= 8.0
    assert (spec.hybrid.mode, spec.distillation.experts.product, spec.consensus.method) == ("own_expert", 0.0, "evidence")


def test_the_summed_protocol_asks_for_noise_on_sums_and_for_none_of_teachers() -> None:
    spec = federation_spec(values_of("simulate", "protocol=summed"))
    assert spec.summed_settings.privacy.epsilon == 8.0
    assert spec.teacher_settings.privacy == PrivacySpec()
    assert (spec.annotators, spec.hybrid.mode, spec.distillation.summed) == (["student"], "gate", SummedSpec())


def test_a_company_asks_for_a_certificate_by_one_setting() -> None:
    values = values_of("train_teacher", "privacy=certified", "input=a.csv", "company=T1", "out=b", "privacy.ledger=c", "privacy.budget=9")
    request = build(TeacherRequest, leave_out(values, *SURROUNDINGS))
    assert with_noise(request.settings, (Endpoint.parse("blocker"),)).model.noise > 0
    assert (request.privacy.epsilon, request.privacy.budget, request.privacy.witness) == (8.0, 9.0, PrivacySpec().witness)


def test_the_fluid_protocol_is_the_default() -> None:
    assert federation_spec(values_of("simulate", "protocol=fluid")) == federation_spec(values_of("simulate"))


def test_a_protocol_goes_with_data_and_experiment() -> None:
    config = compose("simulate", ["protocol=paper", "experiment=demo", "data=files", "data.pool=a", "data.transfer=b"])
    assert (config.name, config.model.kind, config.data.pool) == ("demo", "forest", "a")


@pytest.mark.slow
def test_the_paper_end_to_end(fluid: Call, files: Files, tmp_path: Path) -> None:
    data = ["data=files", f"data.pool={files.pool}", f"data.transfer={files.transfer}", f"data.test_external={files.external}"]
    code, _, error = fluid("simulate", *TINY, *data, "data.endpoints=[active]", "name=one")
    assert (code, error) == (0, "")
    scores = pd.read_csv(tmp_path / "runs/one/metrics.csv")
    assert {"pooled", "student", "H1", "H3", "T1", "consensus"} <= set(scores.model)
    table = scores[scores.endpoint == "active"].pivot_table(index=["model", "test"], columns="metric", values="value")
    assert (table.auroc - table.balanced_accuracy).abs().max() < 1e-9
    assert json.loads((tmp_path / "runs/one/config.json").read_text())["student_model"]["kind"] == "forest"
    code, _, error = fluid("simulate", *TINY, *data, "data.endpoints=[active]", "evaluation.auroc=probabilities", "name=two")
    assert (code, error) == (0, "")
    table = pd.read_csv(tmp_path / "runs/two/metrics.csv").pivot_table(index=["model", "test"], columns="metric", values="value")
    assert (table.auroc - table.balanced_accuracy).abs().max() > 0.01


@pytest.mark.parametrize("given", ["", "paths.data=nowhere"])
def test_a_missing_data_folder_is_named_with_the_way_to_give_it(fluid: Call, given: str) -> None:
    code, _, error = fluid("simulate", "data=herg_chembl", *filter(None, [given]))
    assert code == 2
    why = "it is not in nowhere" if given else "no folder of data files is given"
    assert f"data.pool is the file herg_chembl.parquet, and {why}; expected paths.data=FOLDER" in error
    assert "data.pool=FILE" in error
