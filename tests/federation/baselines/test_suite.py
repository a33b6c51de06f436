"""A small federation with all baselines: what is made, evaluated, reported and counted."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fluid.artifacts import Artifact
from fluid.errors import ConfigError
from fluid.federation.baselines.dsfl import dsfl_stage
from fluid.federation.baselines.facts import facts_table
from fluid.federation.baselines.fedavg import fedavg_stage
from fluid.federation.baselines.fedmd import fedmd_stage
from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec, FedAvgSpec, FedMDSpec, FedProxSpec, SGESpec
from fluid.federation.baselines.wire import Wire, read_traffic
from fluid.federation.consortium_data import ConsortiumData
from fluid.federation.data_nodes import WHOLE, data_nodes
from fluid.federation.model_folder import Model, open_model, read_model
from fluid.federation.simulation import simulate
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.split import read_split, split_stage
from fluid.models.ensemble import GraphEnsemble
from fluid.models.predictor import ForestSpec
from fluid.models.similarity_guided import SimilarityGuided
from fluid.pipeline.graph import Graph
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.reporting.tables import score_table
from fluid.runs.folder import write_run
from tests.federation.baselines.conftest import ALL
from tests.federation.conftest import Finished
from tests.federation.test_simulation import built, digests

COMPANIES = ("T1", "T2", "T3")
COMMON = {"fedavg", "fedprox", "feddf", "dsfl", "fedmd"}
MEMBERS = {f"{name}-{company}" for name in ("fedmd", "sge") for company in COMPANIES}


def networks(artifact: Artifact) -> tuple[GraphEnsemble, Model]:
    model = read_model(artifact)
    assert isinstance(model.predictor, GraphEnsemble)
    return model.predictor, model


def same(one: Artifact, other: Artifact) -> bool:
    """Whether two artifacts hold the same networks with the same calibration and thresholds."""
    (a, left), (b, right) = networks(one), networks(other)
    pairs = [(x.state_dict(), y.state_dict()) for x, y in zip(a.networks, b.networks, strict=True)]
    weights = all(torch.equal(x[name], y[name]) for x, y in pairs for name in x)
    arrays = [(getattr(a, name), getattr(b, name)) for name in ("temperature", "location", "scale")]
    return weights and all(np.array_equal(x, y) for x, y in [*arrays, (left.thresholds, right.thresholds)])


def size(artifact: Artifact) -> int:
    """Return the bytes of a model's weights and buffers."""
    return sum(t.numel() * t.element_size() for network in networks(artifact)[0].networks for t in network.state_dict().values())


def test_all_are_made_and_judged_and_nothing_else_changes(compared: Finished, finished: Finished) -> None:
    federation = compared.federation
    assert set(federation.baselines.models) == COMMON | MEMBERS
    assert set(federation.evaluated) == {*finished.federation.evaluated, *COMMON, *MEMBERS}
    before = digests(finished.federation)
    assert {name: digest for name, digest in digests(federation).items() if name in before} == before
    assert set(built(compared.runner)) == {"baseline", "evaluate"}


def test_none_is_made_unasked(finished: Finished) -> None:
    assert finished.federation.baselines.models == {}
    assert "baseline" not in {record.stage for record in finished.runner.records}


def test_a_second_run_makes_nothing(compared: Finished) -> None:
    runner = Runner(ArtifactStore(compared.runner.store.root))
    assert digests(simulate(compared.spec, runner)) == digests(compared.federation)
    assert built(runner) == []


def test_made_again_they_have_the_same_bytes(compared: Finished, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "store")
    shutil.copytree(compared.runner.store.root, store.root)
    shutil.rmtree(store.root / "baseline")
    runner = Runner(store)
    assert digests(simulate(compared.spec, runner)) == digests(compared.federation)
    assert set(built(runner)) == {"baseline"}


def test_no_pull_is_fedavg(compared: Finished) -> None:
    models = compared.federation.models
    assert same(models["fedprox"], models["fedavg"])


def test_a_temperature_of_one_is_fedmd(compared: Finished) -> None:
    models = compared.federation.models
    assert same(models["dsfl"], models["fedmd"])


