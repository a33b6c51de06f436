from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import bernoulli
from sklearn.metrics import roc_auc_score

from fluid.data.endpoints import Endpoint
from fluid.distillation import LossSpec
from fluid.errors import ConfigError, QuorumError
from fluid.models.ensemble import GraphEnsemble
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.seeding import numpy_stream
from fluid.training.config import FineTuning, TrainerSpec, TrainingConfig
from fluid.training.fit import fit_network
from fluid.training.loader import Examples
from fluid.training.module import TeacherModule
from fluid.training.train import (
    Job,
    balanced_weights,
    label_scale,
    shared_weights,
    train_concatenated,
    train_student,
    train_teacher,
)
from fluid.training.validation_split import split_validation
from tests.training.conftest import ENDPOINTS, Task

CONFIG = TrainingConfig(epochs=6, batch_size=32, learning_rate=5e-3, balance=True)
JOB = Job("T1", NetworkSpec(hidden=16, layers=2), CONFIG, TrainerSpec(threads=1), seed=0)


def weights(model: GraphEnsemble) -> list[torch.Tensor]:
    return [value for network in model.networks for value in network.state_dict().values()]


def same(one: GraphEnsemble, other: GraphEnsemble) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def halves(task: Task) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(200), np.arange(200, 260)


def test_a_teacher_learns_the_rule_and_does_so_again(task: Task) -> None:
    train, test = halves(task)
    runs = [train_teacher(JOB, task.molecules.take(train), task.labels[train], ENDPOINTS) for _ in range(2)]
    probs = runs[0].predictor.predict(task.molecules.take(test)).mean
    assert roc_auc_score(task.labels[test], probs) > 0.95
    assert same(runs[0].predictor, runs[1].predictor)
    assert runs[0].curve == runs[1].curve


def test_the_streams_are_those_of_seed_and_name_and_the_global_one_is_left_alone(task: Task) -> None:
    job = replace(JOB, config=replace(CONFIG, epochs=1))
    train = [task.molecules, task.labels, ENDPOINTS]
    before = torch.get_rng_state()
    first = train_teacher(job, *train).predictor  # type: ignore[arg-type]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(77)
    assert same(train_teacher(job, *train).predictor, first)  # type: ignore[arg-type]
    assert not same(train_teacher(replace(job, name="T2"), *train).predictor, first)  # type: ignore[arg-type]
    assert not same(train_teacher(replace(job, seed=1), *train).predictor, first)  # type: ignore[arg-type]


def test_the_weights_of_the_best_epoch_come_back(task: Task) -> None:
    config = replace(CONFIG, epochs=12, learning_rate=0.3, patience=100, warmup=0.0)  # so coarse that the loss goes up and down
    ones = np.ones_like(task.labels)
    parts = [Examples(task.molecules.graphs, task.labels, ones).take(rows) for rows in halves(task)]
    network = Network(JOB.network, ENDPOINTS)
    curve = fit_network(network, TeacherModule, ENDPOINTS, *parts, config, JOB.trainer, 0)
    losses = [point.loss for point in curve if point.split == "validation"]
    assert len(losses) == 12
    logits = torch.from_numpy(GraphEnsemble((network.eval(),), ENDPOINTS, *(np.full(1, v, np.float32) for v in (1, 0, 1))).predict(
        task.molecules.take(halves(task)[1])).mean)  # fmt: skip
    best = torch.nn.functional.binary_cross_entropy(logits.clamp(1e-7, 1 - 1e-7), torch.from_numpy(task.labels[halves(task)[1]])).item()
    assert best == pytest.approx(min(losses), rel=1e-3)
    assert losses[-1] > min(losses)


def test_training_stops_when_nothing_gets_better(task: Task) -> None:
    config = replace(CONFIG, epochs=40, learning_rate=1e-12, patience=2)
    curve = train_teacher(replace(JOB, config=config), task.molecules, task.labels, ENDPOINTS).curve
    assert max(point.epoch for point in curve) < 10


@pytest.mark.parametrize("n", [33, 32, 34, 65])
def test_every_size_of_data_has_a_validation_loss_per_epoch(task: Task, n: int) -> None:
    ones = np.ones_like(task.labels)
    parts = [Examples(task.molecules.graphs, task.labels, ones).take(rows) for rows in (np.arange(n), np.arange(200, 210))]
    config = replace(CONFIG, epochs=2, batch_size=32)
    curve = fit_network(Network(JOB.network, ENDPOINTS), TeacherModule, ENDPOINTS, *parts, config, JOB.trainer, 0)
    assert [point.split for point in curve] == ["train", "validation"] * 2


