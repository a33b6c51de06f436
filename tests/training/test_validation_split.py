import numpy as np
import pytest

from fluid.training.validation_split import split_validation


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("n", "share", "size"), [(100, 0.15, 15), (100, 0.0, 0), (20, 0.1, 8), (10, 0.1, 1), (1, 0.1, 0), (0, 0.1, 0)])
def test_sizes_and_no_row_twice(n: int, share: float, size: int) -> None:
    train, held_out = split_validation(np.zeros((n, 1)), share, rng())
    assert len(held_out) == size
    assert sorted([*train, *held_out]) == list(range(n))
    assert np.all(np.diff(train) > 0)


def test_classes_are_kept_in_proportion() -> None:
    labels = np.array([1.0] * 30 + [0.0] * 270)[:, None]
    for seed in range(10):
        _, held_out = split_validation(labels, 0.2, rng(seed))
        assert labels[held_out].sum() in (5, 6, 7)


def test_missing_labels_and_values_are_divided_too() -> None:
    labels = np.concatenate([np.full(50, np.nan), np.ones(25), np.zeros(25)])[:, None]
    _, held_out = split_validation(labels, 0.2, rng())
    assert np.isnan(labels[held_out]).sum() == 10
    assert len(split_validation(np.linspace(0, 9, 100)[:, None], 0.2, rng())[1]) == 20


def test_the_stream_decides() -> None:
    one, same, other = (split_validation(np.zeros((200, 1)), 0.2, rng(seed))[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