def test_bytes_are_those_of_the_tensors(compared: Finished) -> None:
    rounds, models = compared.federation.baselines.rounds, compared.federation.models
    weights = size(models["fedavg"])
    # up: per round the weights, the number of examples, a loss and its molecules; once temperature and threshold. down: one time more.
    up, down = 2 * (weights + 8 + 8 + 8) + 4 + 8, 3 * weights + 4 + 8
    for name in ("fedavg", "fedprox"):
        assert read_traffic(rounds[name]).to_numpy().tolist() == [[company, up, down] for company in COMPANIES]
    assert read_traffic(rounds["feddf"])["bytes_up"].tolist() == [weights + 24 + 12] * 3
    for name in ("fedmd", "dsfl"):  # predictions of 80 molecules as float32 in each of two rounds
        assert read_traffic(rounds[name]).to_numpy().tolist() == [[company, 2 * 80 * 4, 2 * 80 * 4] for company in COMPANIES]


def test_every_message_is_counted() -> None:
    wire = Wire()
    wire.up("T1", {"a": torch.zeros(3, 2), "n": torch.tensor(1)})
    wire.up("T1", {"a": torch.zeros(5, dtype=torch.float64)})
    wire.down("T2", {"a": torch.zeros(7)})
    assert wire.sent == {"T1": [24 + 8 + 40, 0], "T2": [0, 28]}


def test_a_guided_ensemble_is_of_teacher_and_federated_model(compared: Finished) -> None:
    models = compared.federation.models
    guided = read_model(models["sge-T2"]).predictor
    assert isinstance(guided, SimilarityGuided)
    molecules = compared.federation.data.tests["external"].molecules
    for part, name in ((guided.own, "T2"), (guided.federated, "fedavg")):
        np.testing.assert_array_equal(part.predict(molecules).mean, read_model(models[name]).predictor.predict(molecules).mean)