def test_members_differ_and_give_epistemic_uncertainty(task: Task) -> None:
    job = replace(JOB, config=replace(CONFIG, members=2, epochs=2))
    shares: list[float] = []
    trained = train_teacher(replace(job, report=shares.append), task.molecules, task.labels, ENDPOINTS)
    assert len(trained.predictor.networks) == 2
    assert trained.predictor.predict(task.molecules).epistemic.max() > 1e-4
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_student_learns_soft_labels(task: Task) -> None:
    soft = np.where(task.labels > 0, 0.8, 0.1).astype(np.float32)
    soft[:5] = np.nan
    trained = train_student(
        replace(JOB, name="student", config=replace(CONFIG, epochs=25)), task.molecules, soft, np.ones_like(soft), ENDPOINTS
    )
    probs = trained.predictor.predict(task.molecules).mean[:, 0]
    assert abs(probs[task.labels[:, 0] > 0].mean() - 0.8) < 0.15
    assert abs(probs[task.labels[:, 0] == 0].mean() - 0.1) < 0.15


def test_fine_tuning_starts_from_the_student(task: Task) -> None:
    student = train_student(JOB, task.molecules, task.labels, np.ones_like(task.labels), ENDPOINTS).predictor
    still = replace(JOB, config=replace(CONFIG, epochs=1, learning_rate=1e-12))
    hybrid = train_teacher(still, task.molecules, task.labels, ENDPOINTS, start=student).predictor
    start = dict(student.networks[0].named_parameters())
    for name, value in hybrid.networks[0].named_parameters():
        torch.testing.assert_close(value, start[name], atol=1e-6, rtol=1e-5)


def test_concatenation_learns_from_both(task: Task) -> None:
    own, public = np.arange(0, 40), np.arange(40, 200)
    trained = train_concatenated(
        JOB,
        task.molecules.take(own),
        task.labels[own],
        task.molecules.take(public),
        task.labels[public],
        np.ones((160, 1), np.float32),
        ENDPOINTS,
    )
    test = halves(task)[1]
    assert roc_auc_score(task.labels[test], trained.predictor.predict(task.molecules.take(test)).mean) > 0.95


def test_regression_comes_back_in_its_unit(task: Task) -> None:
    endpoints = (Endpoint.parse("size [atoms]"),)
    atoms = np.diff(task.molecules.graphs.atom_offsets).astype(np.float32)[:, None] * 10 + 1000
    model = train_teacher(replace(JOB, config=replace(CONFIG, epochs=20)), task.molecules, atoms, endpoints).predictor
    error = model.predict(task.molecules).mean - atoms
    assert np.sqrt(np.mean(error**2)) < 0.5 * atoms.std()


def test_no_validation_keeps_the_last_weights(task: Task) -> None:
    trained = train_teacher(replace(JOB, config=replace(CONFIG, epochs=2, validation_share=0.0)), task.molecules, task.labels, ENDPOINTS)
    assert {point.split for point in trained.curve} == {"train"}
    assert trained.predictor.temperature == 1


def test_concatenation_without_validation_has_temperature_one(task: Task) -> None:
    job = replace(JOB, config=replace(CONFIG, epochs=1, validation_share=0.0))
    own, public = np.arange(0, 30), np.arange(30, 60)
    trained = train_concatenated(
        job, task.molecules.take(own), task.labels[own], task.molecules.take(public), task.labels[public],
        np.ones((30, 1), np.float32), ENDPOINTS,
    )  # fmt: skip
    assert {point.split for point in trained.curve} == {"train"}
    assert trained.predictor.temperature == 1


def test_the_temperature_is_the_best_on_the_held_out_rows_by_scipy(task: Task) -> None:
    job = replace(JOB, config=replace(CONFIG, epochs=2, validation_share=0.4))
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(task.labels.shape) < 0.25, 1 - task.labels, task.labels).astype(np.float32)  # not to be learnt perfectly
    model = train_teacher(job, task.molecules, labels, ENDPOINTS).predictor
    rows = split_validation(labels, 0.4, numpy_stream(job.seed, job.name, "validation"))[1]
    probs = model.with_temperature(np.ones(1, np.float32)).predict(task.molecules.take(rows)).mean[:, 0].astype(np.float64)
    truth = labels[rows, 0].astype(np.float64)
    found = minimize_scalar(lambda t: -np.mean(bernoulli.logpmf(truth, expit(logit(probs) / np.exp(t)))), bounds=(-1.5, 1.5))
    assert np.log(model.temperature[0]) == pytest.approx(found.x, abs=1e-2)
    assert abs(found.x) > 1e-3


