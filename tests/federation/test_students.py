"""Students and hybrids of all kinds, in the small federation: same teachers and annotations, another student."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import read_json
from fluid.data.endpoints import Endpoint
from fluid.distillation import LossSpec
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError, QuorumError
from fluid.federation.consensus_table import ConsensusTable, read_consensus
from fluid.federation.heads import check_sets, repeat_per_head, teachers_answers
from fluid.federation.lesson import clusters_of, lesson_of, loss_weight, select_rows, sharpened_labels
from fluid.federation.model_folder import Model, read_model
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.held_out import HELD_OUT, own_validation
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.own_teacher import OwnTeacher, calibrated_loss, check_own, choose_best, widen_to
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.student_settings import StudentSettings
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.blend import Blend, Gate
from fluid.models.ensemble import GraphEnsemble
from fluid.models.heads import HeadsPredictor, HeadsSpec
from fluid.models.kinds.kind import start_of
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.predictor import ForestSpec, Predictor
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.training.config import Training, TrainingConfig
from tests.federation.conftest import TINY, Finished, read_sets, student_of

NEAREST = StudentSpec("nearest", neighbours=NeighbourSpec(k=5))


def built(run: Finished) -> set[str]:
    return {record.stage for record in run.runner.records if not record.reused}


def predictor(run: Finished, name: str) -> Predictor:
    return read_model(run.federation.models[name]).predictor


def test_a_nearest_neighbour_student_is_the_consensus_itself(rerun: Callable[..., Finished]) -> None:
    run = rerun(distillation=NEAREST)
    assert built(run) <= {"student", "hybrid", "evaluate"}
    student, transfer = predictor(run, "student"), run.federation.data.transfer
    consensus = read_consensus(run.federation.consensus)
    assert isinstance(student, NeighbourPredictor)
    np.testing.assert_array_equal(student.soft_label, consensus.soft_label)
    np.testing.assert_array_equal(student.confidence, consensus.confidence)
    np.testing.assert_array_equal(student.bits, transfer.molecules.bits)
    hybrid, part = predictor(run, "H1"), run.federation.companies["T1"]
    assert isinstance(hybrid, NeighbourPredictor)
    own = hybrid.soft_label[len(transfer) :]
    assert set(np.unique(own)) == {0.0, 1.0}
    assert 0 < len(own) < len(part)  # its validation part is no neighbour


def test_a_blend_of_nearest_and_network(rerun: Callable[..., Finished], finished: Finished) -> None:
    run = rerun(distillation=replace(NEAREST, mode="blend"))
    student, hybrid = predictor(run, "student"), predictor(run, "H1")
    assert isinstance(student, Blend)
    assert isinstance(student.local, NeighbourPredictor)
    assert len(student.bits) == len(run.federation.data.transfer)
    test = run.federation.data.tests["in-domain"].molecules
    plain = predictor(finished, "student").predict(test).mean  # the network is that of the network student
    np.testing.assert_array_equal(student.general.predict(test).mean, plain)
    assert isinstance(hybrid, Blend)
    assert isinstance(hybrid.general, GraphEnsemble)
    assert not np.array_equal(hybrid.general.predict(test).mean, plain)
    assert len(hybrid.bits) > len(student.bits)
    assert hybrid.gate == student.gate


def test_a_blend_without_held_out_molecules_is_refused(rerun: Callable[..., Finished]) -> None:
    with pytest.raises(QuorumError, match=r"no held-out molecules; expected some\. Raise training\.student\.validation_share"):
        rerun(distillation=StudentSpec("blend"), training=Training(TINY, TINY, replace(TINY, validation_share=0.0), TINY))


def test_sharpened_labels_reach_the_student(rerun: Callable[..., Finished]) -> None:
    run = rerun(distillation=replace(NEAREST, sharpen=3.0))
    student = predictor(run, "student")
    assert isinstance(student, NeighbourPredictor)
    q = read_consensus(run.federation.consensus).soft_label.astype(float)
    np.testing.assert_allclose(student.soft_label, q**3 / (q**3 + (1 - q) ** 3), rtol=1e-4)


def test_values_are_not_sharpened() -> None:
    endpoints = (Endpoint.parse("a"), Endpoint.parse("b [u]"))
    labels = np.array([[0.8, 0.8], [np.nan, 3.0]], dtype=np.float32)
    sharp = sharpened_labels(labels, endpoints, 2.0)
    np.testing.assert_allclose(sharp, [[0.64 / 0.68, 0.8], [np.nan, 3.0]], rtol=1e-5)
    assert sharpened_labels(labels, endpoints, 1.0) is labels


def test_the_variance_is_taught_only_where_the_loss_learns_it(finished: Finished) -> None:
    transfer, n = finished.federation.data.transfer, len(finished.federation.data.transfer)
    draw = np.random.default_rng(0)
    value = draw.normal(size=(n, 1)).astype(np.float32)
    table = ConsensusTable((Endpoint.parse("b [u]"),), "", value, np.full((n, 1), 0.5, np.float32), np.ones((n, 1), np.float32))
    for name, expected in (("gaussian_nll", None), ("heteroscedastic", value.var())):
        lesson, rows = lesson_of(table, transfer, StudentSpec(), LossSpec(values=name), SelectionSpec("all", 50), 0)
        assert len(rows) == len(lesson.soft_label) == 50
        if expected is None:
            assert lesson.variance is None
        else:
            np.testing.assert_allclose(lesson.variance, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "loss", [LossSpec("kl_distillation", temperature=2.0), LossSpec(ranking=0.5), LossSpec(confusion=((0.9, 0.1), (0.1, 0.9)))]
)
def test_another_loss_is_another_student(rerun: Callable[..., Finished], finished: Finished, loss: LossSpec) -> None:
    run = rerun(loss=loss)
    assert run.federation.models["student"].digest != finished.federation.models["student"].digest
    assert run.federation.models["T1"].digest == finished.federation.models["T1"].digest


class TestHybrids:
    @pytest.mark.parametrize("mode", ["mix", "l2_sp", "frozen"])
    def test_each_way_gives_another_network(self, rerun: Callable[..., Finished], finished: Finished, mode: str) -> None:
        run = rerun(hybrid=HybridSpec(mode))
        assert run.federation.models["student"].digest == finished.federation.models["student"].digest
        hybrid, tuned, student = predictor(run, "H1"), predictor(finished, "H1"), predictor(finished, "student")
        test = run.federation.data.tests["in-domain"].molecules
        assert not np.array_equal(hybrid.predict(test).mean, tuned.predict(test).mean)
        weights = [model.networks[0].state_dict() for model in (hybrid, student) if isinstance(model, GraphEnsemble)]
        same = [name for name in weights[0] if bool((weights[0][name] == weights[1][name]).all())]
        encoder = [name for name in weights[0] if name.startswith("encoder.")]
        assert (set(encoder) <= set(same)) == (mode == "frozen")

    def test_a_strong_pull_keeps_the_student(self, rerun: Callable[..., Finished], finished: Finished) -> None:
        student = predictor(finished, "student")
        distances = []
        for pull in (1e-6, 1e3):
            hybrid = predictor(rerun(hybrid=HybridSpec("l2_sp", pull=pull)), "H1")
            assert isinstance(hybrid, GraphEnsemble)
            assert isinstance(student, GraphEnsemble)
            pairs = zip(hybrid.networks[0].parameters(), student.networks[0].parameters(), strict=True)
            distances.append(sum(((a - b).detach() ** 2).sum().item() for a, b in pairs))
        assert distances[1] < 0.5 * distances[0]

    def test_own_molecules_may_have_a_share_of_the_weight(self, rerun: Callable[..., Finished]) -> None:
        alike, half = (predictor(rerun(hybrid=HybridSpec("concatenate", own_share=share)), "H2") for share in (None, 0.5))
        test = rerun().federation.data.tests["external"].molecules
        assert not np.array_equal(alike.predict(test).mean, half.predict(test).mean)

    def test_a_gate_of_own_teacher_and_student(self, rerun: Callable[..., Finished], finished: Finished) -> None:
        run = rerun(hybrid=HybridSpec("gate"))
        hybrid = predictor(run, "H1")
        assert isinstance(hybrid, Blend)
        test = run.federation.data.tests["in-domain"].molecules
        for part, name in ((hybrid.local, "T1"), (hybrid.general, "student")):
            np.testing.assert_array_equal(part.predict(test).mean, predictor(finished, name).predict(test).mean)
        held_out = read_json(finished.federation.models["T1"] / HELD_OUT)["rows"]
        assert len(hybrid.bits) == len(run.federation.companies["T1"]) - len(held_out)

    def test_forests_and_nearest_neighbours_can_be_gated(self, rerun: Callable[..., Finished]) -> None:
        run = rerun(model=ForestSpec(n_trees=5), distillation=NEAREST, hybrid=HybridSpec("gate", guard=True))
        assert read_json(run.federation.models["H1"] / "guard.json")["kept"] in {"hybrid", "teacher", "student"}

    def test_the_guard_keeps_the_best_on_the_own_validation_part(self, rerun: Callable[..., Finished], finished: Finished) -> None:
        run = rerun(hybrid=HybridSpec(guard=True))
        test = run.federation.data.tests["in-domain"].molecules
        for name, company in (("H1", "T1"), ("H2", "T2"), ("H3", "T3")):
            said = read_json(run.federation.models[name] / "guard.json")
            assert said["losses"][said["kept"]] == min(said["losses"].values())
            part = run.federation.companies[company]
            held_out = np.array(read_json(finished.federation.models[company] / HELD_OUT)["rows"])
            assert said["molecules"] == len(held_out)
            loss = calibrated_loss(predictor(finished, company), part.molecules.take(held_out), part.labels[held_out])
            assert said["losses"]["teacher"] == pytest.approx(loss)
            if said["kept"] != "hybrid":
                other = predictor(finished, company if said["kept"] == "teacher" else "student")
                np.testing.assert_array_equal(predictor(run, name).predict(test).mean, other.predict(test).mean)

    def test_a_hybrid_that_is_wrong_everywhere_is_not_kept(self, finished: Finished) -> None:
        part, teacher = finished.federation.companies["T1"], finished.federation.models["T1"]
        own = OwnTeacher(read_model(teacher))
        labels = part.labels
        sure = NeighbourSpec(k=1)
        ones = np.ones_like(labels)
        endpoints = part.endpoints
        right = NeighbourPredictor(part.molecules.bits, labels, ones, endpoints, sure)
        wrong = NeighbourPredictor(part.molecules.bits, 1 - labels, ones, endpoints, sure)
        assert choose_best(right, own, wrong, part, labels)[1] == "hybrid"
        assert choose_best(wrong, own, right, part, labels)[1] == "student"
        kept, name, losses = choose_best(wrong, own, wrong, part, labels)
        assert name == "teacher"
        assert kept is own.model.predictor
        assert losses["hybrid"] == losses["student"] > losses["teacher"]

    def test_a_teacher_of_fewer_endpoints_leaves_the_others_to_the_student(self, finished: Finished) -> None:
        part, teacher = finished.federation.companies["T1"], read_model(finished.federation.models["T1"]).predictor
        endpoints = (Endpoint.parse("logd [log]"), *teacher.endpoints)
        labels = np.concatenate([np.full_like(part.labels, 7.0), part.labels], axis=1)
        student = NeighbourPredictor(part.molecules.bits, labels, np.ones_like(labels), endpoints, NeighbourSpec())
        both = widen_to(teacher, student, part.molecules.bits).predict(part.molecules)
        np.testing.assert_allclose(both.mean[:, 0], 7.0)
        np.testing.assert_allclose(both.mean[:, 1], teacher.predict(part.molecules).mean[:, 0], atol=1e-6)

    def test_the_own_teacher_must_be_there_and_of_this_split(self, finished: Finished) -> None:
        models, companies = finished.federation.models, finished.federation.companies
        endpoints = companies["T1"].endpoints
        with pytest.raises(ConfigError, match="need your own teacher. Add teacher=FOLDER"):
            check_own(None, True, endpoints)
        check_own(None, False, endpoints)
        other = OwnTeacher(read_model(models["T2"]))
        with pytest.raises(ConfigError, match="the teacher was trained on other data"):
            other.rows(companies["T1"])
        with pytest.raises(ConfigError, match="does not know endpoint 'active' of your teacher"):
            check_own(other, True, (Endpoint.parse("logd [log]"),))
        with pytest.raises(ConfigError, match="the teacher was trained on other data"):
            OwnTeacher(read_model(models["student"])).rows(companies["T1"])

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"mode": "magic"}, "hybrid.mode is 'magic'; expected one of fine_tune, concatenate, mix, l2_sp, frozen, gate"),
            ({"own_share": 1.5}, r"hybrid.own_share is 1.5; expected a share in \[0, 1\]"),
            ({"alpha": -0.1}, "hybrid.alpha is -0.1"),
            ({"alpha_start": 2.0}, "hybrid.alpha_start is 2.0"),
            ({"pull": 0.0}, "hybrid.pull is 0.0; expected a finite number above 0"),
            ({"head_learning_rate": float("inf")}, "hybrid.head_learning_rate is inf"),
        ],
    )
    def test_wrong_settings(self, values: dict[str, object], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            HybridSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "oracle"}, "distillation.mode is 'oracle'; expected one of network, nearest, blend, heads"),
        ({"sharpen": 0.0}, "distillation.sharpen is 0.0"),
        ({"mode": "heads", "labels": "hard"}, "distillation=heads learns what each teacher said; expected distillation.labels=soft"),
    ],
)
def test_wrong_students(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StudentSpec(**values)  # type: ignore[arg-type]


def test_a_gate_is_part_of_the_card(rerun: Callable[..., Finished]) -> None:
    model: Model = read_model(rerun(hybrid=HybridSpec("gate")).federation.models["H2"])
    assert isinstance(model.predictor, Blend)
    assert isinstance(model.predictor.gate, Gate)
    assert model.domain.n_bins == 4


class TestSelection:
    def test_the_hints_are_those_of_the_annotation_sets(self, finished: Finished) -> None:
        federation, n = finished.federation, len(finished.federation.data.transfer)
        consensus = read_consensus(federation.consensus)
        sets = [read_annotation_set(a / "annotation_set", consensus.transfer_digest, n) for a in federation.annotations.values()]
        np.testing.assert_allclose(consensus.acquisition["coverage"], (np.max([s.domain_bin for s in sets], axis=0) + 1) / 4)
        variance = np.var([s.prediction for s in sets], axis=0)
        np.testing.assert_allclose(consensus.acquisition["disagreement"], variance / variance.mean(axis=0), rtol=1e-4)
        assert consensus.acquisition["uncertainty"].shape == (n, 1)

    @pytest.mark.parametrize("mode", ["covered", "disputed", "diverse"])
    def test_each_mode_reaches_the_student_and_the_concatenated_hybrid(self, rerun: Callable[..., Finished], mode: str) -> None:
        spec = SelectionSpec(mode, 60, clusters=12)
        run = rerun(selection=spec, distillation=NEAREST, hybrid=HybridSpec("concatenate"))
        transfer, consensus = run.federation.data.transfer, read_consensus(run.federation.consensus)
        rows = np.load(run.federation.models["student"] / "rows.npy")
        assert len(rows) == 60
        np.testing.assert_array_equal(rows, select_rows(consensus, transfer, spec, run.spec.seed))
        if mode == "disputed":
            chosen = consensus.acquisition["disagreement"][rows, 0].min()
            assert chosen >= np.sort(consensus.acquisition["disagreement"][:, 0])[-60]
        if mode == "diverse":
            clusters = clusters_of(transfer.molecules.bits, 12, run.spec.seed)
            assert len(np.unique(clusters[rows])) == len(np.unique(clusters)) == 12

    def test_molecules_near_companies_may_weigh_more(self, finished: Finished) -> None:
        consensus, rows = read_consensus(finished.federation.consensus), np.arange(40)
        weight = loss_weight(consensus, rows, SelectionSpec(confidence_power=1.0, coverage_power=2.0))
        expected = consensus.confidence[rows, 0].astype(float) * consensus.acquisition["coverage"][rows] ** 2
        np.testing.assert_allclose(weight[:, 0], expected / expected.mean(), rtol=1e-4)
        np.testing.assert_array_equal(loss_weight(consensus, rows, SelectionSpec(confidence_power=0.0)), 1.0)
        with pytest.raises(ConfigError, match="the consensus holds no coverage; expected one made by this version"):
            loss_weight(replace(consensus, acquisition={}), rows, SelectionSpec(coverage_power=1.0))

    def test_wrong_settings(self) -> None:
        with pytest.raises(ConfigError, match="selection.clusters is 0"):
            SelectionSpec("diverse", clusters=0)
        with pytest.raises(ConfigError, match="selection.coverage_power -1.0; expected at least 1, and 0 or more"):
            SelectionSpec(coverage_power=-1.0)


HEADS = StudentSpec("heads", heads=HeadsSpec(power=2.0, domain_weight=0.5))


class TestHeads:
    def test_a_head_for_each_teacher_in_the_place_of_all_students(self, rerun: Callable[..., Finished], finished: Finished) -> None:
        run = rerun(distillation=HEADS)
        assert built(run) <= {"student", "hybrid", "evaluate"}
        student = predictor(run, "student")
        assert isinstance(student, HeadsPredictor)
        assert (student.teachers, student.power) == (("T1", "T2", "T3"), 2.0)
        assert [e.name for e in student.network.endpoints] == ["active@1", "active@2", "active@3", "@1", "@2", "@3"]
        test = run.federation.data.tests["in-domain"].molecules
        assert not np.array_equal(student.predict(test).mean, predictor(finished, "student").predict(test).mean)
        hybrid = predictor(run, "H1")
        assert isinstance(hybrid, GraphEnsemble)  # one own head
        assert hybrid.endpoints == student.endpoints
        assert rerun(distillation=HEADS).federation.models["student"].digest == run.federation.models["student"].digest

    def test_what_is_taught_is_what_was_released(self, finished: Finished) -> None:
        federation, edges = finished.federation, finished.spec.annotation.edges
        sets = read_sets(federation.annotations, federation.data.transfer)
        rows = np.array([5, 2, 40])
        said, turned = teachers_answers(sets, edges, rows), teachers_answers(sets[::-1], edges, rows)
        middle = np.array([0.15, 0.35, 0.45, 0.75], dtype=np.float32)
        for k, item in enumerate(sets):
            assert said.teachers[k] == item.teacher
            np.testing.assert_array_equal(said.answers[:, k], item.prediction[rows, 0])
            np.testing.assert_array_equal(said.variance[:, k], (item.epistemic + item.aleatoric)[rows, 0])
            np.testing.assert_allclose(said.domain[:, k], middle[item.domain_bin[rows]])
        assert said.teachers == turned.teachers
        np.testing.assert_array_equal(said.answers, turned.answers)
        np.testing.assert_array_equal(said.domain, turned.domain)

    def test_a_teacher_has_no_head_for_an_endpoint_that_it_does_not_know(self) -> None:
        classes, values = Endpoint.parse("a"), Endpoint.parse("b [u]")
        draw, n = np.random.default_rng(0), 6

        def answers(teacher: str, *endpoints: Endpoint) -> AnnotationSet:
            planes = (draw.random((n, len(endpoints))).astype(np.float32) for _ in range(3))
            return AnnotationSet(teacher, endpoints, "x", *planes, draw.integers(0, 4, n).astype(np.uint8), 4)

        first, second = answers("T1", values), answers("T2", values, classes)
        said = teachers_answers([second, first], (0.3, 0.4, 0.5), np.arange(n))
        np.testing.assert_array_equal(said.answered, [[False, True], [True, True]])
        np.testing.assert_array_equal(said.answers, np.stack([first.prediction[:, 0], *second.prediction[:, ::-1].T], axis=1))
        weight = np.array([[1.0, 2.0]])
        np.testing.assert_array_equal(repeat_per_head(weight, said.answered), [[2.0, 1.0, 2.0]])

    def test_classes_and_values_with_heads_of_some_teachers_are_learnt(self, finished: Finished, tmp_path: Path) -> None:
        transfer, spec = finished.federation.data.transfer, finished.spec
        classes, values, n = Endpoint.parse("active"), Endpoint.parse("size [atoms]"), len(transfer)
        size = np.array([len(s) for s in transfer.molecules.smiles], dtype=np.float32)
        big = (size > np.median(size)).astype(np.float32)
        small = np.full(n, 1e-3, dtype=np.float32)

        def answers(teacher: str, near: np.ndarray, **said: np.ndarray) -> AnnotationSet:
            endpoints = tuple({"active": classes, "size": values}[name] for name in said)
            mean = np.stack(list(said.values()), axis=1).astype(np.float32)
            noise = np.stack([small] * len(said), axis=1)
            return AnnotationSet(teacher, endpoints, transfer.transfer_digest, mean, noise, noise, near.astype(np.uint8), 4)

        # each teacher is right about the molecules that lie near its own, and wrong by as much elsewhere
        sets = [
            answers("big", 3 * big, active=0.1 + 0.8 * big, size=size + 40 * (1 - big)),
            answers("small", 3 - 3 * big, active=0.1 + 0.0 * big),
            answers("tiny", 3 - 3 * big, size=size - 40 * big),
        ]
        runner = Runner(ArtifactStore(tmp_path / "store"))
        consensus = runner.make(consensus_stage(sets, ConsensusSpec("similarity", {"power": 4.0}), spec.annotation.edges))
        table = read_consensus(consensus, transfer.transfer_digest)
        config = TrainingConfig(epochs=40, batch_size=32, learning_rate=1e-2, patience=40, loss=LossSpec(values="mse"))
        annotation = replace(spec.annotation, mc_samples=0)

        def made(power: float) -> np.ndarray:
            student = StudentSpec("heads", heads=HeadsSpec(power=power))
            settings = StudentSettings(
                student, spec.student_model, config, spec.trainer, SelectionSpec("all", n, confidence_power=1.0), annotation, 0
            )
            stage = student_stage(table, transfer, settings, sets=sets[::-1])
            model = read_model(runner.make(stage)).predictor
            assert isinstance(model, HeadsPredictor)
            return model.predict(transfer.molecules).mean

        gated, plain = made(6.0), made(0.0)
        errors = [np.abs(mean[:, 1] - size).mean() for mean in (gated, plain)]
        assert errors[0] < 0.6 * errors[1]  # the gate leaves a value to the teacher that knows it
        assert np.abs(gated[:, 0] - (0.1 + 0.8 * big)).mean() < np.abs(plain[:, 0] - (0.1 + 0.8 * big)).mean()

    def test_the_order_of_companies_changes_no_byte(self, finished: Finished, rerun: Callable[..., Finished]) -> None:
        run = rerun(distillation=HEADS)
        federation, transfer = run.federation, run.federation.data.transfer
        turned = dict(reversed(federation.annotations.items()))
        stage = student_of(federation.consensus, transfer, run.spec, turned)
        assert stage.key() == federation.models["student"].key
        other = Runner(ArtifactStore(run.runner.store.root.parent / "turned")).make(stage)
        assert other.digest == federation.models["student"].digest

    @pytest.mark.parametrize("mode", ["concatenate", "mix", "l2_sp", "frozen", "gate"])
    def test_every_hybrid_of_it(self, rerun: Callable[..., Finished], mode: str) -> None:
        run = rerun(distillation=HEADS, hybrid=HybridSpec(mode))
        hybrid, student = predictor(run, "H1"), predictor(run, "student")
        assert isinstance(student, HeadsPredictor)
        test = run.federation.data.tests["in-domain"].molecules
        assert ((hybrid.predict(test).mean >= 0) & (hybrid.predict(test).mean <= 1)).all()
        if mode == "gate":
            assert isinstance(hybrid, Blend)
            np.testing.assert_array_equal(hybrid.general.predict(test).mean, student.predict(test).mean)
            return
        assert isinstance(hybrid, GraphEnsemble)
        assert hybrid.endpoints == student.endpoints
        pairs = [model.networks[0].encoder.state_dict() for model in (hybrid, student.network)]
        assert all(bool((pairs[0][name] == pairs[1][name]).all()) for name in pairs[0]) == (mode == "frozen")

    def test_a_strong_pull_keeps_the_mean_of_heads_under_the_companys_shares(self, rerun: Callable[..., Finished]) -> None:
        run = rerun(distillation=HEADS, hybrid=HybridSpec("l2_sp", pull=1e4))
        hybrid, student, part = predictor(run, "H2"), predictor(run, "student"), run.federation.companies["T2"]
        assert isinstance(student, HeadsPredictor)
        assert isinstance(hybrid, GraphEnsemble)
        rows, _ = own_validation(part.labels, run.spec.training.hybrid, run.spec.seed, "H2")
        start = start_of(student, part.molecules.take(rows))
        assert start is not None
        weights = [model.networks[0].head.out.weight.detach().numpy() for model in (hybrid, start)]
        shares = student.shares(part.molecules.take(rows)).mean(axis=1)[:, 0]
        heads = student.network.networks[0].head.out.weight.detach().numpy()
        np.testing.assert_allclose(weights[1][0], shares @ heads[:3], rtol=1e-4, atol=1e-6)
        assert np.abs(weights[0] - weights[1]).max() < 0.1 * np.abs(weights[1]).max()

    def test_it_needs_the_annotations_behind_the_consensus(self, finished: Finished, rerun: Callable[..., Finished]) -> None:
        run = rerun(distillation=HEADS)
        federation, transfer, edges = run.federation, run.federation.data.transfer, run.spec.annotation.edges
        sets, table = read_sets(federation.annotations, transfer), read_consensus(federation.consensus)
        check_sets(sets[::-1], table, edges)
        with pytest.raises(ConfigError, match=r"no annotation sets were given; expected annotations=\[folder,folder,\.\.\.\]"):
            student_of(federation.consensus, transfer, run.spec)
        with pytest.raises(ConfigError, match="the consensus is of T1, T2, T3, the annotation sets are of T1, T2"):
            check_sets(sets[:2], table, edges)
        with pytest.raises(ConfigError, match="T1 has 4 steps of the domain score, annotation.edges has 3"):
            check_sets(sets, table, edges[:2])
        other = replace(table, endpoints=(Endpoint.parse("else"),))
        with pytest.raises(ConfigError, match="other endpoints or molecules than the consensus"):
            check_sets(sets, other, edges)