@pytest.fixture(scope="module")
def run(compared: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the run folder."""
    folder = tmp_path_factory.mktemp("run")
    write_run(compared.federation, compared.runner.records, {"seed": 0}, "compared", 0, folder)
    return folder


def test_scores_have_roles_of_their_own(run: Path) -> None:
    table = pd.read_csv(run / "metrics.csv")
    roles = table.drop_duplicates("model").set_index("model")["role"]
    assert {roles[name] for name in COMMON} == COMMON
    assert {roles[name] for name in MEMBERS} == {"fedmd_member", "sge_member"}
    auroc = table[(table["metric"] == "auroc") & (table["test"] == "external")].set_index("model")["value"]
    for name in ("fedmd", "sge"):
        assert auroc[f"{name} mean"] == pytest.approx(auroc[[f"{name}-{company}" for company in COMPANIES]].mean())
    assert set(table[table["metric"] == "gap_closed:auroc"]["model"]) >= {*COMMON, "fedmd mean", "sge mean"}


def test_the_table_says_what_each_costs(run: Path, compared: Finished) -> None:
    table = pd.read_csv(run / "report_data" / "baselines.csv").set_index("model")
    assert set(table.index) == {"teacher mean", "pooled", "consensus", "student", "hybrid mean", *COMMON, "fedmd mean", "sge mean"}
    assert list(table.loc["teacher mean"]) == [0, 0, 0, "nothing"]
    assert table.loc["student", "bytes_up"] == len(compared.federation.data.transfer) * (3 * 4 + 1)
    assert table.loc["student", "bytes_down"] == size(compared.federation.models["student"]) + len(compared.federation.data.transfer) * 12
    for name in ("fedavg", "fedprox", "feddf", "sge mean"):
        assert table.loc[name, "leaves"].startswith("weights")
    for name in ("fedmd", "fedmd mean", "dsfl", "student"):
        assert table.loc[name, "leaves"].startswith("predictions")
    assert table.loc[["fedavg", "feddf", "fedmd", "sge mean"], "rounds"].tolist() == [2, 1, 2, 2]


def test_the_page_shows_them(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "Other ways to learn together" in page
    assert "weights, every round" in page
    assert "sge mean" in page
    assert len(json.loads((run / "metrics.json").read_text())["scores"]["external"]["active"]) > 20


def test_the_code_of_the_coordinators_model_is_in_the_key(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    federation = finished.federation
    monkeypatch.setattr("fluid.federation.baselines.rounds_stage.model_modules", lambda model: ("encoder_of_the_student",))
    parts = {name: federation.companies[name] for name in finished.spec.members}
    teachers = {name: read_model(federation.models[name]) for name in parts}
    given = (parts, teachers, federation.data.transfer, finished.spec)
    for stage in (fedmd_stage(*given, FedMDSpec()), dsfl_stage(*given, DSFLSpec())):
        assert "encoder_of_the_student" in stage.modules


def test_models_can_be_taken_away(run: Path, compared: Finished) -> None:
    for name in ("fedavg", "fedmd-T2", "sge-T3"):
        model = open_model(run / "models" / name)
        assert model.name == name
        assert len(model.predictor.predict(compared.federation.data.tests["external"].molecules)) == 60


def test_tables_and_charts_show_the_means_of_companies_only(run: Path) -> None:
    shown = set(score_table(pd.read_csv(run / "metrics.csv"), "external", "active")["model"])
    assert {"fedavg", "fedmd mean", "sge mean", "T1", "H1"} <= shown
    assert not MEMBERS & shown


def test_without_baselines_there_are_no_facts(finished: Finished) -> None:
    student = read_model(finished.federation.models["student"])
    assert facts_table(finished.federation.baselines, 10, 1, student).empty


def test_forests_can_exchange_predictions(rerun: Callable[..., Finished]) -> None:
    asked = BaselinesSpec(fedmd=FedMDSpec(1, 60, 1, 1), dsfl=DSFLSpec(1, 60, 1, 1), sge=SGESpec())
    run = rerun(model=ForestSpec(n_trees=5), baselines=asked)
    models = run.federation.models
    molecules = run.federation.data.tests["external"].molecules
    own, before = (read_model(models[name]).predictor.predict(molecules).mean for name in ("fedmd-T1", "T1"))
    np.testing.assert_array_equal(own, before)  # a forest answers, and stays as it is
    assert isinstance(read_model(models["fedmd"]).predictor, GraphEnsemble)
    assert isinstance(read_model(models["sge-T1"]).predictor, SimilarityGuided)


def test_forests_have_no_weights_to_average(compared: Finished) -> None:
    with pytest.raises(ConfigError, match="baselines fedavg, fedprox, feddf average weights, but the companies' model is 'forest'"):
        replace(compared.spec, model=ForestSpec(), baselines=ALL)


@pytest.fixture(scope="module")
def values(finished: Finished) -> FederationSpec:
    """Return the small federation with an endpoint of values."""
    return replace(finished.spec, intake=replace(finished.spec.intake, endpoints=("size [10 atoms]",)))


def test_values_are_learnt_on_one_scale(finished: Finished, values: FederationSpec) -> None:
    runner = Runner(finished.runner.store)
    data: ConsortiumData = Graph(data_nodes(values), runner).value(WHOLE)
    parts = read_split(runner.make(split_stage(data.pool, values.companies, values.seed)), data.pool)
    made = runner.make(fedavg_stage(parts, data.transfer, values, FedAvgSpec(2, 1)))
    predictor, _ = networks(made)
    sizes = data.pool.labels[:, 0]
    assert predictor.location[0] == pytest.approx(sizes.mean(), abs=0.1)
    assert predictor.scale[0] == pytest.approx(sizes.std(), abs=0.1)
    # the labels' count, mean and spread go up once, the common mean and spread come down
    traffic, weights = read_traffic(made), size(made)
    assert traffic["bytes_up"].tolist() == [2 * (weights + 24) + 12 + 24] * 3
    assert traffic["bytes_down"].tolist() == [3 * weights + 12 + 8] * 3


@pytest.mark.slow
def test_all_baselines_learn_values(rerun: Callable[..., Finished], values: FederationSpec) -> None:
    run = rerun(intake=values.intake, baselines=ALL)
    for name in (*COMMON, *MEMBERS):
        scores = pd.read_csv(run.federation.evaluated[name] / "scores.csv").set_index(["test", "metric"])["value"]
        assert 0 < scores["in-domain", "rmse"] < 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FedAvgSpec(rounds=0), "baselines.fedavg.rounds is 0; expected 1 or more"),
        (lambda: FedProxSpec(mu=-1.0), "baselines.fedprox.mu is -1.0"),
        (lambda: FedProxSpec(mu=float("nan")), "baselines.fedprox.mu is nan"),
        (lambda: FedMDSpec(public=0), "baselines.fedmd.public is 0"),
        (lambda: DSFLSpec(temperature=0.0), "baselines.dsfl.temperature is 0.0"),
        (lambda: SGESpec(federated="fedmd"), "baselines.sge.federated is 'fedmd'; expected one of student, fedavg"),
        (lambda: SGESpec(power=0.0), "baselines.sge.power is 0.0"),
        (lambda: BaselinesSpec(sge=SGESpec("feddf")), r"which is not asked for. Add it: baselines=\[feddf,sge\]"),
    ],
)
def test_impossible_settings_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
