"""Which labels are bounds: kept with their rows, stored, and checked."""

from pathlib import Path

import numpy as np
import pytest

from fluid.data.censoring import find_bounds, measured_only, one_sided
from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable
from fluid.errors import InputError, ShapeError

ENDPOINTS = (Endpoint("logs", "regression"), Endpoint("blocker"))
LABELS = np.array([[1.5, 0], [np.nan, 1], [-2, np.nan]], dtype=np.float32)
CENSORED = np.array([[1, 0], [0, 0], [-1, 0]], dtype=np.int8)


def table(rows: slice = slice(None), censored: np.ndarray | None = CENSORED) -> MoleculeTable:
    smiles, keys = ("CCO", "CCN", "CCC")[rows], tuple(letter * 14 for letter in "ABC"[rows])
    return MoleculeTable(smiles, keys, LABELS[rows], ENDPOINTS, None if censored is None else censored[rows])


def test_they_are_stored(tmp_path: Path) -> None:
    for number, one in enumerate((table(), table(censored=None))):
        one.save(tmp_path / f"{number}.parquet")
        loaded = MoleculeTable.load(tmp_path / f"{number}.parquet")
        np.testing.assert_array_equal(loaded.censored, one.censored)
        assert loaded.digest == one.digest


def test_a_bound_is_another_label_than_a_measured_value() -> None:
    assert table().digest != table(censored=None).digest


def test_labels_without_bounds_are_the_same_however_that_is_said() -> None:
    assert table(censored=np.zeros_like(CENSORED)).digest == table(censored=None).digest
    assert find_bounds(None) is find_bounds(np.zeros_like(CENSORED)) is None
    np.testing.assert_array_equal(find_bounds(CENSORED), CENSORED)


def test_what_is_measured_and_what_is_an_error() -> None:
    np.testing.assert_array_equal(measured_only(LABELS, CENSORED), np.array([[np.nan, 0], [np.nan, 1], [np.nan, np.nan]], np.float32))
    assert measured_only(LABELS, None) is LABELS
    assert measured_only(LABELS, CENSORED).dtype == np.float32
    errors = np.array([-2.0, 2.0, 0.0])
    assert [one_sided(errors, np.full(3, side)).tolist() for side in (-1, 0, 1)] == [[0, 2, 0], [-2, 2, 0], [-2, 0, 0]]


def test_they_follow_their_rows() -> None:
    np.testing.assert_array_equal(table().take(np.array([2, 0])).censored, CENSORED[[2, 0]])
    joined = table(slice(0, 1)).concatenate([table(slice(1, 3), None)])
    np.testing.assert_array_equal(joined.censored, CENSORED * [[1], [0], [0]])
    assert table(slice(0, 1), None).concatenate([table(slice(1, 3), None)]).censored is None


@pytest.mark.parametrize("censored", [CENSORED[:2], CENSORED.astype(np.int64), CENSORED * np.int8(2)])
def test_a_wrong_form_is_refused(censored: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"expected \(3, 2\) int8 with -1, 0 and 1"):
        MoleculeTable(("CCO", "CCN", "CCC"), ("A" * 14, "B" * 14, "C" * 14), LABELS, ENDPOINTS, censored)


@pytest.mark.parametrize("place", [(1, 0), (0, 1)])
def test_only_values_have_bounds(place: tuple[int, int]) -> None:
    censored = np.zeros_like(CENSORED)
    censored[place] = 1
    with pytest.raises(InputError, match="is no value; expected bounds of values only"):
        table(censored=censored)
