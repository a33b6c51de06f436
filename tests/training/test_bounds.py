"""Labels that are bounds: carried to the loss, learnt by their likelihood, refused where they would be taken for values."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from fluid.data.endpoints import Endpoint
from fluid.distillation import LossSpec
from fluid.distillation.evidential import EvidenceSpec, value_bounds, value_elements
from fluid.errors import ConfigError, ShapeError
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.network import Network, Output
from fluid.models.predictor import ForestSpec, NetworkSpec, PredictionsSpec
from fluid.training.concatenated import Shared, join_examples, measured_targets, train_concatenated
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.fit import Fit, fit_network
from fluid.training.gate import choose_blend, prediction_loss
from fluid.training.kinds.kind import MODELS, Fitting, check_bounds, kind_of
from fluid.training.lesson import Measured
from fluid.training.loader import ExampleLoader, Examples
from fluid.training.local_rounds import LocalRounds
from fluid.training.module import TeacherModule
from fluid.training.objective import HeadsObjective, Objective
from fluid.training.train import Job, Trained, train_teacher
from tests.training.conftest import Task

MIXED = tuple(Endpoint.parse(text) for text in ("a", "b [u]", "c [u]"))
SIZE = (Endpoint.parse("size [atoms]"),)
CONFIG = TrainingConfig(epochs=2, batch_size=32, learning_rate=5e-3)
JOB = Job("T1", NetworkSpec(hidden=12, layers=2), CONFIG, TrainerSpec(threads=1), seed=0)


@pytest.fixture(scope="module")
def atoms(task: Task) -> np.ndarray:
    return np.diff(task.molecules.graphs.atom_offsets).astype(np.float32)[:, None]


def some_bounds(n: int, t: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1, 2, (n, t)).astype(np.int8)


def test_a_student_t_says_how_likely_an_evidential_value_is_beyond_its_bound() -> None:
    draw = torch.Generator().manual_seed(0)
    mean, log_variance, bound = (torch.randn(40, generator=draw, dtype=torch.float64) for _ in range(3))
    strength, freedom = (
        0.1 + 3 * torch.rand(40, generator=draw, dtype=torch.float64),
        1.1 + torch.rand(40, generator=draw, dtype=torch.float64),
    )
    side = torch.where(torch.rand(40, generator=draw) < 0.5, -1.0, 1.0).double()
    said = (mean, log_variance, strength, freedom, bound, side)
    beta = log_variance.exp() * (freedom - 1)
    scale = (beta * (1 + strength) / (strength * freedom)).sqrt()
    wanted = -stats.t.logcdf((side * (mean - bound) / scale).numpy(), 2 * freedom.numpy())
    np.testing.assert_allclose(value_bounds(EvidenceSpec(error=0.0), *said).numpy(), wanted, rtol=1e-9)
    wrong = (side * (bound - mean)).clamp(min=0) * (2 * strength + freedom)
    np.testing.assert_allclose(value_bounds(EvidenceSpec(error=0.3), *said).numpy(), wanted + 0.3 * wrong.numpy(), rtol=1e-9)


def test_the_density_of_an_evidential_value_is_the_slope_of_its_probability() -> None:
    """The likelihoods of a value and of a bound are of one distribution."""
    spec, bound = EvidenceSpec(error=0.0), torch.linspace(-4, 4, 33, dtype=torch.float64, requires_grad=True)
    said = [torch.full_like(bound, value).detach() for value in (0.3, -0.5, 1.7, 2.4)]
    below = torch.exp(-value_bounds(spec, *said, bound, -torch.ones_like(bound)))  # type: ignore[arg-type]
    (density,) = torch.autograd.grad(below.sum(), bound)
    torch.testing.assert_close(density, torch.exp(-value_elements(spec, *said, bound)).detach(), rtol=1e-7, atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("evidence", [None, EvidenceSpec()])
def test_bounds_reach_the_values_and_leave_classes_alone(evidence: EvidenceSpec | None) -> None:
    draw = torch.Generator().manual_seed(1)
    planes = [torch.randn(9, 3, generator=draw) for _ in range(2)] + [1.5 + torch.rand(9, 3, generator=draw) for _ in range(2)]
    output = Output(*planes) if evidence else Output(*planes[:2])
    target, weight = torch.rand(9, 3, generator=draw), torch.rand(9, 3, generator=draw)
    target[3, 1] = torch.nan
    bounds = torch.from_numpy(some_bounds(9, 3)).float()
    bounds[:, 0] = 0
    objective = Objective(MIXED, evidence=evidence)
    found = objective(output, target, weight, censored=bounds)
    parts = [
        Objective(MIXED[i : i + 1], evidence=evidence)(
            output.columns(slice(i, i + 1)), target[:, [i]], weight[:, [i]], censored=bounds[:, [i]]
        )
        for i in range(3)
    ]
    total = weight[:, 1:].masked_fill(target[:, 1:].isnan(), 0).sum(0)
    torch.testing.assert_close(found, parts[0] / 3 + 2 / 3 * (parts[1] * total[0] + parts[2] * total[1]) / total.sum())
    assert torch.equal(objective(output, target, weight, censored=torch.zeros(9, 3)), objective(output, target, weight))
    assert torch.equal(parts[0], Objective(MIXED[:1], evidence=evidence)(output.columns(slice(1)), target[:, [0]], weight[:, [0]]))
    soft, mixed = torch.zeros_like(target), objective(output, torch.zeros_like(target), weight, target, None, bounds, 1.0)
    known = ~target.isnan()
    torch.testing.assert_close(objective(output, soft, weight * known, target, None, bounds, 1.0), found)
    assert mixed.isfinite()


def test_what_teachers_said_is_no_bound() -> None:
    output, ones = Output(torch.ones(4, 2), torch.zeros(4, 2)), torch.ones(4, 2)
    objective = HeadsObjective((*SIZE, Endpoint.parse("d")), LossSpec(), 1, 1.0)
    assert torch.equal(objective(output, 0.5 * ones, ones, censored=ones), objective(output, 0.5 * ones, ones))


def test_examples_keep_bounds_with_their_labels(task: Task, atoms: np.ndarray) -> None:
    bounds = some_bounds(len(atoms))
    whole = Examples(task.molecules.graphs, atoms, np.ones_like(atoms), censored=bounds)
    rows = np.array([7, 3, 11])
    some = whole.take(rows).scaled(np.array([2.0]), np.array([3.0]))
    np.testing.assert_array_equal(some.censored, bounds[rows])
    np.testing.assert_allclose(some.target, (atoms[rows] - 2) / 3, rtol=1e-6)
    for batch in ExampleLoader(
        Examples(whole.graphs, np.arange(260.0)[:, None], whole.weight, censored=bounds), 16, 0, torch.device("cpu")
    ):
        assert batch is not None
        assert batch.censored is not None
        assert batch.censored[:, 0].tolist() == [bounds[int(i), 0] for i in batch.target[:, 0]]
    with pytest.raises(ShapeError, match="censored has shape"):
        Examples(task.molecules.graphs, atoms, np.ones_like(atoms), censored=bounds[:3])


@pytest.mark.parametrize("apart", [False, True])
def test_soft_labels_beside_own_ones_are_no_bounds(task: Task, atoms: np.ndarray, apart: bool) -> None:
    own, bounds = np.arange(20), some_bounds(20)
    measured = measured_targets(task.molecules.take(own), atoms[own], np.ones((20, 1), np.float32), apart, bounds)
    public = Examples(task.molecules.take(own).graphs, atoms[own], np.ones((20, 1), np.float32))
    joined = join_examples(measured, public, None)
    np.testing.assert_array_equal(joined.censored, np.concatenate([bounds, np.zeros_like(bounds)]))
    assert join_examples(replace(measured, censored=None), public, None).censored is None


def same(one: Trained, other: Trained) -> bool:
    states = [[value for network in trained.predictor.networks for value in network.state_dict().values()] for trained in (one, other)]
    return one.curve == other.curve and all(torch.equal(a, b) for a, b in zip(*states, strict=True))


def test_no_bound_among_the_labels_is_the_training_that_it_was(task: Task, atoms: np.ndarray) -> None:
    data = (task.molecules, atoms, SIZE)
    none, zeros, some = (train_teacher(JOB, *data, censored=c) for c in (None, np.zeros_like(atoms, np.int8), some_bounds(260)))
    assert same(none, zeros)
    assert not same(none, some)


def test_negated_labels_and_sides_are_the_same_lesson(task: Task, atoms: np.ndarray) -> None:
    """The first loss is that of new weights, so that only what is centred and turned round differs."""
    bounds, job = some_bounds(260), replace(JOB, config=replace(CONFIG, epochs=1, learning_rate=1e-12))
    centred = atoms - atoms.mean()
    with torch.no_grad():
        network = Network(JOB.network, SIZE)
        for weight in network.head.out.parameters():
            weight[0] = 0  # the mean; the variance stays
        losses = []
        for sign in (1, -1):
            examples = Examples(task.molecules.graphs, sign * centred, np.ones_like(atoms), censored=(sign * bounds).astype(np.int8))
            (batch,) = ExampleLoader(examples, 300, None, torch.device("cpu"))
            assert batch is not None
            losses.append(TeacherModule(network, SIZE, job.config, 1).objective(network.eval()(batch.graph), *batch[1:]))
    torch.testing.assert_close(losses[0], losses[1])


def test_bounds_count_in_validation_and_in_local_rounds(task: Task, atoms: np.ndarray) -> None:
    location, scale = np.float32(atoms.mean()), np.float32(atoms.std())
    values, bounds = ((atoms - location) / scale).astype(np.float32), some_bounds(260)

    def parts(censored: np.ndarray | None) -> list[Examples]:
        whole = Examples(task.molecules.graphs, values, np.ones_like(values), censored=censored)
        return [whole.take(np.arange(200)), whole.take(np.arange(200, 260))]

    losses = {}
    for name, censored in (("values", None), ("bounds", bounds)):
        torch.manual_seed(0)
        network, again = Network(JOB.network, SIZE), Network(JOB.network, SIZE)
        again.load_state_dict(network.state_dict())
        config = replace(CONFIG, patience=9)
        points = fit_network(Fit(network, TeacherModule, SIZE, *parts(censored), config, JOB.trainer, 5))
        rounds = LocalRounds(again, TeacherModule, SIZE, *parts(censored), config, JOB.trainer, 5)
        rounds.run(2)
        losses[name] = [point.loss for point in points if point.split == "validation"]
        assert rounds.validation_loss() == pytest.approx(losses[name][-1], abs=1e-6)
    assert losses["values"] != losses["bounds"]


def test_kinds_of_models_say_whether_they_learn_bounds(task: Task, atoms: np.ndarray) -> None:
    bounds = some_bounds(260)
    learns = {"network": True, "forest": False, "additive": False, "wide_deep": False, "predictions": True}
    assert {name: kind.learns_bounds for name, kind in MODELS.items()} == learns
    check_bounds(NetworkSpec(), bounds, "T1")
    check_bounds(PredictionsSpec("a.csv"), bounds, "T1")
    for none in (None, np.zeros_like(bounds)):
        check_bounds(ForestSpec(), none, "T1")
    with pytest.raises(ConfigError) as raised:
        check_bounds(ForestSpec(), bounds, "T1")
    said = f"T1: a model of kind 'forest' cannot learn bounds, and {np.count_nonzero(bounds)} labels are"
    assert str(raised.value) == f"{said}; expected intake.censored=bound or drop, or a network."


def test_a_kind_gets_bounds_with_its_labels(task: Task, atoms: np.ndarray) -> None:
    bounds, fitting = some_bounds(260), Fitting("T1", CONFIG, JOB.trainer, 0)
    found = kind_of(JOB.network).fit(fitting, JOB.network, Measured(task.molecules, atoms, SIZE, bounds))
    wanted = train_teacher(JOB, task.molecules, atoms, SIZE, censored=bounds)
    assert same(Trained(found.predictor, found.curve), wanted)  # type: ignore[arg-type]
    forest = kind_of(ForestSpec(10)).fit(fitting, ForestSpec(10), Measured(task.molecules, atoms, SIZE))
    assert forest.predictor.endpoints == SIZE


@pytest.mark.parametrize("loss", [LossSpec(), LossSpec(values="mse")])
def test_hybrids_learn_bounds_beside_soft_labels(task: Task, atoms: np.ndarray, loss: LossSpec) -> None:
    own, public, bounds = np.arange(60), np.arange(60, 120), some_bounds(60)
    job, shared = (
        replace(JOB, config=replace(CONFIG, loss=loss)),
        Shared(task.molecules.take(public), atoms[public], np.ones((60, 1), np.float32)),
    )
    found = [
        train_concatenated(job, Measured(task.molecules.take(own), atoms[own], SIZE, censored), shared)
        for censored in (None, np.zeros_like(bounds), bounds)
    ]
    assert same(*found[:2])
    assert not same(*found[1:])


def test_an_answer_beyond_its_bound_has_no_error_for_a_gate(task: Task, atoms: np.ndarray) -> None:
    mean, target, bounds = np.array([[1.0], [5.0], [3.0]]), np.array([[2.0], [2.0], [4.0]]), np.array([[1], [1], [0]], dtype=np.int8)
    assert prediction_loss(SIZE, mean, target, bounds) == pytest.approx((1 + 0 + 1) / 3 / target.var())
    assert prediction_loss(SIZE, mean, target, np.zeros_like(bounds)) == prediction_loss(SIZE, mean, target)
    known, asked = np.arange(180), np.arange(180, 260)
    bits, spec = task.molecules.bits[known], NeighbourSpec()
    high, low = (NeighbourPredictor(bits, np.full((180, 1), v, np.float32), np.ones((180, 1), np.float32), SIZE, spec) for v in (9.0, 5.2))
    limits = np.tile(np.array([[5.0], [5.5]], dtype=np.float32), (40, 1))
    above = np.ones((80, 1), dtype=np.int8)
    assert choose_blend(high, low, bits, task.molecules.take(asked), limits).gate.most == 0.0
    assert (
        choose_blend(high, low, bits, task.molecules.take(asked), limits, above).gate.most > 0
    )  # the smallest share that reaches all bounds


def biases(task: Task, atoms: np.ndarray, head: str, epochs: int, seed: int) -> dict[str, float]:
    """Return how far mean answers lie from the mean truth above a ceiling that hides 40 % of the values, by what is done with these."""
    noisy = (atoms + np.random.default_rng(seed).normal(size=atoms.shape)).astype(np.float32)
    ceiling = np.float32(np.quantile(noisy, 0.6))
    hidden, shown = noisy > ceiling, np.minimum(noisy, ceiling)
    learnt, high = np.arange(120), 200 + np.flatnonzero(atoms[200:, 0] > ceiling)
    config = TrainingConfig(epochs=epochs, batch_size=32, learning_rate=2e-2, patience=epochs)
    job = Job("T1", NetworkSpec(hidden=16, layers=1, dropout=0.0, head_dropout=0.0, head=head), config, JOB.trainer, seed)
    kept = learnt[~hidden[learnt, 0]]
    found = {}
    for name, rows, bounds in (("likelihood", learnt, hidden.astype(np.int8)), ("bound", learnt, None), ("drop", kept, None)):
        own = None if bounds is None else bounds[rows]
        model = train_teacher(job, task.molecules.take(rows), shown[rows], SIZE, censored=own).predictor
        found[name] = float(abs(model.predict(task.molecules.take(high)).mean.mean() - atoms[high].mean()))
    return found


@pytest.mark.long
@pytest.mark.parametrize(("head", "epochs"), [("plain", 8), pytest.param("evidential", 20, marks=pytest.mark.slow)])
def test_the_likelihood_finds_the_mean_above_a_ceiling_that_bounds_as_values_and_no_bounds_miss(
    task: Task, atoms: np.ndarray, head: str, epochs: int
) -> None:
    found = [biases(task, atoms, head, epochs, seed) for seed in range(5)]
    for other in ("bound", "drop"):
        gain = [one[other] - one["likelihood"] for one in found]  # paired by seed
        assert min(gain) > 0
        assert stats.ttest_1samp(gain, 0, alternative="greater").pvalue < 0.01
        assert np.mean([one["likelihood"] for one in found]) < 0.6 * np.mean([one[other] for one in found])
