from itertools import chain

import numpy as np
import pytest
import torch

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.environment_library import environment_batch
from fluid.training.loader import ExampleLoader, Examples
from tests.training.conftest import Task

CPU = torch.device("cpu")


def examples(task: Task, n: int) -> Examples:
    return Examples(task.molecules.graphs.take(np.arange(n)), np.arange(n, dtype=np.float32)[:, None], np.ones((n, 1), dtype=np.float32))


def epoch(loader: ExampleLoader) -> list[list[float]]:
    return [batch.target[:, 0].tolist() for batch in loader]


@pytest.mark.parametrize(("n", "size"), [(50, 16), (48, 16), (1, 4), (5, 50), (2, 1)])
def test_every_molecule_once_per_epoch(task: Task, n: int, size: int) -> None:
    for seed in (0, None):
        loader = ExampleLoader(examples(task, n), size, seed, CPU)
        if seed == 0 and size == 1:
            continue
        batches = epoch(loader)
        assert sorted(chain.from_iterable(batches)) == list(range(n))
        assert len(batches) == len(loader)


@pytest.mark.parametrize("n", [33, 17, 49])
def test_a_last_batch_of_one_is_dropped_in_training_and_the_length_says_so(task: Task, n: int) -> None:
    loader = ExampleLoader(examples(task, n), 16, 0, CPU)
    batches = epoch(loader)
    assert len(batches) == len(loader) == n // 16
    assert len(epoch(ExampleLoader(examples(task, n), 16, None, CPU))) == n // 16 + 1


def test_the_order_is_the_stream_of_seed_and_epoch(task: Task) -> None:
    loader = ExampleLoader(examples(task, 40), 8, 3, CPU)
    first, second = epoch(loader), epoch(loader)
    assert first != second
    torch.rand(10)  # other streams do not matter
    again = ExampleLoader(examples(task, 40), 8, 3, CPU)
    assert [epoch(again), epoch(again)] == [first, second]
    assert epoch(ExampleLoader(examples(task, 40), 8, 4, CPU)) != first


def test_validation_keeps_the_order(task: Task) -> None:
    loader = ExampleLoader(examples(task, 10), 4, None, CPU)
    assert epoch(loader) == epoch(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_graphs_stay_with_their_targets(task: Task) -> None:
    atoms = np.diff(task.molecules.graphs.atom_offsets)
    for batch in ExampleLoader(examples(task, 60), 16, 0, CPU):
        assert torch.diff(batch.graph.ptr).tolist() == [atoms[int(i)] for i in batch.target[:, 0]]


def test_a_batch_holds_what_was_given_as_float32(task: Task) -> None:
    target = np.array([[0.25, np.nan], [1.0, 2.0], [3.0, -4.0]])
    weight = np.arange(6, dtype=np.float64).reshape(3, 2)
    (batch,) = ExampleLoader(Examples(task.molecules.graphs.take(np.arange(3)), target, weight), 8, None, CPU)
    assert {batch.target.dtype, batch.weight.dtype} == {torch.float32}
    np.testing.assert_array_equal(batch.target.numpy(), target.astype(np.float32))
    np.testing.assert_array_equal(batch.weight.numpy(), weight)
    assert batch.graph.n_molecules == 3


def test_an_epoch_that_is_left_early_does_not_change_the_next(task: Task) -> None:
    straight, left = (ExampleLoader(examples(task, 40), 8, 3, CPU) for _ in range(2))
    next(iter(left))
    epoch(straight)
    assert epoch(left) == epoch(straight)


def test_asking_for_the_length_moves_no_stream(task: Task) -> None:
    asked, not_asked = (ExampleLoader(examples(task, 40), 8, 3, CPU) for _ in range(2))
    before = torch.get_rng_state()
    assert len(asked) == 5
    assert epoch(asked) == epoch(not_asked)
    assert torch.equal(torch.get_rng_state(), before)


def test_some_examples_are_those_rows(task: Task) -> None:
    some = examples(task, 20).take(np.array([7, 3]))
    assert some.target[:, 0].tolist() == [7, 3]
    atoms = np.diff(task.molecules.graphs.atom_offsets)
    assert np.diff(some.graphs.atom_offsets).tolist() == [atoms[7], atoms[3]]


def test_ranks_share_an_epoch(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for rank in (0, 1, 2):
        loader = ExampleLoader(examples(task, 31), 4, 0, CPU)
        monkeypatch.setattr(loader, "_ranks", lambda rank=rank: (rank, 3))
        seen.append(list(chain.from_iterable(epoch(loader))))
    assert len({len(part) for part in seen}) == 1
    assert len(set(chain.from_iterable(seen))) == 30


def test_parts_must_fit(task: Task) -> None:
    n = len(task.molecules.graphs)
    for target, weight in (((3, 1), (3, 1)), ((n, 1), (n, 2)), ((n,), (n,))):
        with pytest.raises(ShapeError, match=rf"do not fit {n} graphs; expected two arrays \(M, T\) with one row per graph"):
            Examples(task.molecules.graphs, np.zeros(target, dtype=np.float32), np.zeros(weight, dtype=np.float32))


@pytest.mark.parametrize("kind", ["gine", "dmpnn"])
def test_batches_of_environments_hold_the_same_molecules_in_the_same_order(task: Task, kind: str) -> None:
    given, network = examples(task, 30), Network(NetworkSpec(kind, hidden=8, layers=2), (Endpoint.parse("active"),)).eval()
    encoder = network.environment_encoder
    assert encoder is not None
    plain, distinct = (ExampleLoader(given, 8, 3, torch.device("cpu"), naming) for naming in (None, encoder.environments))
    for one, other in zip(plain, distinct, strict=True):
        torch.testing.assert_close(one.target, other.target, equal_nan=True)
        torch.testing.assert_close(network(one.graph).mean, network(other.graph).mean, rtol=1e-5, atol=1e-5)


def test_an_encoder_without_environments_says_so(task: Task) -> None:
    network = Network(NetworkSpec("attentivefp", hidden=8, layers=2), (Endpoint.parse("active"),)).eval()
    assert network.environment_encoder is None
    batch = environment_batch(task.molecules.graphs, 2)
    with pytest.raises(ConfigError, match="attentivefp.*GraphBatch"):
        network(batch)
