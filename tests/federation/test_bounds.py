"""Values of which some are known as bounds only, through a whole federation: carried to every company, learnt, evaluated, told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fluid.annotation.storage import read_annotation_set
from fluid.companies.spec import CompanySpec
from fluid.data.censoring import measured_only
from fluid.data.data_spec import DataSpec
from fluid.data.dataset import Dataset, read_dataset
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError, ShapeError
from fluid.evaluation import metrics
from fluid.evaluation.scores import BOUND_METRICS, scores_frame
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation import data_nodes
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.baselines.own_examples import own_examples
from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec, FedAvgSpec, FedMDSpec, SGESpec
from fluid.federation.bounds import bound_notes, check_experiment
from fluid.federation.consortium_data import ConsortiumData, select_endpoints, set_aside
from fluid.federation.model_folder import read_model
from fluid.federation.model_nodes import public_labels
from fluid.federation.simulation import simulate
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.columns import bounds_for, labels_for, values_for
from fluid.federation.stages.hybrid import aligned_labels, refuse_bounds
from fluid.federation.stages.hybrid_spec import HYBRIDS, HybridSpec
from fluid.federation.stages.split import read_owned, read_split, split_stage
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.teacher import teacher_stage
from fluid.federation.trial import score_of
from fluid.models.blend import Blend, Gate
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.predictor import ForestSpec, NetworkSpec, Predictor
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.reporting.tables import score_table
from fluid.runs.folder import all_scores
from fluid.training.config import TrainerSpec, Training, TrainingConfig
from fluid.training.train import Job, train_teacher
from tests.conftest import Library
from tests.federation.conftest import Finished
from tests.federation.test_different_endpoints import write

NETWORK = NetworkSpec(hidden=12, layers=1)
TINY = TrainingConfig(epochs=2, batch_size=32, learning_rate=5e-3)
CEILING, FLOOR = 2.6, 0.6
BASELINE_SPECS = BaselinesSpec(
    fedavg=FedAvgSpec(1, 1), fedmd=FedMDSpec(1, 40, 1, 1), dsfl=DSFLSpec(1, 40, 1, 1, 1.0), sge=SGESpec("fedavg", 2, 1.0)
)


def with_bounds(dataset: Dataset) -> Dataset:
    """Return labels as an assay gives them that sees no `size` above a ceiling and no `hetero` below a floor."""
    names = [endpoint.name for endpoint in dataset.endpoints]
    labels, censored = dataset.labels.copy(), np.zeros(dataset.labels.shape, dtype=np.int8)
    for name, side, limit in (("size", 1, CEILING), ("hetero", -1, FLOOR)):
        if name in names:
            column = names.index(name)
            beyond = side * (labels[:, column] - limit) > 0
            labels[beyond, column], censored[beyond, column] = limit, side
    return dataset.with_labels(labels, dataset.endpoints, censored if censored.any() else None)


@pytest.fixture(scope="module")
def asked(library: Library, spec: FederationSpec, tmp_path_factory: pytest.TempPathFactory) -> FederationSpec:
    """Return an experiment with two values, in companies of their own chemistry."""
    folder = tmp_path_factory.mktemp("files")
    pool, test = write(folder / "pool.csv", library, range(240)), write(folder / "test.csv", library, range(380, 440))
    transfer = write(folder / "transfer.csv", library, range(240, 380), labelled=False)
    return replace(
        spec,
        data=DataSpec(pool, transfer, "", test, validation_share=0.15, endpoints=("hetero [u]", "size [u]")),
        intake=IntakeSpec(quorum=5, workers=0),
        companies=CompanySpec("kmeans", n=2, smoothing=0.3, min_size=20, min_per_class=5),
        model=NETWORK,
        student_model=NETWORK,
        training=Training(TINY, TINY, TINY, TINY),
        hybrid=HybridSpec(guard=True),
        evaluation=EvaluationSpec(n_bootstrap=5, forest=False),
        baselines=BASELINE_SPECS,
        analyses=("cross_domain", "contribution"),
    )


@pytest.fixture(scope="module")
def intake_with_bounds() -> Iterator[None]:
    """Let files hold bounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_nodes, "read_dataset", lambda artifact: with_bounds(read_dataset(artifact)))
        yield


