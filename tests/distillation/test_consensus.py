"""One battery for every consensus method."""

import pytest
import torch
from torch.testing import assert_close

from fluid.distillation import METHODS, Consensus, ConsensusLayer, combine, fit_consensus, teacher_weights
from fluid.distillation.consensus import LOG2
from fluid.errors import ShapeError
from tests.distillation.battery import (
    BATCH,
    BEYOND,
    BOUNDED,
    COUNTS_HEADS,
    JOINT,
    KINDS,
    NOT_REPEATED,
    RESHAPED,
    ROW_WISE,
    WEIGHTED,
    K,
    M,
    T,
    example,
    missing_at_random,
    run,
    take,
    with_missing,
)

every = pytest.mark.parametrize("method", METHODS)
ALL_K, ALL_M = torch.arange(K), torch.arange(M)


def every_but(*left_out: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("method", [name for name in METHODS if name not in left_out])


def equal(one: Consensus, other: Consensus, **tolerance: float) -> None:
    for a, b in zip(one, other, strict=True):
        assert_close(a, b, equal_nan=True, **tolerance)


def test_the_battery_knows_every_method() -> None:
    assert {*BEYOND, *JOINT, *BOUNDED, *WEIGHTED, *NOT_REPEATED, *COUNTS_HEADS, "log_opinion_pool"} == set(METHODS)
    assert {*ROW_WISE, *BATCH} == set(METHODS)


@every
def test_shapes_and_ranges(method: str) -> None:
    consensus = run(method, example())
    assert all(plane.shape == (M, T) for plane in consensus)
    assert torch.all((consensus.soft_label[:, [0, 2]] >= 0) & (consensus.soft_label[:, [0, 2]] <= 1))
    assert torch.all((consensus.confidence >= 0) & (consensus.confidence <= 1))
    assert torch.all((consensus.support >= 1 - 1e-9) & (consensus.support <= K + 1e-9))


@every_but(*BEYOND)
@pytest.mark.parametrize("missing", [0.0, 0.6])
def test_the_soft_label_lies_between_the_teachers(method: str, missing: float) -> None:
    tensors = with_missing(example(), missing_at_random(missing, 8))
    label, answers = run(method, tensors).soft_label, tensors["predictions"]
    known = ~torch.isnan(answers).all(0)
    assert torch.all((label <= answers.nan_to_num(nan=-torch.inf).amax(0) + 1e-9)[known])
    assert torch.all((label >= answers.nan_to_num(nan=torch.inf).amin(0) - 1e-9)[known])


@every
def test_the_order_of_teachers_does_not_matter(method: str) -> None:
    tensors = example()
    equal(run(method, take(tensors, torch.tensor([2, 0, 3, 1]), ALL_M)), run(method, tensors))


@every
def test_the_order_of_molecules_does_not_matter(method: str) -> None:
    tensors, order = example(), torch.randperm(M, generator=torch.Generator().manual_seed(0))
    shuffled, straight = run(method, take(tensors, ALL_K, order)), run(method, tensors)
    equal(shuffled, Consensus(*(plane[order] for plane in straight)))


@every
def test_the_order_of_endpoints_does_not_matter(method: str) -> None:
    tensors, order = example(), torch.tensor([2, 0, 1])
    planes = {name: tensor if name == "similarity" else tensor[..., order] for name, tensor in tensors.items()}
    turned = combine(method, planes, [KINDS[i] for i in order])
    equal(turned, Consensus(*(plane[:, order] for plane in run(method, tensors))))


@every_but(*JOINT)
def test_endpoints_do_not_see_each_other(method: str) -> None:
    tensors, missing = example(), torch.zeros(K, M, T, dtype=torch.bool)
    missing[1:, :, 0] = True
    for some, full in zip(run(method, with_missing(tensors, missing)), run(method, tensors), strict=True):
        assert_close(some[:, 1:], full[:, 1:], rtol=1e-5, atol=1e-5)


@every_but(*COUNTS_HEADS)
def test_every_teacher_twice_is_the_same_with_twice_the_support(method: str) -> None:
    tensors = example()
    once, twice = run(method, tensors), run(method, take(tensors, ALL_K.repeat(2), ALL_M))
    equal(twice, once._replace(support=2 * once.support))


@pytest.mark.parametrize("method", ROW_WISE)
def test_soft_labels_do_not_depend_on_the_batch(method: str) -> None:
    tensors = example()
    parts = [run(method, take(tensors, ALL_K, rows)).soft_label for rows in ALL_M.split(7)]
    assert_close(torch.cat(parts), run(method, tensors).soft_label)


@every
def test_a_fitted_rule_does_not_depend_on_what_it_is_asked(method: str) -> None:
    tensors = example()
    rule = fit_consensus(method, tensors, KINDS)
    equal(rule(tensors), run(method, tensors))
    parts = [rule(take(tensors, ALL_K, rows)).soft_label for rows in ALL_M.split(7)]
    assert_close(torch.cat(parts), run(method, tensors).soft_label)


@pytest.mark.parametrize("method", BATCH)
def test_what_is_learnt_of_the_batch_matters(method: str) -> None:
    tensors = example()
    truth = tensors["predictions"].mean(0)
    tensors["predictions"] = truth + 0.3 * (tensors["predictions"] - truth)  # teachers that know something
    tensors["predictions"][3, 9:] = tensors["predictions"][3, 9:].clamp(0, 1).round()  # and one that errs, later on
    label = fit_consensus(method, take(tensors, ALL_K, ALL_M[:9]), KINDS)(tensors).soft_label
    assert not torch.allclose(label, run(method, tensors).soft_label)


@every
def test_float32_is_near_float64(method: str) -> None:
    single = run(method, example(dtype=torch.float32))
    assert {plane.dtype for plane in single} == {torch.float32}
    assert {plane.dtype for plane in run(method, example())} == {torch.float64}
    equal(
        Consensus(*(plane.double() for plane in single)), run(method, example()), rtol=2e-3 if method == "dawid_skene" else 1e-4, atol=2e-5
    )


@every_but(*RESHAPED, "stacking")
def test_one_teacher_is_believed(method: str) -> None:
    tensors = take(example(), torch.tensor([1]), ALL_M)
    consensus = run(method, tensors)
    assert_close(consensus.soft_label, tensors["predictions"][0])
    assert_close(consensus.support, torch.ones(M, T, dtype=torch.float64))


@every_but(*NOT_REPEATED)
def test_teachers_that_agree_are_repeated(method: str) -> None:
    tensors = example()
    tensors["predictions"] = tensors["predictions"][:1].expand(K, M, T).clone()
    assert_close(run(method, tensors).soft_label, tensors["predictions"][0])


@every
def test_a_missing_teacher_is_as_if_it_were_not_there(method: str) -> None:
    tensors, missing = example(), torch.zeros(K, M, T, dtype=torch.bool)
    missing[2] = True
    equal(run(method, with_missing(tensors, missing)), run(method, take(tensors, torch.tensor([0, 1, 3]), ALL_M)))


@every
def test_weight_zero_is_missing(method: str) -> None:
    tensors, missing = example(), missing_at_random(0.4, 5)
    weights = torch.rand(K, M, T, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 0.5
    by_weight = run(method, {**tensors, "weights": weights.masked_fill(missing, 0.0)})
    equal(by_weight, run(method, {**with_missing(tensors, missing), "weights": weights}))


@every
def test_a_teacher_of_weight_zero_is_as_if_it_were_not_there(method: str) -> None:
    tensors, weights = example(), torch.tensor([1.0, 1.0, 0.0, 1.0]).reshape(K, 1, 1)
    tensors["predictions"][2] = tensors["predictions"][2].clamp(0, 1) * 0 + 1
    equal(run(method, {**tensors, "weights": weights}), run(method, take(tensors, torch.tensor([0, 1, 3]), ALL_M)))


@every_but(*COUNTS_HEADS, "cronus")
def test_a_teacher_of_weight_two_is_two_teachers(method: str) -> None:
    tensors, weights = example(), torch.tensor([2.0, 1.0, 1.0, 1.0]).reshape(K, 1, 1)
    heavy = run(method, {**tensors, "weights": weights})
    twice = run(method, take(tensors, torch.tensor([0, 0, 1, 2, 3]), ALL_M))
    assert_close(heavy.soft_label, twice.soft_label)
    assert_close(heavy.confidence, twice.confidence)


@every
def test_only_ratios_of_weights_matter_between_teachers(method: str) -> None:
    if method in ("dawid_skene", "stacking"):
        pytest.skip("weights are numbers of votes here")
    tensors, weights = example(), torch.tensor([2.0, 1.0, 0.5, 1.0]).reshape(K, 1, 1)
    equal(run(method, {**tensors, "weights": 8 * weights}), run(method, {**tensors, "weights": weights}))


@every
def test_missing_answers_leave_no_nan_where_anybody_answered(method: str) -> None:
    missing = missing_at_random(0.6, 3)
    missing[:, 5] = True
    consensus, nobody = run(method, with_missing(example(), missing)), missing.all(0)
    assert torch.equal(torch.isnan(consensus.soft_label), nobody)
    assert torch.equal(consensus.support == 0, nobody)
    assert torch.all(consensus.confidence[nobody] == 0)
    assert torch.isfinite(consensus.confidence).all()


@pytest.mark.parametrize("method", WEIGHTED)
def test_zero_total_weight_is_the_plain_mean(method: str) -> None:
    tensors = example()
    tensors["similarity"] = torch.zeros(K, M, dtype=torch.float64)
    tensors["epistemic"] = torch.full((K, M, T), LOG2, dtype=torch.float64)
    tensors["aleatoric"] = torch.zeros(K, M, T, dtype=torch.float64)
    assert_close(run(method, tensors).soft_label, tensors["predictions"].mean(0))


@every
def test_weights_sum_to_one_where_anybody_answered(method: str) -> None:
    missing = missing_at_random(0.7, 4)
    weights = teacher_weights(method, with_missing(example(), missing), KINDS)
    assert_close(weights.sum(0), (~missing.all(0)).double())
    assert torch.all(weights[missing] == 0)


@every
def test_support_is_the_effective_number_of_shares(method: str) -> None:
    share = teacher_weights(method, example(), KINDS)
    assert_close(run(method, example()).support, 1 / (share**2).sum(0))


@every
def test_nobody_at_all_is_no_soft_label(method: str) -> None:
    missing = torch.ones(K, M, T, dtype=torch.bool)
    for tensors in (with_missing(example(), missing), take(example(), ALL_K[:0], ALL_M)):
        consensus = run(method, tensors)
        assert torch.isnan(consensus.soft_label).all()
        assert torch.all(consensus.confidence == 0)
        assert torch.all(consensus.support == 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("method", [*WEIGHTED, "trimmed_mean"])
def test_gradients_are_the_teachers_shares_and_zero_where_missing(method: str, dtype: torch.dtype) -> None:
    missing = missing_at_random(0.5, 6)
    tensors = with_missing(example(dtype=dtype), missing)
    tensors["predictions"].requires_grad_()
    torch.nansum(run(method, tensors).soft_label).backward()
    assert tensors["predictions"].grad is not None
    assert_close(tensors["predictions"].grad, teacher_weights(method, tensors, KINDS).detach())
    assert torch.all(tensors["predictions"].grad[missing] == 0)


@pytest.mark.parametrize("method", [*ROW_WISE, "geometric_median"])
def test_derivatives_are_those_of_finite_differences(method: str) -> None:
    rows = ALL_M[:2]
    tensors = take(with_missing(example(), missing_at_random(0.2, 9)), ALL_K, rows)
    answers, weights = tensors["predictions"].nan_to_num(nan=0.3), torch.rand(K, 2, T, dtype=torch.float64) + 0.5
    options = {"iterations": 5} if method == "geometric_median" else {}
    rule = fit_consensus(method, tensors, KINDS, **options)  # units are constants here

    def label(answers: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        masked = answers.masked_fill(torch.isnan(tensors["predictions"]), torch.nan)
        return rule({**tensors, "predictions": masked, "weights": weights}).soft_label.nan_to_num(nan=0.0)

    assert torch.autograd.gradcheck(label, (answers.requires_grad_(), weights.requires_grad_()))


@pytest.mark.parametrize("method", BOUNDED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_teacher_cannot_move_a_label_without_bound(method: str, dtype: torch.dtype) -> None:
    def sent(value: float) -> Consensus:
        tensors = example(dtype=dtype)
        tensors["predictions"][2, :, 1] = value
        tensors["predictions"][2, :, [0, 2]] = float(value > 0)
        return run(method, tensors)

    others = example(dtype=dtype)["predictions"][[0, 1, 3], :, 1]
    width = others.amax(0) - others.amin(0)
    for sign in (1, -1):
        far, further = sent(sign * 1e5), sent(sign * 1e30)
        assert_close(further.soft_label, far.soft_label, rtol=1e-3, atol=1e-3)
        assert_close(further.confidence, far.confidence, rtol=1e-2, atol=1e-2)
        assert torch.all(further.soft_label[:, 1] <= others.amax(0) + width)
        assert torch.all(further.soft_label[:, 1] >= others.amin(0) - width)
    silent = sent(torch.nan)
    assert torch.isfinite(silent.soft_label).all()


@pytest.mark.parametrize("method", ["mean", "similarity", "uncertainty", "log_opinion_pool", "inverse_variance"])
def test_the_others_can_be_moved(method: str) -> None:
    tensors = example()
    tensors["predictions"][2, :, 1] = 1e30
    assert (run(method, tensors).soft_label[:, 1] > 1e24).any()


@every
def test_huge_values_leave_no_nan(method: str) -> None:
    tensors = example(dtype=torch.float32)
    tensors["predictions"][2, :, 1] = 1e30
    consensus = run(method, tensors)
    assert not any(torch.isnan(plane).any() for plane in consensus)


@every
def test_kinds_must_be_as_many_as_endpoints(method: str) -> None:
    for kinds in (KINDS[:2], (*KINDS, "regression")):
        with pytest.raises(ShapeError, match=rf"kinds has {len(kinds)} entries; expected 3, one per endpoint"):
            combine(method, example(), kinds)


@every
def test_no_molecules(method: str) -> None:
    consensus = run(method, take(example(), ALL_K, ALL_M[:0]))
    assert all(plane.shape == (0, T) for plane in consensus)


@every
def test_slices_of_molecules_change_nothing(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(method, example())
    monkeypatch.setattr("fluid.distillation.slices.ELEMENTS", 5 * K * T)
    monkeypatch.setattr("fluid.distillation.slices.row_slices.__defaults__", (5 * K * T,))
    equal(run(method, example()), whole)


@every
def test_arguments_stay_as_they_were(method: str) -> None:
    tensors = example()
    run(method, tensors)
    for name, tensor in example().items():
        assert torch.equal(tensors[name].nan_to_num(), tensor.nan_to_num())


@every
def test_the_module_is_the_function(method: str) -> None:
    tensors = example()
    equal(ConsensusLayer(method, KINDS)(**tensors), run(method, tensors))


@every
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_numbers(method: str) -> None:
    there = run(method, {name: tensor.cuda() for name, tensor in example().items()})
    equal(Consensus(*(plane.cpu() for plane in there)), run(method, example()))
