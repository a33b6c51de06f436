"""Training of evidential heads: objective, annealing, and what they know far away from what they learnt."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from fluid.data.endpoints import Endpoint
from fluid.distillation import LossSpec
from fluid.distillation.evidential import EvidenceSpec, class_elements, value_elements
from fluid.errors import ConfigError
from fluid.models.evidential_head import EvidentialHead
from fluid.models.network import Network, Output
from fluid.models.predictor import NetworkSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.training.config import FineTuning, TrainerSpec, TrainingConfig
from fluid.training.module import HeadsModule, StudentModule, TeacherModule
from fluid.training.objective import Objective
from fluid.training.train import Job, train_student, train_teacher
from tests.training.conftest import ENDPOINTS, Task

COLUMNS = tuple(Endpoint.parse(text) for text in ("a", "b [u]", "c"))
SPEC = NetworkSpec(hidden=16, layers=2, head="evidential")
JOB = Job("T1", SPEC, TrainingConfig(epochs=6, batch_size=32, learning_rate=5e-3, balance=True), TrainerSpec(threads=1), seed=0)
RINGS = ("c1ccc({0})cc1", "C1CCC({0})CC1", "c1ccc2cc({0})ccc2c1", "c1csc({0})c1", "C1CC({0})CC1", "c1ccc(cc1)c1ccc({0})cc1")
LINKERS = ("", "C", "CC", "CCC", "CC(C)", "CCCC", "CC(C)C")


def output(n: int, seed: int = 0) -> Output:
    """Return what an evidential head says of `n` molecules, with gradients."""
    torch.manual_seed(seed)
    head = EvidentialHead(4, 8, [True, False, True], 0.0)
    return Output(*head(torch.randn(n, 4)))


def test_each_column_has_its_loss() -> None:
    said, draw = output(9), torch.Generator().manual_seed(0)
    weight, target = torch.rand(9, 3, generator=draw), torch.rand(9, 3, generator=draw)
    found = Objective(COLUMNS, evidence=EvidenceSpec())(said, target, weight, share=0.4)
    assert said.strength is not None
    assert said.freedom is not None
    classes, total = [0, 2], weight[:, [0, 2]].sum()
    elements = class_elements(EvidenceSpec(), said.mean[:, classes], said.strength[:, classes], target[:, classes], 0.4)
    values = value_elements(
        EvidenceSpec(), *(plane[:, 1] for plane in (said.mean, said.log_variance, said.strength, said.freedom)), target[:, 1]
    )
    expected = 2 / 3 * (elements * weight[:, classes]).sum() / total + (values * weight[:, 1]).sum() / weight[:, 1].sum() / 3
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_missing_targets_get_no_gradient_and_no_nan(loss: str) -> None:
    said, draw = Output(*(plane.detach().requires_grad_() for plane in output(6))), torch.Generator().manual_seed(1)  # type: ignore[union-attr]
    target = torch.rand(6, 3, generator=draw)
    target[torch.rand(6, 3, generator=draw) < 0.5] = torch.nan
    Objective(COLUMNS, evidence=EvidenceSpec(loss))(said, target, torch.ones(6, 3)).backward()
    for plane in (said.mean, said.strength):
        assert plane is not None
        assert plane.grad is not None
        assert torch.isfinite(plane.grad).all()
        assert torch.all(plane.grad[torch.isnan(target)] == 0)
        assert torch.all(plane.grad[~torch.isnan(target)] != 0)


def test_measured_labels_beside_soft_ones_are_mixed_in_by_alpha() -> None:
    said, draw, weight = output(6), torch.Generator().manual_seed(2), torch.ones(6, 3)
    soft = torch.rand(6, 3, generator=draw)
    objective = Objective(COLUMNS, evidence=EvidenceSpec())
    parts = [objective(said, target, weight) for target in (soft, soft.round())]
    for alpha in (0.0, 0.25, 1.0):
        torch.testing.assert_close(objective(said, soft, weight, soft.round(), alpha=alpha), (1 - alpha) * parts[0] + alpha * parts[1])


def module(kind: type = TeacherModule, **config: object) -> TeacherModule:
    return kind(Network(SPEC, ENDPOINTS), ENDPOINTS, TrainingConfig(**config), 100)  # type: ignore[arg-type, no-any-return]


def test_the_penalty_is_annealed_in_training_and_whole_in_validation(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, float]] = []
    forward = Objective.forward

    def spied(self: Objective, *args: object) -> torch.Tensor:
        seen.append((torch.is_grad_enabled(), float(args[-1])))  # type: ignore[arg-type]
        return forward(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Objective, "forward", spied)
    evidence = EvidenceSpec(annealing=2)
    job = replace(JOB, network=replace(SPEC, evidence=evidence), config=replace(JOB.config, epochs=4))
    train_teacher(job, task.molecules, task.labels, ENDPOINTS)
    training = [share for learns, share in seen if learns]
    assert sorted(set(training)) == [0.0, 0.5, 1.0]
    assert training == sorted(training)
    assert {share for learns, share in seen if not learns} == {1.0}


def test_another_loss_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"an evidential head has a loss of its own; expected loss=soft_bce\. Or choose model\.head=plain"
    ):
        module(StudentModule, loss=LossSpec("mse_logits"))
    assert module(TeacherModule, loss=LossSpec("mse_logits")).evidence == EvidenceSpec()  # measured labels: the students' loss is not asked


def test_heads_of_many_teachers_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"a network of heads learns what teachers said; expected model\.head=plain"):
        HeadsModule(Network(SPEC, ENDPOINTS), ENDPOINTS, TrainingConfig(), 100, 0, 1.0)


def test_an_output_without_evidence_is_refused() -> None:
    plain = Output(torch.zeros(2, 1), torch.zeros(2, 1))
    with pytest.raises(ConfigError, match="the network says nothing of evidence"):
        Objective(ENDPOINTS, evidence=EvidenceSpec())(plain, torch.ones(2, 1), torch.ones(2, 1))


def test_a_teacher_learns_the_rule_does_so_again_and_is_calibrated(task: Task) -> None:
    train, test = np.arange(200), np.arange(200, 260)
    runs = [train_teacher(JOB, task.molecules.take(train), task.labels[train], ENDPOINTS) for _ in range(2)]
    said = runs[0].predictor.predict(task.molecules.take(test))
    assert roc_auc_score(task.labels[test], said.mean) > 0.95
    np.testing.assert_array_equal(runs[1].predictor.predict(task.molecules.take(test)).epistemic, said.epistemic)
    assert runs[0].predictor.temperature[0] != 1
    assert np.all(said.epistemic > 0)
    assert np.all(said.epistemic + said.aleatoric <= math.log(2) + 1e-6)


def test_half_precision(task: Task) -> None:
    job = replace(JOB, trainer=TrainerSpec(threads=1, precision="bf16-mixed"), config=replace(JOB.config, epochs=8))
    predictor = train_teacher(job, task.molecules.take(np.arange(200)), task.labels[:200], ENDPOINTS).predictor
    assert roc_auc_score(task.labels[200:], predictor.predict(task.molecules.take(np.arange(200, 260))).mean) > 0.9


def test_a_student_may_learn_soft_labels_and_a_hybrid_goes_on_from_it(task: Task) -> None:
    soft = 0.05 + 0.9 * task.labels
    student = train_student(JOB, task.molecules, soft, np.ones_like(soft), ENDPOINTS).predictor
    assert roc_auc_score(task.labels, student.predict(task.molecules).mean) > 0.9
    for fine_tuning in (FineTuning(), FineTuning(pull=0.1), FineTuning(frozen=True)):
        job = replace(JOB, config=replace(JOB.config, epochs=1, fine_tuning=fine_tuning))
        hybrid = train_teacher(job, task.molecules, task.labels, ENDPOINTS, student).predictor
        assert hybrid.networks[0].spec == SPEC
        assert np.isfinite(hybrid.predict(task.molecules).epistemic).all()


def substituted(ends: tuple[str, ...]) -> list[str]:
    return [ring.format(linker + end) for ring, linker, end in itertools.product(RINGS, LINKERS, ends)]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("kind", "share"), [("active", 0.7), ("size [u]", 0.6)])
def test_less_is_known_far_away_from_what_was_learnt(seed: int, kind: str, share: float) -> None:
    """Amines and alcohols are learnt; halides, thiols and hydrocarbons are neither. Mean epistemic part, and its AUROC for being far."""
    smiles = [*substituted(("N", "NC", "N(C)C", "NCC")), *substituted(("O", "OC", "OCC", "OCCC"))]
    rng, n = np.random.default_rng(0), len(smiles)
    amine = (np.arange(n) < n // 2).astype(np.float32)[:, None]
    labels = amine if kind == "active" else (2 * amine + rng.normal(0, 0.3, amine.shape)).astype(np.float32)
    order, cut = rng.permutation(n), round(0.7 * n)
    molecules, far = MoleculeSet.from_smiles(tuple(smiles)), MoleculeSet.from_smiles(tuple(substituted(("F", "Cl", "S", "C#C", "C"))))
    job = replace(JOB, config=replace(JOB.config, epochs=12), seed=seed)
    model = train_teacher(job, molecules.take(order[:cut]), labels[order[:cut]], (Endpoint.parse(kind),)).predictor
    known, unknown = (model.predict(part).epistemic[:, 0] for part in (molecules.take(order[cut:]), far))
    assert unknown.mean() > known.mean()
    assert roc_auc_score([0] * len(known) + [1] * len(unknown), np.concatenate([known, unknown])) > share