def test_one_molecule_is_enough_and_none_is_refused(task: Task) -> None:
    job = replace(JOB, config=replace(CONFIG, epochs=1))
    for n in (1, 2, 3):
        assert train_teacher(job, task.molecules.take(np.arange(n)), task.labels[:n], ENDPOINTS).curve
    none = task.molecules.take(np.arange(0))
    with pytest.raises(QuorumError, match="T1 has no molecule to learn from; expected at least 1. Check the data"):
        train_teacher(job, none, task.labels[:0], ENDPOINTS)
    with pytest.raises(QuorumError, match="student has no molecule to learn from"):
        train_student(replace(job, name="student"), none, task.labels[:0], task.labels[:0], ENDPOINTS)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_training_that_diverges_is_an_error_and_no_model(task: Task, share: float) -> None:
    config = replace(CONFIG, learning_rate=1e30, warmup=0.0, validation_share=share)
    with pytest.raises(ConfigError, match="the training of T1 diverged; expected finite weights and losses. Lower"):
        train_teacher(replace(JOB, config=config), task.molecules, task.labels, ENDPOINTS)


def test_rows_with_missing_labels_teach_nothing(task: Task) -> None:
    job = replace(JOB, config=replace(CONFIG, validation_share=0.0, epochs=1, batch_size=300))
    trained = []
    for fill in (0.0, 1.0):
        known = task.labels.copy()
        known[100:] = fill
        weight = np.ones_like(known)
        weight[100:] = 0
        trained.append(train_student(job, task.molecules, known, weight, ENDPOINTS).predictor)
    gone = task.labels.copy()
    gone[100:] = np.nan
    trained.append(train_student(job, task.molecules, gone, np.ones_like(gone), ENDPOINTS).predictor)
    assert same(trained[0], trained[1])
    assert same(trained[0], trained[2])


def test_balance_makes_the_rare_class_weigh_as_much(task: Task) -> None:
    rare = np.concatenate([np.flatnonzero(task.labels[:200, 0] == 0), np.flatnonzero(task.labels[:200, 0] == 1)[:6]])
    means = []
    for balance in (False, True):
        job = replace(JOB, config=replace(CONFIG, epochs=2, balance=balance, validation_share=0.0))
        model = train_teacher(job, task.molecules.take(rare), task.labels[rare], ENDPOINTS).predictor
        means.append(model.predict(task.molecules.take(np.arange(200, 260))).mean.mean())
    assert means[1] > means[0] + 0.1


def test_balanced_weights() -> None:
    labels = np.array([[1, 5.0], [0, 6], [0, 7], [0, np.nan], [np.nan, 8]], dtype=np.float32)
    weight = balanced_weights(labels, (ENDPOINTS[0], Endpoint.parse("b [u]")))
    assert weight[0, 0] == weight[1:4, 0].sum() == 2
    assert np.all(weight[:, 1] == 1)
    np.testing.assert_array_equal(balanced_weights(labels[:1], (ENDPOINTS[0],))[:, 0], 1)


def test_label_scale() -> None:
    labels = np.array([[1, 5.0], [0, 9.0], [0, np.nan]], dtype=np.float32)
    location, scale = label_scale(labels, (ENDPOINTS[0], Endpoint.parse("b [u]")))
    assert location.tolist() == [0, 7]
    assert scale.tolist() == [1, 2]


@pytest.mark.slow
def test_two_processes_train_and_bring_weights_and_curve_back(task: Task) -> None:
    config = replace(CONFIG, epochs=2 * CONFIG.epochs)  # each process sees half of the batches
    job = replace(JOB, config=config, trainer=TrainerSpec(devices=2, strategy="ddp_spawn", threads=1))
    train, test = halves(task)
    trained = train_teacher(job, task.molecules.take(train), task.labels[train], ENDPOINTS)
    assert roc_auc_score(task.labels[test], trained.predictor.predict(task.molecules.take(test)).mean) > 0.9
    assert len(trained.curve) == 2 * config.epochs


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_precisions_learn_alike(task: Task, precision: str) -> None:
    train, test = halves(task)
    job = replace(JOB, trainer=TrainerSpec(precision=precision, threads=1))
    trained = train_teacher(job, task.molecules.take(train), task.labels[train], ENDPOINTS)
    assert roc_auc_score(task.labels[test], trained.predictor.predict(task.molecules.take(test)).mean) > 0.95


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_learns_the_rule(task: Task) -> None:
    train, test = halves(task)
    job = replace(JOB, trainer=TrainerSpec(accelerator="gpu", precision="bf16-mixed"))
    trained = train_teacher(job, task.molecules.take(train), task.labels[train], ENDPOINTS)
    assert roc_auc_score(task.labels[test], trained.predictor.predict(task.molecules.take(test)).mean) > 0.95


