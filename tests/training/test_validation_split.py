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


@pytest.mark.parametrize(("n", "share"), [(1, 0.9), (2, 0.9), (10, 0.99), (3, 0.6), (17, 0.999)])
def test_something_stays_to_learn_from(n: int, share: float) -> None:
    train, held_out = split_validation(np.zeros((n, 1)), share, rng())
    assert len(train) >= 1
    assert sorted([*train, *held_out]) == list(range(n))


def test_every_row_of_a_class_is_held_out_equally_often() -> None:
    labels, draws = np.array([1.0] * 10 + [0.0] * 30)[:, None], 400
    counts = np.zeros(40)
    for seed in range(draws):
        counts[split_validation(labels, 0.25, rng(seed))[1]] += 1
    assert counts.sum() == 10 * draws
    for rows, share in ((slice(0, 10), 3 / 10), (slice(10, 40), 7 / 30)):  # 3 and 7 of the 10 rows that are held out
        assert counts[rows].mean() == pytest.approx(draws * share)
        assert np.abs(counts[rows] - draws * share).max() < 4.5 * np.sqrt(draws * share * (1 - share))


def test_rows_without_any_endpoint_are_divided_too() -> None:
    assert [len(part) for part in split_validation(np.zeros((20, 0)), 0.5, rng())] == [10, 10]


def test_stereo_isomers_stay_together_and_others_are_not_moved() -> None:
    labels = np.random.default_rng(1).integers(0, 2, (200, 1)).astype(float)
    alone = [str(row) for row in range(200)]
    assert [part.tolist() for part in split_validation(labels, 0.2, rng(), alone)] == [
        p.tolist() for p in split_validation(labels, 0.2, rng())
    ]
    skeletons = [*alone[:150], *alone[:50]]
    held_out = set(split_validation(labels, 0.2, rng(), skeletons)[1].tolist())
    assert all((row in held_out) == (row + 150 in held_out) for row in range(50))
    plain = set(split_validation(labels, 0.2, rng())[1].tolist())
    assert {row for row in held_out if row < 150} == {row for row in plain if row < 150}


def test_one_skeleton_alone_is_all_learnt_from() -> None:
    train, held_out = split_validation(np.zeros((20, 1)), 0.5, rng(), ["A"] * 20)
    assert (len(train), len(held_out)) == (20, 0)
