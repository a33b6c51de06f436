"""One battery for every loss, then values from torch, scipy or by hand."""

from itertools import pairwise

import pytest
import torch
from scipy.stats import norm
from torch import Tensor
from torch.nn import functional as F
from torch.testing import assert_close

from fluid.distillation import (
    LOSSES,
    DistillationLoss,
    LossSpec,
    forward_corrected,
    gaussian_nll,
    huber,
    huber_logits,
    kl_distillation,
    masked,
    mixed,
    mse,
    mse_logits,
    ranking,
    ranking_logits,
    soft_bce,
)
from fluid.errors import ConfigError, ShapeError
from tests.distillation.loss_battery import CONFUSION, EVERY, POINTWISE, B, Loss, T, example, forwarded, softened


@pytest.fixture
def logits() -> Tensor:
    return example()[0].requires_grad_()


@pytest.fixture
def target() -> Tensor:
    return example()[1]


@pytest.fixture
def weight() -> Tensor:
    return example()[2]


@pytest.mark.parametrize("loss", POINTWISE)
def test_it_is_the_weighted_mean_of_its_elements(loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
    elements = torch.stack([loss(logits[b : b + 1, t : t + 1], target[b : b + 1, t : t + 1]) for b in range(B) for t in range(T)])
    expected = (elements * weight.flatten()).sum() / weight.sum()
    assert_close(loss(logits, target, weight), expected)


@pytest.mark.parametrize("loss", EVERY)
class TestEvery:
    def test_missing_targets_do_not_count(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        gone = target.clone()
        gone[4:] = torch.nan
        assert_close(loss(logits, gone), loss(logits[:4], target[:4]))
        loss(logits, gone).backward()
        assert logits.grad is not None
        assert torch.all(logits.grad[4:] == 0)
        assert torch.isfinite(logits.grad).all()

    def test_nothing_to_learn_is_zero_with_zero_gradient(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        for value in (loss(logits, torch.full_like(target, torch.nan)), loss(logits, target, torch.zeros_like(target))):
            assert value == 0
            value.backward()
        assert logits.grad is not None
        assert torch.all(logits.grad == 0)

    def test_the_size_of_weights_does_not_matter(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        assert_close(loss(logits, target, weight), loss(logits, target, 7 * weight))

    def test_the_order_of_molecules_does_not_matter(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        order = torch.randperm(B, generator=torch.Generator().manual_seed(3))
        assert_close(loss(logits[order], target[order], weight[order]), loss(logits, target, weight))

    def test_weight_one_is_no_weight(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        assert_close(loss(logits, target, torch.ones_like(target)), loss(logits, target))

    def test_weight_zero_is_a_missing_target(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        some = weight > 0.5
        assert_close(loss(logits, target, weight * some), loss(logits, target.masked_fill(~some, torch.nan), weight))

    def test_no_molecules_is_zero(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        assert loss(logits[:0], target[:0]) == 0

    def test_learning_by_it_approaches_what_was_asked(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        losses, x = [], logits.detach().clone().requires_grad_()
        for _ in range(20):
            value = loss(x, target)
            (step,) = torch.autograd.grad(value, x)
            x = (x - 5 * step).detach().requires_grad_()
            losses.append(value.item())
        assert all(after < before for before, after in pairwise(losses))

    def test_float32_is_near_float64(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        single = loss(logits.float(), target.float(), weight.float())
        assert single.dtype == torch.float32
        assert_close(single.double(), loss(logits, target, weight), rtol=1e-4, atol=1e-5)

    def test_gradients_are_those_of_finite_differences(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        assert torch.autograd.gradcheck(lambda x: loss(x, target, weight), (logits,))

    def test_certain_labels_and_large_logits_stay_finite(self, loss: Loss, target: Tensor) -> None:
        large = torch.full((B, T), 80.0, dtype=torch.float64, requires_grad=True)
        value = loss(large, target.round())
        value.backward()
        assert torch.isfinite(value)
        assert large.grad is not None
        assert torch.isfinite(large.grad).all()

    def test_it_is_least_and_flat_where_the_soft_label_is_met(self, loss: Loss, target: Tensor) -> None:
        best = loss.best(target).requires_grad_()
        (slope,) = torch.autograd.grad(loss(best, target), best)
        assert_close(slope, torch.zeros_like(slope), atol=1e-7, rtol=0)
        draw = torch.Generator().manual_seed(4)
        for _ in range(5):
            off = best + 0.3 * torch.randn(best.shape, generator=draw, dtype=best.dtype)
            assert loss(off, target) > loss(best, target)

    def test_it_is_not_negative(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        assert loss(logits, target) >= (-torch.inf if loss.name == "gaussian_nll" else 0)

    @pytest.mark.long
    def test_a_compiled_graph_gives_the_same(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        torch._dynamo.reset()
        compiled = torch.compile(lambda *planes: loss(*planes), fullgraph=True, backend="eager")
        assert_close(compiled(logits, target, weight), loss(logits, target, weight))

    @pytest.mark.gpu
    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
    def test_a_gpu_gives_the_same(self, loss: Loss, target: Tensor, weight: Tensor) -> None:
        here = example()[0].requires_grad_()
        there = example()[0].cuda().requires_grad_()
        values = loss(here, target, weight), loss(there, target.cuda(), weight.cuda())
        for value in values:
            value.backward()
        assert_close(values[1].cpu(), values[0])
        assert there.grad is not None
        assert here.grad is not None
        assert_close(there.grad.cpu(), here.grad)

    @pytest.mark.parametrize("bad", [-0.5, float("nan"), float("inf")])
    def test_weights_that_are_none(self, loss: Loss, logits: Tensor, target: Tensor, weight: Tensor, bad: float) -> None:
        weight[3, 1] = bad
        with pytest.raises(ValueError, match="weight has values that are negative, infinite or NaN; expected finite values of 0 or more"):
            loss(logits, target, weight)

    def test_shapes(self, loss: Loss, logits: Tensor, target: Tensor) -> None:
        with pytest.raises(ShapeError, match=r"target has shape \(11, 3\); expected \(12, 3\)"):
            loss(logits, target[1:])
        with pytest.raises(ShapeError, match="weight has shape"):
            loss(logits, target, target[:, :1])
        with pytest.raises(ShapeError, match=r"the prediction has shape \(12,\); expected \(molecules, endpoints\)"):
            loss(logits[:, 0], target[:, 0])


def test_soft_bce_is_torchs(logits: Tensor, target: Tensor, weight: Tensor) -> None:
    assert_close(soft_bce(logits, target), F.binary_cross_entropy_with_logits(logits, target))
    expected = (F.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum() / weight.sum()
    assert_close(soft_bce(logits, target, weight), expected)


def test_kl_is_torchs_on_two_classes(logits: Tensor, target: Tensor) -> None:
    for temperature in (1.0, 2.5):
        both = torch.stack([logits, torch.zeros_like(logits)], -1) / temperature
        theirs = torch.stack([torch.logit(target), torch.zeros_like(target)], -1) / temperature
        expected = F.kl_div(both.log_softmax(-1), theirs.softmax(-1), reduction="sum") / (B * T) * temperature**2
        assert_close(kl_distillation(logits, target, temperature=temperature), expected)


def test_a_high_temperature_approaches_the_squared_error_on_logits(logits: Tensor, target: Tensor) -> None:
    assert_close(8 * kl_distillation(logits, target, temperature=1e3), mse_logits(logits, target), rtol=1e-3, atol=1e-3)


def test_mse_logits_is_torchs(logits: Tensor, target: Tensor) -> None:
    assert_close(mse_logits(logits, target), F.mse_loss(logits, torch.logit(target)))


def test_gaussian_nll_is_scipys_without_its_constant(logits: Tensor, target: Tensor) -> None:
    log_variance = torch.linspace(-2, 2, B * T, dtype=torch.float64).reshape(B, T)
    density = norm.logpdf(target.numpy(), logits.detach().numpy(), (log_variance / 2).exp().numpy())
    assert_close(
        gaussian_nll(logits, log_variance, target).item(),
        float(-density.mean() - 0.5 * torch.log(torch.tensor(2 * torch.pi))),
        rtol=1e-6,
        atol=1e-6,
    )
    with pytest.raises(ShapeError, match="log_variance has shape"):
        gaussian_nll(logits, log_variance[:1], target)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature_must_be_positive(logits: Tensor, target: Tensor, temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature is .*expected a finite number above 0"):
        kl_distillation(logits, target, temperature=temperature)


@pytest.mark.parametrize("loss", [*LOSSES.values(), softened, ranking_logits, forwarded])
@pytest.mark.parametrize("bad", [-0.01, 1.5])
def test_targets_that_are_no_probabilities(loss: Loss, logits: Tensor, target: Tensor, bad: float) -> None:
    target[5, 0] = bad
    with pytest.raises(ValueError, match=r"target has values outside \[0, 1\]; expected values inside, or NaN where missing"):
        loss(logits, target)


def test_hard_labels_are_the_limit_of_soft_ones(logits: Tensor, target: Tensor) -> None:
    hard = target.round()
    expected = F.binary_cross_entropy_with_logits(logits, hard)
    assert_close(soft_bce(logits, hard), expected)
    assert_close(kl_distillation(logits, hard), expected, atol=3e-5, rtol=0)  # labels are clipped at 10⁻⁶


def test_huber_is_torchs_and_near_squared_error_when_wide(logits: Tensor, target: Tensor) -> None:
    assert_close(huber(logits, target, delta=0.4), F.huber_loss(logits, target, delta=0.4))
    assert_close(huber_logits(logits, target, delta=0.4), F.huber_loss(logits, torch.logit(target), delta=0.4))
    assert_close(2 * huber_logits(logits, target, delta=1e6), mse_logits(logits, target))
    assert_close(mse(logits, target), F.mse_loss(logits, target))


def test_hubers_pull_is_bounded(target: Tensor) -> None:
    far = torch.full((B, T), 1e30, dtype=torch.float64, requires_grad=True)
    (pull,) = torch.autograd.grad(huber(far, target, delta=0.7), far)
    assert_close(pull, torch.full_like(pull, 0.7 / (B * T)))


def test_the_teachers_variance_is_what_the_student_should_say(logits: Tensor, target: Tensor) -> None:
    variance = target + 0.1
    log_variance = variance.log().requires_grad_()
    (slope,) = torch.autograd.grad(gaussian_nll(target, log_variance, target, variance=variance), log_variance)
    assert_close(slope, torch.zeros_like(slope))
    draw = torch.distributions.Normal(target, variance.sqrt())
    torch.manual_seed(0)
    said = torch.linspace(-1, 1, B * T, dtype=torch.float64).reshape(B, T)
    sampled = torch.stack([gaussian_nll(logits, said, draw.sample()) for _ in range(4000)]).mean()
    assert_close(gaussian_nll(logits, said, target, variance=variance), sampled, rtol=0.02, atol=0.02)
    unknown = torch.full_like(variance, torch.nan)
    assert_close(gaussian_nll(logits, said, target, variance=unknown), gaussian_nll(logits, said, target))
    with pytest.raises(ValueError, match="variance has negative values; expected 0 or more"):
        gaussian_nll(logits, said, target, variance=-variance)


def test_ranking_by_hand(weight: Tensor) -> None:
    scores, target = torch.tensor([[0.0], [1.0], [3.0]]).double(), torch.tensor([[0.5], [-0.5], [2.0]]).double()
    w, total, parts = weight[:3, :1], 0.0, 0.0
    for i in range(3):
        for j in range(3):
            if i != j:
                p, q = torch.sigmoid(target[i] - target[j]), torch.sigmoid(scores[i] - scores[j])
                kl = p * torch.log(p / q) + (1 - p) * torch.log((1 - p) / (1 - q))
                parts, total = parts + float(w[i] * w[j] * kl), total + float(w[i] * w[j])
    assert ranking(scores, target, w).item() == pytest.approx(parts / total)


def test_ranking_knows_no_level_and_needs_two_molecules(logits: Tensor, target: Tensor) -> None:
    assert_close(ranking_logits(logits + 5, target), ranking_logits(logits, target))
    assert ranking_logits(logits[:1], target[:1]) == 0
    lonely = masked(target, rows=torch.arange(B) == 2)
    assert ranking_logits(logits, lonely) == 0


def test_masks_are_missing_targets(logits: Tensor, target: Tensor) -> None:
    rows, endpoints = torch.arange(B) % 2 == 0, torch.tensor([True, False, True])
    found = soft_bce(logits, masked(target, rows, endpoints))
    assert_close(found, soft_bce(logits[rows][:, endpoints], target[rows][:, endpoints]))
    assert masked(target) is target


def test_forward_correction_by_hand_and_at_its_limits(logits: Tensor, target: Tensor) -> None:
    p = torch.sigmoid(logits)
    observed = CONFUSION[:, 1, 1] * p + CONFUSION[:, 0, 1] * (1 - p)
    assert_close(torch.sigmoid(forward_corrected(logits, CONFUSION)), observed)
    identity, coin = torch.eye(2).double().expand(T, 2, 2), torch.full((T, 2, 2), 0.5).double()
    assert_close(forward_corrected(logits, identity), logits)
    assert_close(forward_corrected(logits, coin), torch.zeros_like(logits))
    flipped = torch.eye(2).double().flip(1).expand(T, 2, 2)
    assert_close(forward_corrected(logits, flipped), -logits)
    large = torch.tensor([[200.0, -200.0, 0.0]])
    assert torch.isfinite(forward_corrected(large, CONFUSION.float())).all()


@pytest.mark.parametrize(("corrected", "expected"), [(True, 0.8), (False, 0.8 * 0.8 + 0.2 * 0.1)])
def test_forward_correction_finds_the_truth_under_noise(corrected: bool, expected: float) -> None:
    """Of 20,000 molecules with P(active) = 0.8, labels are flipped by the confusion: only the corrected student says 0.8."""
    draw, confusion = torch.Generator().manual_seed(0), CONFUSION[:1].float()
    truth = (torch.rand(20_000, 1, generator=draw) < 0.8).long()
    observed = (torch.rand(20_000, 1, generator=draw) < confusion[0][truth, 1]).float()
    logit = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([logit], max_iter=50)

    def closure() -> Tensor:
        optimizer.zero_grad()
        answer = logit.expand(20_000, 1)
        loss = soft_bce(forward_corrected(answer, confusion) if corrected else answer, observed)
        loss.backward()
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    assert torch.sigmoid(logit).item() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("confusion", "message"),
    [
        (torch.eye(2), r"confusion has shape \(2, 2\); expected \(3, 2, 2\)"),
        (torch.full((3, 2, 2), 0.4), "confusion has rows that do not sum to 1"),
        (torch.tensor([[1.5, -0.5], [0.0, 1.0]]).expand(3, 2, 2), r"confusion has values outside \[0, 1\]"),
        (torch.full((3, 2, 2), torch.nan), "confusion has rows that do not sum to 1"),
    ],
)
def test_confusions_that_are_none(logits: Tensor, confusion: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forward_corrected(logits, confusion)


class TestMixed:
    def test_its_ends_are_the_two_losses(self, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        hard, loss = target.round(), DistillationLoss(LossSpec("mse_logits"))
        for alpha, expected in ((0.0, mse_logits(logits, target, weight)), (1.0, soft_bce(logits, hard, weight))):
            assert_close(loss(logits, target, weight, hard=hard, alpha=alpha), expected)

    def test_with_cross_entropy_it_is_that_of_the_mixed_label(self, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        hard = target.round()
        found = DistillationLoss()(logits, target, weight, hard=hard, alpha=0.3)
        assert_close(found, soft_bce(logits, 0.3 * hard + 0.7 * target, weight))

    def test_a_molecule_with_one_kind_of_label_counts_with_its_share(self, logits: Tensor, target: Tensor) -> None:
        soft, hard = masked(target, torch.arange(B) < 4), masked(target.round(), torch.arange(B) >= 4)
        elements = F.binary_cross_entropy_with_logits(logits, torch.where(torch.isnan(soft), hard, soft), reduction="none").mean(1)
        expected = (0.2 * elements[4:].sum() + 0.8 * elements[:4].sum()) / (0.2 * 8 + 0.8 * 4)
        assert_close(DistillationLoss()(logits, soft, hard=hard, alpha=0.2), expected)

    def test_alpha_is_a_share(self, logits: Tensor, target: Tensor) -> None:
        with pytest.raises(ValueError, match=r"alpha is 1.2; expected a share in \[0, 1\]"):
            DistillationLoss()(logits, target, hard=target, alpha=1.2)
        ones = torch.ones_like(target)
        assert_close(mixed((logits, target, ones), (logits * 3, target, ones), 0.5), 2 * logits.mean())


class TestModule:
    @pytest.mark.parametrize(
        ("spec", "function"),
        [
            (LossSpec(), soft_bce),
            (LossSpec("kl_distillation", temperature=3.0), softened),
            (LossSpec("mse_logits"), mse_logits),
            (LossSpec("huber_logits", delta=1.0), huber_logits),
            (LossSpec(ranking=1.0), ranking_logits),
            (LossSpec(confusion=((0.9, 0.1), (0.2, 0.8))), lambda x, q, w: soft_bce(forward_corrected(x, CONFUSION), q, w)),
        ],
    )
    def test_classes_are_those_of_the_functions(
        self, spec: LossSpec, function: Loss, logits: Tensor, target: Tensor, weight: Tensor
    ) -> None:
        module = DistillationLoss(spec, confusion=CONFUSION if spec.confusion else None)
        assert_close(module(logits, target, weight), function(logits, target, weight))

    @pytest.mark.parametrize("name", ["gaussian_nll", "heteroscedastic", "huber", "mse"])
    def test_values_are_those_of_the_functions(self, name: str, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        said, variance = torch.zeros_like(target) + 0.3, target + 0.2
        expected = {
            "gaussian_nll": gaussian_nll(logits, said, target, weight),
            "heteroscedastic": gaussian_nll(logits, said, target, weight, variance),
            "huber": huber(logits, target, weight, delta=1.0),
            "mse": mse(logits, target, weight),
        }
        assert_close(DistillationLoss(LossSpec(values=name), "regression")(logits, target, weight, said, variance), expected[name])

    def test_ranking_is_mixed_in_by_its_share(self, logits: Tensor, target: Tensor, weight: Tensor) -> None:
        found = DistillationLoss(LossSpec(ranking=0.25))(logits, target, weight)
        assert_close(found, 0.75 * soft_bce(logits, target, weight) + 0.25 * ranking_logits(logits, target, weight))

    def test_a_confusion_of_the_spec_serves_all_endpoints(self, logits: Tensor, target: Tensor) -> None:
        rows = ((0.9, 0.1), (0.2, 0.8))
        one = torch.tensor(rows).double().expand(T, 2, 2)
        assert_close(DistillationLoss(LossSpec(confusion=rows)).double()(logits, target), soft_bce(forward_corrected(logits, one), target))

    def test_measured_labels_are_not_corrected(self, logits: Tensor, target: Tensor) -> None:
        module = DistillationLoss(confusion=CONFUSION)
        assert_close(module(logits, target, hard=target.round(), alpha=1.0), soft_bce(logits, target.round()))

    def test_a_gaussian_loss_needs_a_variance(self, logits: Tensor, target: Tensor) -> None:
        with pytest.raises(ValueError, match="log_variance is missing; expected"):
            DistillationLoss(kind="regression")(logits, target)
        with pytest.raises(ConfigError, match="kind is 'ordinal'; expected classification or regression"):
            DistillationLoss(kind="ordinal")

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"classes": "hinge"}, "loss.classes is 'hinge'; expected one of soft_bce"),
            ({"values": "hinge"}, "loss.values is 'hinge'; expected one of gaussian_nll"),
            ({"temperature": 0.0}, "loss.temperature is 0.0; expected a finite number above 0"),
            ({"delta": float("inf")}, "loss.delta is inf"),
            ({"ranking": 1.1}, r"loss.ranking is 1.1; expected a share in \[0, 1\]"),
            ({"confusion": ((0.9, 0.1),)}, "loss.confusion is .*two rows of two shares"),
            ({"confusion": ((0.9, 0.2), (0.1, 0.9))}, "loss.confusion is .*that sum to 1"),
        ],
    )
    def test_wrong_specs(self, values: dict[str, object], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            LossSpec(**values)  # type: ignore[arg-type]
