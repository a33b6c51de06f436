"""Students of experts and own experts, through the stages that networks use."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from fluid.annotation.annotation_set import stack
from fluid.annotation.evidence import count_evidence, spanned_share
from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import open_artifact
from fluid.data.endpoints import Endpoint
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ConfigError
from fluid.federation.company import spanned_note
from fluid.federation.consensus_table import read_consensus
from fluid.federation.expert_heads import copy_answers, correlation
from fluid.federation.hybrids import own_expert
from fluid.federation.lesson import lesson_of
from fluid.federation.model_folder import read_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.consensus import combine_annotations, consensus_stage, similarity_of
from fluid.federation.stages.hybrid_spec import AddingBack, HybridSpec, Released
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.students.experts import products_of
from fluid.federation.taking_part import TakingPart
from fluid.models.additive_solve import solve_classes
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.experts import ExpertsPredictor
from fluid.models.experts_spec import ExpertsSpec
from fluid.models.familiarity import familiarity
from fluid.models.own_expert import OwnExpert
from fluid.models.predictor import ForestSpec
from fluid.models.scores import scores_of
from fluid.models.wide_experts import WideExperts
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.substructures import Dictionary
from fluid.training.kinds.kind import Fitting
from fluid.training.kinds.network import distil
from tests.federation.conftest import Finished, read_sets

DICTIONARY = Dictionary(3, 256)
RELEASED = AnnotationSpec(chunk=64, mc_samples=2, domain="evidence", evidence=ReleaseSpec(n_bits=256))
CHANGES = {
    "model": AdditiveSpec(n_bits=256, strengths=(0.3,)),
    "annotation": RELEASED,
    "consensus": ConsensusSpec("evidence"),
    "distillation": StudentSpec("experts"),
    "hybrid": HybridSpec("own_expert"),
}

ENDPOINTS = (Endpoint("active"),)
PLAIN = {"distillation": StudentSpec(), "hybrid": HybridSpec()}


@pytest.fixture
def run(rerun: Callable[..., Finished]) -> Finished:
    return rerun(**CHANGES)


def test_the_whole_federation_runs_and_a_second_run_redoes_nothing(run: Finished, rerun: Callable[..., Finished]) -> None:
    models = {name: read_model(run.federation.models[name]).predictor for name in ("student", "H1", "H3")}
    student, test = models["student"], run.federation.data.tests["in-domain"].molecules
    assert isinstance(student, ExpertsPredictor)
    assert isinstance(models["H1"], OwnExpert)
    assert student.teachers == ("T1", "T2", "T3")
    assert len({model.predict(test).mean.tobytes() for model in models.values()}) == 3
    assert all(record.reused for record in rerun(**CHANGES).runner.records)


@pytest.mark.parametrize("n", [1, 2])
def test_few_companies(rerun: Callable[..., Finished], n: int) -> None:
    few = rerun(**CHANGES, taking_part=TakingPart(n=n))
    student, own = (read_model(few.federation.models[name]).predictor for name in ("student", "T1"))
    test = few.federation.data.tests["in-domain"].molecules
    assert student.teachers == tuple(f"T{k + 1}" for k in range(n))  # type: ignore[attr-defined]
    if n == 1:
        assert correlation(scores_of(student.predict(test).mean, ENDPOINTS)[:, 0], scores_of(own.predict(test).mean, ENDPOINTS)[:, 0]) > 0.8


def test_an_endpoint_that_one_company_has_is_answered_by_its_head_alone() -> None:
    rng, answered = np.random.default_rng(0), np.array([[True, False], [True, True]])
    planes = {"weights": rng.normal(size=(2, 2, 8)), "bias": rng.normal(size=(2, 2)), "counts": rng.poisson(3, (2, 2, 8))}
    made = products_of(planes, answered, csr_matrix(rng.poisson(1.0, (30, 8)).astype(float)), ExpertsSpec())
    np.testing.assert_allclose(made["product_weights"][1], planes["weights"][1, 1], rtol=1e-3, atol=1e-4)
    assert made["product_bias"][1] == planes["bias"][1, 1]


def test_of_a_transfer_set_that_spans_nothing_heads_know_the_mean_alone() -> None:
    features = DICTIONARY.features(MoleculeSet.from_smiles(["C", "CC", "CCC", "CCCC"] * 8))
    elsewhere = np.setdiff1d(np.arange(256), np.unique(features.indices))
    counts = np.zeros((1, 256), np.float32)
    counts[0, elsewhere] = 5
    assert spanned_share(counts, features).tolist() == [0.0]
    scores = np.full((32, 1), 0.7)
    copy = copy_answers(features, scores, (np.arange(24), np.arange(24, 32)), (1.0,))
    assert not copy.weights[0, elsewhere].any()
    assert copy.bias[0] == pytest.approx(0.7)


def test_a_company_is_told_what_the_transfer_set_holds(run: Finished, rerun: Callable[..., Finished]) -> None:
    model, transfer = read_model(run.federation.models["T1"]), run.federation.data.transfer
    share = spanned_share(model.evidence.counts, DICTIONARY.features(transfer.molecules))[0]  # type: ignore[union-attr]
    assert spanned_note(model, transfer).startswith(f"the transfer set holds {share:.0%} of the substructures")
    assert ("will not travel" in spanned_note(model, transfer.take(np.arange(3)))) != ("will not travel" in spanned_note(model, transfer))
    silent = replace(model, evidence=replace(model.evidence, counts=np.zeros_like(model.evidence.counts)))  # type: ignore[union-attr, type-var]
    assert "your evidence is about no substructure" in spanned_note(silent, transfer)
    assert spanned_note(replace(model, evidence=None), transfer) == ""


def test_a_network_beside_the_experts(rerun: Callable[..., Finished], run: Finished) -> None:
    wide = rerun(**{**CHANGES, "distillation": StudentSpec("wide_experts")})
    models = {name: read_model(wide.federation.models[name]).predictor for name in ("student", "H1")}
    student, hybrid = models["student"], models["H1"]
    assert isinstance(student, WideExperts)
    assert isinstance(hybrid, WideExperts)
    assert isinstance(hybrid.experts, OwnExpert)
    test = run.federation.data.tests["in-domain"].molecules
    alone = read_model(run.federation.models["student"]).predictor
    assert np.array_equal(student.experts.predict(test).mean, alone.predict(test).mean)
    assert len(pd.read_csv(wide.federation.models["student"] / "fidelity.csv")) == 3
    assert pd.read_csv(wide.federation.models["student"] / "curve.csv")["loss"].notna().all()


def test_a_hybrid_keeps_what_its_company_measured_and_takes_no_bound_for_it(run: Finished) -> None:
    part, hybrid = run.federation.companies["T1"], read_model(run.federation.models["H1"]).predictor
    assert isinstance(hybrid, OwnExpert)
    np.testing.assert_array_equal(hybrid.measured.labels, part.labels)
    assert np.array_equal(hybrid.measured.bits, part.molecules.bits)
    student, own = (read_model(run.federation.models[name]) for name in ("student", "T1"))
    sides = np.zeros(part.labels.shape, np.int8)
    sides[:3] = 1
    about = {name: None for name in ("rows", "selection", "fitting")}
    released = Released(student, None, None)  # type: ignore[arg-type]
    adding = AddingBack(HybridSpec("own_expert"), part, part.labels, released=released, own=OwnTeacher(own), censored=sides, **about)  # type: ignore[arg-type]
    kept = own_expert.fit(adding).predictor.measured.labels  # type: ignore[attr-defined]
    assert np.isnan(kept[:3]).all()
    np.testing.assert_array_equal(kept[3:], part.labels[3:])


def test_the_network_may_learn_what_the_experts_say(rerun: Callable[..., Finished], run: Finished) -> None:
    """It is the network that learns their answers by itself, of the same molecules with the same weights."""
    wide = rerun(**{**CHANGES, "distillation": StudentSpec("wide_experts", experts=ExpertsSpec(network_learns="experts"))})
    student, alone = (read_model(one.federation.models["student"]).predictor for one in (wide, run))
    consensus, transfer, settings = read_consensus(wide.federation.consensus), run.federation.data.transfer, wide.spec.student_settings
    lesson, _ = lesson_of(consensus, transfer, settings.student, settings.config.loss, settings.selection, settings.seed)
    fitting = Fitting("student", settings.config, settings.trainer, settings.seed, settings.annotation.mc_samples)
    taught = [
        distil(fitting, settings.model, lesson._replace(soft_label=label)).predictor
        for label in (alone.predict(lesson.molecules).mean, lesson.soft_label)
    ]
    assert isinstance(student, WideExperts)
    test = run.federation.data.tests["in-domain"].molecules
    by_experts, by_consensus = (network.predict(test).mean for network in taught)
    assert np.array_equal(student.network.predict(test).mean, by_experts)
    assert not np.array_equal(by_experts, by_consensus)
    assert np.array_equal(student.experts.predict(test).mean, alone.predict(test).mean)


def test_a_teacher_that_held_nothing_out_can_be_an_own_expert_but_nothing_is_chosen_on_it(
    rerun: Callable[..., Finished], run: Finished
) -> None:
    training = replace(run.spec.training, teacher=replace(run.spec.training.teacher, validation_share=0.0))
    whole = rerun(**CHANGES, training=training)
    hybrid, teacher = (read_model(whole.federation.models[name]) for name in ("H1", "T1"))
    assert isinstance(hybrid.predictor, OwnExpert)
    assert hybrid.thresholds.tolist() == teacher.thresholds.tolist() == [0.5]
    part = run.federation.companies["T1"]
    solved = solve_classes(DICTIONARY.features(part.molecules), part.labels[:, 0].astype(float), np.ones(len(part)), 0.3)
    np.testing.assert_allclose(teacher.predictor.weights[0], solved.weights, atol=1e-4)  # type: ignore[attr-defined]
    assert teacher.predictor.temperature.tolist() == [1.0]  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="the teacher held nothing out to choose on"):
        rerun(**{**CHANGES, "hybrid": HybridSpec("own_expert", guard=True)}, training=training)


def test_evidence_is_what_companies_measured_and_nothing_else_is_released(run: Finished) -> None:
    student = read_model(run.federation.models["student"]).predictor
    for k, name in enumerate(("T1", "T2", "T3")):
        folder = run.federation.annotations[name].folder / "annotation_set"
        assert sorted(file.name for file in folder.iterdir()) == ["annotations.parquet", "evidence.safetensors", "manifest.json"]
        released, part = read_annotation_set(folder), run.federation.companies[name]
        counts = count_evidence(DICTIONARY.features(part.molecules), part.labels)
        assert np.array_equal(released.evidence.counts, counts)  # type: ignore[union-attr]
        assert released.n_bins == 1
        assert not released.domain_bin.any()
        assert np.array_equal(student.counts[k], counts)  # type: ignore[attr-defined]
        said = familiarity(DICTIONARY.features(run.federation.data.transfer.molecules), counts)[:, 0]
        np.testing.assert_allclose(released.familiarity, said, rtol=1e-6)


def test_heads_say_what_additive_teachers_say(run: Finished) -> None:
    student = read_model(run.federation.models["student"]).predictor
    test = run.federation.data.tests["in-domain"].molecules
    heads = student.heads(student.features(test))  # type: ignore[attr-defined]
    for k, name in enumerate(("T1", "T2", "T3")):
        own = read_model(run.federation.models[name]).predictor
        score = own.log_odds(DICTIONARY.features(test))[:, 0] / own.temperature  # type: ignore[attr-defined]
        assert correlation(heads.score[k, :, 0], score) > 0.8  # 140 transfer molecules, 256 substructures
    table = pd.read_csv(run.federation.models["student"] / "fidelity.csv")
    assert table["teacher"].tolist() == ["T1", "T2", "T3"]
    assert (table["fidelity"] > 0.8).all()
    assert table["spanned"].between(0.5, 1).all()


def test_the_consensus_weighs_by_evidence(run: Finished) -> None:
    annotations = stack(read_sets(run.federation.annotations, run.federation.data.transfer))
    assert annotations.familiarity is not None
    weight = annotations.familiarity.astype(float) ** 4
    expected = (weight / weight.sum(0) * annotations.prediction[:, :, 0]).sum(0)
    np.testing.assert_allclose(read_consensus(run.federation.consensus).soft_label[:, 0], expected, atol=1e-5)
    assert similarity_of(annotations, ()).max(axis=0).tolist() == [1.0] * annotations.prediction.shape[1]
    again = combine_annotations(annotations, ConsensusSpec("similarity", {"power": 4.0}), ())
    np.testing.assert_allclose(again.soft_label[:, 0].numpy(), expected, atol=1e-5)


def test_other_teachers_are_copied_as_far_as_they_are_additive(rerun: Callable[..., Finished]) -> None:
    run = rerun(**{**CHANGES, "model": ForestSpec(n_trees=5)})
    table = pd.read_csv(run.federation.models["student"] / "fidelity.csv")
    assert len(table) == 3
    assert (table["fidelity"] < 0.999).all()


def test_noise_and_support_are_drawn_once(rerun: Callable[..., Finished], run: Finished) -> None:
    noisy = replace(RELEASED, evidence=ReleaseSpec(n_bits=256, noise=2.0, min_support=3.0, clip=4.0))
    other = rerun(**{**CHANGES, "annotation": noisy})
    exact, told = (read_sets(one.federation.annotations, one.federation.data.transfer)[0].evidence.counts for one in (run, other))  # type: ignore[union-attr]
    assert not np.array_equal(exact, told)
    assert ((told == 0) | (told >= 3)).all()
    model = read_model(other.federation.models["T1"])
    assert np.array_equal(model.evidence.counts, told)  # type: ignore[union-attr]


def test_a_copy_is_exact_where_the_teacher_is_additive() -> None:
    rng = np.random.default_rng(0)
    features = DICTIONARY.features(
        MoleculeSet.from_smiles(["CCO", "c1ccccc1O", "CC(=O)NC", "CCN(CC)CC", "OCC(O)CO", "c1ccncc1C", "CCCl", "CS(=O)(=O)C"] * 4)
    )
    weights = rng.normal(size=(2, 256))
    scores = features @ weights.T + [1.0, -2.0]
    rows = np.arange(24), np.arange(24, 32)
    copy = copy_answers(features, scores, rows, (1.0, 1e6))
    np.testing.assert_allclose(features @ copy.weights.T + copy.bias, scores, atol=1e-3)
    np.testing.assert_allclose(copy.fidelity, 1.0, atol=1e-6)
    alone = copy_answers(features, scores, (np.arange(32), np.array([], dtype=int)), (1.0, 7.0, 9.0))
    assert alone.strength.tolist() == [7.0, 7.0]
    assert np.isnan(alone.fidelity).all()


def test_spanned_share_by_hand() -> None:
    features = DICTIONARY.features(MoleculeSet.from_smiles(["CCO"]))
    known = np.zeros((2, 256), np.float32)
    there = np.flatnonzero(features.toarray()[0])
    absent = np.setdiff1d(np.arange(256), there)
    known[0, there[:3]], known[0, absent[:1]] = 1, 1
    share = spanned_share(known, features)
    assert share[0] == 0.75
    assert np.isnan(share[1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"annotation": AnnotationSpec()},
            "distillation=experts needs evidence, .*; expected annotation.domain=evidence",
        ),
        (
            {"annotation": AnnotationSpec(), "distillation": StudentSpec(), "hybrid": HybridSpec()},
            "consensus=evidence needs evidence, which nobody",
        ),
        (
            {"distillation": StudentSpec("heads"), "hybrid": HybridSpec()},
            "distillation=heads learns coarse domain scores, which nobody releases",
        ),
        (
            {"hybrid": HybridSpec()},
            "hybrid=fine_tune adds .* a student of experts takes none; expected hybrid=gate or hybrid=own_expert",
        ),
        (
            {"distillation": StudentSpec()},
            "hybrid=own_expert needs a student of experts, .* of network; expected distillation=experts",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_any_work(spec: FederationSpec, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(spec, **{**CHANGES, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"labels": "hard"}, {"sharpen": 2.0}, {"options": {"a": 1}}])
def test_experts_copy_what_was_said_as_it_was_said(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"distillation=experts"):
        StudentSpec("experts", **settings)  # type: ignore[arg-type]


def test_sets_without_evidence_are_refused(run: Finished, finished: Finished, tmp_path: Path) -> None:
    transfer, plain = run.federation.data.transfer, read_sets(finished.federation.annotations, run.federation.data.transfer)
    with pytest.raises(ConfigError, match="consensus=evidence needs evidence, and T1 released none"):
        consensus_stage(plain, ConsensusSpec("evidence"), ())
    consensus = read_consensus(open_artifact(finished.federation.consensus.folder), transfer.transfer_digest)
    with pytest.raises(ConfigError, match="distillation=experts needs evidence, and T1 released none"):
        student_stage(consensus, transfer, replace(run.spec.student_settings, annotation=finished.spec.annotation), sets=plain)
    evident = read_sets(run.federation.annotations, transfer)
    of_evidence = read_consensus(run.federation.consensus, transfer.transfer_digest)
    heads = replace(finished.spec.student_settings, student=StudentSpec("heads"), annotation=RELEASED)
    with pytest.raises(ConfigError, match="distillation=heads learns coarse domain scores, and T1 released evidence instead"):
        student_stage(of_evidence, transfer, heads, sets=evident)
