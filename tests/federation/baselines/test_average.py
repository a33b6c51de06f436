import itertools

import pytest
import torch
from torch import Tensor

from fluid.errors import ShapeError
from fluid.federation.baselines.average import average_weights


def states(*seeds: int) -> dict[str, dict[str, Tensor]]:
    """Return a state dict with weights and batch-norm buffers per company."""
    made = {}
    for seed in seeds:
        stream = torch.Generator().manual_seed(seed)
        norm = torch.nn.BatchNorm1d(5)
        norm.running_mean, norm.running_var = torch.randn(5, generator=stream), torch.rand(5, generator=stream)
        norm.num_batches_tracked = torch.tensor(3 * seed)
        made[f"T{seed}"] = {"weight": torch.randn(4, 5, generator=stream), **norm.state_dict()}
    return made


def test_the_weighted_mean_by_hand() -> None:
    one, two = {"w": torch.tensor([1.0, 10.0]), "n": torch.tensor(4)}, {"w": torch.tensor([5.0, -2.0]), "n": torch.tensor(7)}
    mean = average_weights({"T1": one, "T2": two}, {"T1": 30, "T2": 10})
    assert mean["w"].tolist() == [0.75 * 1 + 0.25 * 5, 0.75 * 10 - 0.25 * 2]
    assert mean["n"].item() == 5  # 4.75, rounded
    assert mean["n"].dtype == torch.int64


def test_buffers_are_averaged_as_weights_are() -> None:
    given = states(1, 2, 3)
    examples = {"T1": 5, "T2": 80, "T3": 15}
    mean = average_weights(given, examples)
    for name in ("weight", "bias", "running_mean", "running_var"):
        expected = sum(given[c][name].double() * examples[c] / 100 for c in given)
        torch.testing.assert_close(mean[name].double(), expected, rtol=1e-6, atol=1e-7)  # type: ignore[arg-type]
    assert set(mean) == set(given["T1"])
    assert all(mean[name].dtype == given["T1"][name].dtype for name in mean)


def test_the_order_of_companies_changes_no_bit() -> None:
    given, examples = states(1, 2, 3, 4), {"T1": 11, "T2": 7, "T3": 301, "T4": 52}
    first = average_weights(given, examples)
    for order in itertools.permutations(given):
        again = average_weights({name: given[name] for name in order}, examples)
        assert all(torch.equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("companies", [1, 2, 3, 7, 10])
def test_equal_models_are_a_fixed_point(companies: int) -> None:
    state = states(9)["T9"]
    mean = average_weights({f"T{i}": state for i in range(companies)}, {f"T{i}": 7 * i + 3 for i in range(companies)})
    assert all(torch.equal(mean[name], state[name]) for name in state)


def test_without_examples_all_weigh_alike() -> None:
    mean = average_weights({"T1": {"w": torch.tensor([1.0])}, "T2": {"w": torch.tensor([4.0])}}, {"T1": 0, "T2": 0})
    assert mean["w"].item() == 2.5


def test_the_inputs_are_left_alone() -> None:
    given = states(1, 2)
    before = {name: {key: value.clone() for key, value in state.items()} for name, state in given.items()}
    average_weights(given, {"T1": 1, "T2": 2})
    assert all(torch.equal(given[c][name], before[c][name]) for c in given for name in given[c])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"w": torch.zeros(3)}, r"tensor 'w' is \(2,\) in T1 and \(3,\) in T2; expected one architecture"),
        ({"v": torch.zeros(2)}, r"tensor 'v' is absent in T1 and \(2,\) in T2"),
    ],
)
def test_other_architectures_are_refused(other: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        average_weights({"T1": {"w": torch.zeros(2)}, "T2": other}, {"T1": 1, "T2": 1})


def test_no_company_is_refused() -> None:
    with pytest.raises(ShapeError, match="at least one company"):
        average_weights({}, {})
