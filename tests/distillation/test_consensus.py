"""One battery for every consensus method."""

import pytest
import torch
from torch.testing import assert_close

from fluid.distillation import Consensus, combine, teacher_weights
from fluid.distillation.consensus import LOG2
from fluid.errors import ShapeError
from tests.distillation.battery import KINDS, METHODS, K, M, T, example, run, take, with_missing

pytestmark = pytest.mark.parametrize("method", METHODS)
ALL_K, ALL_M = torch.arange(K), torch.arange(M)


def equal(one: Consensus, other: Consensus, **tolerance: float) -> None:
    for a, b in zip(one, other, strict=True):
        assert_close(a, b, equal_nan=True, **tolerance)


def test_shapes_and_ranges(method: str) -> None:
    consensus = run(method, example())
    assert all(plane.shape == (M, T) for plane in consensus)
    assert torch.all((consensus.confidence >= 0) & (consensus.confidence <= 1))
    assert torch.all((consensus.support >= 1 - 1e-9) & (consensus.support <= K + 1e-9))


def test_the_soft_label_lies_between_the_teachers(method: str) -> None:
    tensors = example()
    label = run(method, tensors).soft_label
    assert torch.all(label <= tensors["predictions"].amax(0) + 1e-9)
    assert torch.all(label >= tensors["predictions"].amin(0) - 1e-9)


def test_the_order_of_teachers_does_not_matter(method: str) -> None:
    tensors = example()
    equal(run(method, take(tensors, torch.tensor([2, 0, 3, 1]), ALL_M)), run(method, tensors))


def test_the_order_of_molecules_does_not_matter(method: str) -> None:
    tensors, order = example(), torch.randperm(M, generator=torch.Generator().manual_seed(0))
    shuffled, straight = run(method, take(tensors, ALL_K, order)), run(method, tensors)
    equal(shuffled, Consensus(*(plane[order] for plane in straight)))


def test_the_order_of_endpoints_does_not_matter(method: str) -> None:
    tensors, order = example(), torch.tensor([2, 0, 1])
    planes = {name: tensor if name == "similarity" else tensor[:, :, order] for name, tensor in tensors.items()}
    turned = combine(method, planes, [KINDS[i] for i in order])
    equal(turned, Consensus(*(plane[:, order] for plane in run(method, tensors))))


def test_endpoints_do_not_see_each_other(method: str) -> None:
    tensors, missing = example(), torch.zeros(K, M, T, dtype=torch.bool)
    missing[1:, :, 0] = True
    for some, full in zip(run(method, with_missing(tensors, missing)), run(method, tensors), strict=True):
        assert_close(some[:, 1:], full[:, 1:])


def test_every_teacher_twice_is_the_same_with_twice_the_support(method: str) -> None:
    tensors = example()
    once, twice = run(method, tensors), run(method, take(tensors, ALL_K.repeat(2), ALL_M))
    equal(twice, once._replace(support=2 * once.support))


def test_soft_labels_do_not_depend_on_the_batch(method: str) -> None:
    tensors = example()
    parts = [run(method, take(tensors, ALL_K, rows)).soft_label for rows in ALL_M.split(7)]
    assert_close(torch.cat(parts), run(method, tensors).soft_label)


def test_float32_is_near_float64(method: str) -> None:
    single = run(method, example(dtype=torch.float32))
    assert {plane.dtype for plane in single} == {torch.float32}
    assert {plane.dtype for plane in run(method, example())} == {torch.float64}
    equal(Consensus(*(plane.double() for plane in single)), run(method, example()), rtol=1e-4, atol=1e-5)


def test_one_teacher_is_believed(method: str) -> None:
    tensors = take(example(), torch.tensor([1]), ALL_M)
    consensus = run(method, tensors)
    assert_close(consensus.soft_label, tensors["predictions"][0])
    assert_close(consensus.support, torch.ones(M, T, dtype=torch.float64))


def test_teachers_that_agree_are_repeated(method: str) -> None:
    tensors = example()
    tensors["predictions"] = tensors["predictions"][:1].expand(K, M, T).clone()
    assert_close(run(method, tensors).soft_label, tensors["predictions"][0])


def test_a_missing_teacher_is_as_if_it_were_not_there(method: str) -> None:
    tensors, missing = example(), torch.zeros(K, M, T, dtype=torch.bool)
    missing[2] = True
    equal(run(method, with_missing(tensors, missing)), run(method, take(tensors, torch.tensor([0, 1, 3]), ALL_M)))


def test_missing_answers_leave_no_nan_where_anybody_answered(method: str) -> None:
    missing = torch.rand(K, M, T, generator=torch.Generator().manual_seed(3)) < 0.6
    missing[:, 5] = True
    consensus, nobody = run(method, with_missing(example(), missing)), missing.all(0)
    assert torch.equal(torch.isnan(consensus.soft_label), nobody)
    assert torch.equal(consensus.support == 0, nobody)
    assert torch.all(consensus.confidence[nobody] == 0)
    assert torch.isfinite(consensus.confidence).all()


def test_zero_total_weight_is_the_plain_mean(method: str) -> None:
    tensors = example()
    tensors["similarity"] = torch.zeros(K, M, dtype=torch.float64)
    tensors["epistemic"] = torch.full((K, M, T), LOG2, dtype=torch.float64)
    tensors["aleatoric"] = torch.zeros(K, M, T, dtype=torch.float64)
    assert_close(run(method, tensors).soft_label, tensors["predictions"].mean(0))


def test_weights_sum_to_one_where_anybody_answered(method: str) -> None:
    missing = torch.rand(K, M, T, generator=torch.Generator().manual_seed(4)) < 0.7
    weights = teacher_weights(method, with_missing(example(), missing), KINDS)
    assert_close(weights.sum(0), (~missing.all(0)).double())
    assert torch.all(weights[missing] == 0)


def test_nobody_at_all_is_no_soft_label(method: str) -> None:
    missing = torch.ones(K, M, T, dtype=torch.bool)
    for tensors in (with_missing(example(), missing), take(example(), ALL_K[:0], ALL_M)):
        consensus = run(method, tensors)
        assert torch.isnan(consensus.soft_label).all()
        assert torch.all(consensus.confidence == 0)
        assert torch.all(consensus.support == 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_the_teachers_shares_and_zero_where_missing(method: str, dtype: torch.dtype) -> None:
    missing = torch.rand(K, M, T, generator=torch.Generator().manual_seed(6)) < 0.5
    tensors = with_missing(example(dtype=dtype), missing)
    tensors["predictions"].requires_grad_()
    torch.nansum(run(method, tensors).soft_label).backward()
    assert tensors["predictions"].grad is not None
    assert_close(tensors["predictions"].grad, teacher_weights(method, tensors, KINDS))
    assert torch.all(tensors["predictions"].grad[missing] == 0)


def test_kinds_must_be_as_many_as_endpoints(method: str) -> None:
    for kinds in (KINDS[:2], (*KINDS, "regression")):
        with pytest.raises(ShapeError, match=rf"kinds has {len(kinds)} entries; expected 3, one per endpoint"):
            combine(method, example(), kinds)


def test_no_molecules(method: str) -> None:
    assert run(method, take(example(), ALL_K, ALL_M[:0])).soft_label.shape == (0, T)


def test_arguments_stay_as_they_were(method: str) -> None:
    tensors = example()
    run(method, tensors)
    for name, tensor in example().items():
        assert torch.equal(tensors[name], tensor)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_numbers(method: str) -> None:
    there = run(method, {name: tensor.cuda() for name, tensor in example().items()})
    equal(Consensus(*(plane.cpu() for plane in there)), run(method, example()))