@pytest.fixture(scope="module")
def run(asked: FederationSpec, intake_with_bounds: None, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run the experiment once."""
    runner = Runner(ArtifactStore(tmp_path_factory.mktemp("store")))
    return Finished(asked, runner, simulate(asked, runner))


def scores_of(run: Finished) -> pd.DataFrame:
    return scores_frame(all_scores(run.federation)).set_index(["model", "endpoint", "metric"]).sort_index()


def bounds_of(dataset: Dataset) -> np.ndarray:
    assert dataset.censored is not None
    return dataset.censored


def test_every_part_keeps_its_bounds(run: Finished) -> None:
    data = run.federation.data
    for part in (data.pool, data.validation, *data.tests.values(), *run.federation.companies.values()):
        marks, labels = bounds_of(part), part.labels
        np.testing.assert_array_equal(marks, np.where(labels == np.float32([FLOOR, CEILING]), np.int8([-1, 1]), np.int8(0)))
        assert marks.any(axis=0).all()
    assert data.transfer.censored is None


def test_the_notes_say_how_many_there_are(run: Finished) -> None:
    data = run.federation.data
    marks, known = (bounds_of(data.pool)[:, 1] != 0).sum(), np.isfinite(data.pool.labels[:, 1]).sum()
    assert f"pool: {marks} of {known} values of size are bounds of the true value." in data.notes
    assert sum("are bounds of the true value" in note for note in data.notes) == 6


def test_a_teacher_and_a_hybrid_are_trained_on_bounds(run: Finished) -> None:
    part, models, seed = run.federation.companies["T1"], run.federation.models, run.spec.seed
    molecules, job = part.molecules, Job("T1", NETWORK, TINY, TrainerSpec(threads=1), seed)
    wanted, values = (train_teacher(job, molecules, part.labels, part.endpoints, censored=c).predictor for c in (part.censored, None))
    found = read_model(models["T1"]).predictor.with_mc_samples(0)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found.predict(molecules).mean, wanted.predict(molecules).mean)
    assert not np.array_equal(found.predict(molecules).mean, values.predict(molecules).mean)


def test_own_examples_of_weight_averaging_hold_bounds(run: Finished) -> None:
    part = run.federation.companies["T1"]
    own = own_examples("T1", 0, TINY, part, part.endpoints)
    for examples, rows in zip((own.train, own.held_out), own.rows, strict=True):
        np.testing.assert_array_equal(examples.censored, bounds_of(part)[rows])
    assert own_examples("T1", 0, TINY, part.with_labels(part.labels, part.endpoints), part.endpoints).train.censored is None


def test_scores_tell_values_from_bounds(run: Finished) -> None:
    scores, test = scores_of(run), run.federation.data.tests["in-domain"]
    evaluated = run.federation.evaluated["T1"]
    said = read_annotation_set(evaluated / "in-domain", test.transfer_digest, len(test))
    for column, endpoint in enumerate(test.endpoints):
        answers, labels, marks = said.prediction[:, column], test.labels[:, column], bounds_of(test)[:, column]
        measured, own = measured_only(labels, marks), scores.loc["T1", endpoint.name]
        for name in ("rmse", "r2", "spearman"):
            assert own.loc[name, "value"] == pytest.approx(getattr(metrics, name)(answers, measured))
            assert own.loc[name, "n"] == np.isfinite(measured).sum()
        variance = said.epistemic[:, column] + said.aleatoric[:, column]
        for name in BOUND_METRICS:
            more = (variance,) if name == "censored_nll" else ()
            assert own.loc[name, "value"] == pytest.approx(getattr(metrics, name)(answers, labels, marks, *more), rel=1e-6)
            assert own.loc[name, "n"] == np.isfinite(labels).sum()


def test_every_model_has_them_and_only_a_consensus_says_no_variance(run: Finished) -> None:
    scores = scores_of(run).reset_index()
    names = set(scores.loc[~scores.metric.str.startswith("gap_closed"), "model"])
    for metric in BOUND_METRICS:
        assert names - set(scores.loc[scores.metric == metric, "model"]) == ({"consensus"} if metric == "censored_nll" else set())
    assert {f"gap_closed:{name}" for name in BOUND_METRICS} <= set(scores.loc[scores.model == "student", "metric"])
    table = score_table(scores.reset_index(), "in-domain", "size")
    assert set(BOUND_METRICS) <= set(table.columns)
    assert table.set_index("model").loc["consensus", "censored_nll"] == ""


def test_confidence_and_contributions_are_of_measured_values(run: Finished) -> None:
    test = run.federation.data.tests["in-domain"]
    confidence = pd.read_csv(run.federation.evaluated["consensus"] / "confidence.csv").set_index("endpoint")
    measured = np.isfinite(values_for(test, test.endpoints)).sum(axis=0)
    assert confidence.loc[["hetero", "size"], "n"].tolist() == measured.tolist()
    contribution = pd.read_csv(run.federation.analyses["contribution"] / "contribution.csv")
    together = contribution[(contribution.metric == "r2") & (contribution.endpoint == "size")].together.iloc[0]
    assert together == pytest.approx(scores_of(run).loc[("consensus", "size", "r2"), "value"])
    cross = pd.read_csv(run.federation.analyses["cross_domain"] / "cross_domain.csv")
    assert {"censored_rmse", "concordance"} <= set(cross.metric)
    assert (cross[cross.metric == "rmse"].groupby(["model", "endpoint"]).n.sum() <= measured.max()).all()


def test_a_search_is_scored_on_measured_values(run: Finished) -> None:
    model, test = read_model(run.federation.models["T1"]), run.federation.data.tests["in-domain"]
    without = test.with_labels(values_for(test, test.endpoints), test.endpoints)
    assert score_of(model, test, "rmse") == score_of(model, without, "rmse")


def test_columns_of_labels_and_bounds_are_the_models(run: Finished) -> None:
    test = run.federation.data.tests["in-domain"]
    other, turned = replace(test.endpoints[0], name="other"), test.endpoints[::-1]
    np.testing.assert_array_equal(bounds_for(test, (*turned, other))[:, :2], bounds_of(test)[:, ::-1])  # type: ignore[index]
    assert not bounds_for(test, (other,)).any()  # type: ignore[union-attr]
    assert bounds_for(test.with_labels(test.labels, test.endpoints), test.endpoints) is None
    np.testing.assert_array_equal(np.isnan(values_for(test, turned)), np.isnan(labels_for(test, turned)) | (bounds_of(test)[:, ::-1] != 0))
    part = test.with_labels(test.labels[:, :1], test.endpoints[:1], bounds_of(test)[:, :1])
    labels, bounds = aligned_labels("T1", part, turned), bounds_for(part, turned)
    assert bounds is not None
    np.testing.assert_array_equal(bounds, np.where(np.isnan(labels), 0, bounds_of(test)[:, ::-1]))
    with pytest.raises(ShapeError, match="censored has shape"):
        test.with_labels(test.labels, test.endpoints, bounds_of(test)[:3])


def test_endpoints_under_another_name_and_what_is_set_aside_keep_bounds(run: Finished) -> None:
    pool = run.federation.data.pool
    named = select_endpoints(pool, tuple(replace(endpoint, name=f"my {endpoint.name}") for endpoint in pool.endpoints))
    np.testing.assert_array_equal(bounds_of(named), bounds_of(pool))
    kept, aside = set_aside(pool, 0.3, 0, "test")
    marked = {key: tuple(row) for key, row in zip(pool.molecules.keys, bounds_of(pool), strict=True)}
    for part in (kept, aside):
        assert [marked[key] for key in part.molecules.keys] == [tuple(row) for row in bounds_of(part)]


def test_a_company_that_did_not_measure_an_endpoint_has_no_bound_of_it(run: Finished, tmp_path: Path) -> None:
    pool, split = run.federation.data.pool, CompanySpec("size", n=3, size_exponent=0.3, min_size=20, min_per_class=5, endpoint_share=0.4)
    made = Runner(ArtifactStore(tmp_path / "store")).make(split_stage(pool, split, 0))
    parts, owned = read_split(made, pool), read_owned(made, pool)
    assert min(len(part.endpoints) for part in parts.values()) == 1
    assert not np.isnan(owned.labels[bounds_of(owned) != 0]).any()
    assert (bounds_of(owned) != 0).sum() == sum((bounds_of(part) != 0).sum() for part in parts.values())
    assert owned.table.digest != pool.table.digest


def test_digests_without_bounds_are_what_they_were(run: Finished) -> None:
    pool = run.federation.data.pool
    plain, zeros = (pool.with_labels(pool.labels, pool.endpoints, c) for c in (None, np.zeros_like(bounds_of(pool))))
    assert plain.digest == zeros.digest != pool.digest


def test_a_consensus_learns_no_bound(run: Finished) -> None:
    data = run.federation.data
    rows = np.arange(40)
    public = replace(
        data.transfer.take(rows), labels=data.pool.labels[rows], endpoints=data.pool.endpoints, censored=bounds_of(data.pool)[rows]
    )
    sets = [read_annotation_set(run.federation.evaluated["T1"] / "in-domain", data.tests["in-domain"].transfer_digest, 60)]
    labels = public_labels(replace(data, transfer_labels=public), sets)
    assert labels is not None
    np.testing.assert_array_equal(labels[:40], values_for(public, sets[0].endpoints))
    (note,) = (note for note in bound_notes({}, public) if "size" in note)
    assert note.endswith("values of size are bounds of the true value, which a consensus does not learn.")
    assert list(bound_notes({"pool": data.transfer}, None)) == []


def without_bounds(data: ConsortiumData) -> Dataset:
    return data.pool.with_labels(data.pool.labels, data.pool.endpoints)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"model": ForestSpec(), "baselines": BaselinesSpec()}, "a model of kind 'forest'"),
        ({"evaluation": EvaluationSpec(forest=True)}, "a model of kind 'forest'"),
        ({"distillation": StudentSpec("nearest")}, "hybrid=fine_tune with distillation=nearest and a student of kind 'network'"),
        ({"distillation": StudentSpec("blend")}, "hybrid=fine_tune with distillation=blend and a student of kind 'network'"),
        (
            {"student_model": ForestSpec(), "hybrid": HybridSpec("concatenate"), "baselines": BaselinesSpec()},
            "hybrid=concatenate with distillation=network and a student of kind 'forest'",
        ),
    ],
)
def test_what_takes_bounds_for_values_is_refused_before_anything_is_trained(run: Finished, changes: dict[str, object], what: str) -> None:
    data, spec = run.federation.data, replace(run.spec, **changes)  # type: ignore[arg-type]
    check_experiment(spec, without_bounds(data))
    with pytest.raises(ConfigError) as raised:
        check_experiment(spec, data.pool)
    count = np.count_nonzero(data.pool.censored)
    assert (
        str(raised.value)
        == f"pool: {what} cannot learn bounds, and {count} labels are; expected intake.censored=bound or drop, or a network."
    )


@pytest.mark.parametrize("mode", ["fine_tune", "mix", "l2_sp", "frozen", "concatenate", "gate"])
def test_our_hybrids_learn_bounds_of_networks(run: Finished, mode: str) -> None:
    check_experiment(replace(run.spec, hybrid=HybridSpec(mode)), run.federation.data.pool)


def test_a_gate_learns_bounds_whatever_the_student_is(run: Finished) -> None:
    check_experiment(replace(run.spec, hybrid=HybridSpec("gate"), distillation=StudentSpec("nearest")), run.federation.data.pool)


def test_what_another_package_adds_must_say_that_it_can(run: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    data = run.federation.data
    monkeypatch.setitem(BASELINES.own, "sge", replace(BASELINES["sge"], learns_bounds=False))
    with pytest.raises(ConfigError, match="pool: baseline 'sge' cannot learn bounds"):
        check_experiment(run.spec, data.pool)
    monkeypatch.setitem(HYBRIDS.own, "mix", replace(HYBRIDS["mix"], learns_bounds=False))
    with pytest.raises(ConfigError, match="T1: hybrid=mix cannot learn bounds"):
        refuse_bounds(read_model(run.federation.models["student"]).predictor, HybridSpec("mix"), data.pool.censored, "T1")


def test_the_same_by_files(run: Finished) -> None:
    part = run.federation.companies["T1"]
    student: Predictor = read_model(run.federation.models["student"]).predictor
    refuse_bounds(student, HybridSpec(), part.censored, "T1")
    known = NeighbourPredictor(part.molecules.bits, part.labels, np.ones_like(part.labels), part.endpoints, NeighbourSpec())
    blend = Blend(known, student, part.molecules.bits, Gate(-1.0, -0.5, 1.0))
    for kind, keeping in {"neighbours": known, "blend": blend}.items():
        refuse_bounds(keeping, HybridSpec("gate"), part.censored, "T1")
        refuse_bounds(keeping, HybridSpec(), None, "T1")
        with pytest.raises(ConfigError, match=rf"T1: hybrid=fine_tune of a student that keeps values \({kind}\) cannot learn bounds"):
            refuse_bounds(keeping, HybridSpec(), part.censored, "T1")
    with pytest.raises(ConfigError, match="T1: a model of kind 'forest' cannot learn bounds"):
        teacher_stage("T1", part, replace(run.spec.teacher_settings, model=ForestSpec()))