def test_own_molecules_may_have_a_share_of_all_weight() -> None:
    own, public = np.array([[1.0], [3.0]], dtype=np.float32), np.full((8, 1), 0.5, dtype=np.float32)
    alike = shared_weights(own, public, None)
    np.testing.assert_array_equal(alike[:, 0], [1, 3] + [0.5] * 8)
    weight = shared_weights(own * 0 + 1, public * 0 + 1, 0.6)
    assert weight[:2].sum() / weight.sum() == pytest.approx(0.6)
    assert weight.mean() == pytest.approx(1.0)
    np.testing.assert_array_equal(shared_weights(own, public[:0], 0.6), own)
    assert shared_weights(own, public, 0.0)[:2].sum() == 0


def test_given_rows_are_those_that_are_learnt_and_held_out(task: Task) -> None:
    rows = split_validation(task.labels, 0.15, numpy_stream(5, "somebody", "validation"))
    job = replace(JOB, config=replace(CONFIG, epochs=1, balance=False), name="H1")
    labels = task.labels.copy()
    labels[rows[1]] = np.nan  # nothing of them can be learnt
    one = train_teacher(job, task.molecules, labels, ENDPOINTS, rows=rows)
    other = train_teacher(job, task.molecules, task.labels, ENDPOINTS, rows=rows)
    assert same(one.predictor, other.predictor)
    assert one.predictor.temperature[0] == 1.0 != other.predictor.temperature[0]


def test_measured_labels_and_a_students_answers_are_mixed_by_alpha(task: Task) -> None:
    start = train_teacher(replace(JOB, config=replace(CONFIG, epochs=1)), task.molecules, task.labels, ENDPOINTS).predictor
    wrong = np.where(task.labels == 1, 0.02, 0.98).astype(np.float32)
    answers = {}
    for alpha in (0.0, 1.0):
        config = replace(CONFIG, epochs=4, patience=100, validation_share=0.0, fine_tuning=FineTuning(alpha=alpha, alpha_start=alpha))
        job = replace(JOB, config=config, name="H1")
        answers[alpha] = train_teacher(job, task.molecules, task.labels, ENDPOINTS, start, wrong).predictor.predict(task.molecules).mean
    assert roc_auc_score(task.labels, answers[1.0]) > 0.9
    assert roc_auc_score(task.labels, answers[0.0]) < 0.5


def test_a_new_head_on_a_frozen_encoder(task: Task) -> None:
    start = train_teacher(replace(JOB, config=replace(CONFIG, epochs=2)), task.molecules, task.labels, ENDPOINTS).predictor
    config = replace(CONFIG, epochs=12, fine_tuning=FineTuning(frozen=True))
    tuned = train_teacher(replace(JOB, config=config, name="H1"), task.molecules, 1 - task.labels, ENDPOINTS, start).predictor
    before, after = start.networks[0], tuned.networks[0]
    for name, value in before.encoder.state_dict().items():
        assert torch.equal(value, after.encoder.state_dict()[name])
    assert not torch.equal(before.head.out.weight, after.head.out.weight)
    assert roc_auc_score(1 - task.labels, tuned.predict(task.molecules).mean) > 0.7


def test_a_wide_variance_of_targets_is_said_by_the_student(task: Task) -> None:
    endpoints = (Endpoint.parse("size [u]"),)
    value = np.array([[len(smiles)] for smiles in task.molecules.smiles], dtype=np.float32)
    spread = []
    for variance in (0.0, 25.0):
        config = replace(CONFIG, epochs=15, loss=LossSpec(values="heteroscedastic"))
        job = replace(JOB, config=config, name="student")
        known = np.full_like(value, variance)
        model = train_student(job, task.molecules, value, np.ones_like(value), endpoints, known).predictor
        spread.append(float(model.predict(task.molecules).aleatoric.mean()))
    assert spread[1] - spread[0] == pytest.approx(25.0, abs=10.0)


@pytest.mark.parametrize("own_share", [None, 0.7])
def test_soft_labels_may_have_another_loss_than_measured_ones(task: Task, own_share: float | None) -> None:
    own, public = np.arange(60), np.arange(60, 200)
    data = (task.molecules.take(own), task.labels[own], task.molecules.take(public), np.clip(task.labels[public], 0.1, 0.9))

    def answers(loss: LossSpec) -> np.ndarray:
        job = replace(JOB, config=replace(CONFIG, epochs=2, loss=loss))
        trained = train_concatenated(job, *data, np.ones((140, 1), np.float32), ENDPOINTS, own_share)
        return trained.predictor.predict(task.molecules).mean

    together, apart, other = (answers(loss) for loss in (LossSpec(), LossSpec(temperature=9.0), LossSpec("mse_logits")))
    np.testing.assert_allclose(apart, together, atol=5e-3)  # the same equation by another way
    assert np.abs(other - together).max() > 0.02
