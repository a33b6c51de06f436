import numpy as np
import pandas as pd
import pytest

from fluid.errors import InputError, ShapeError
from fluid.evaluation.replicates import Replicates, drop_incomplete, replicates


def tidy(**changes: object) -> pd.DataFrame:
    table = pd.DataFrame({"seed": [2, 2, 0, 0, 1, 1], "method": ["b", "a"] * 3, "value": [0.5, 0.6, 0.7, 0.8, 0.1, 0.2]})
    return table.assign(**changes)


def test_a_table_becomes_a_matrix_in_its_own_order() -> None:
    found = replicates(tidy())
    assert (found.blocks, found.methods) == (("2", "0", "1"), ("b", "a"))
    assert np.array_equal(found.values, [[0.5, 0.6], [0.7, 0.8], [0.1, 0.2]])


def test_the_order_of_rows_changes_names_and_values_together() -> None:
    found = replicates(tidy().sort_values(["method", "seed"]))
    assert (found.blocks, found.methods) == (("0", "1", "2"), ("a", "b"))
    assert np.array_equal(found.values, [[0.8, 0.7], [0.2, 0.1], [0.6, 0.5]])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (tidy().iloc[:5], r"block 1, method a: the value is nan; expected a finite number for each block and method"),
        (tidy(value=[0.5, 0.6, 0.7, np.nan, 0.1, 0.2]), r"block 0, method a: the value is nan"),
        (tidy(value=[0.5, np.inf, 0.7, 0.8, 0.1, 0.2]), r"block 2, method a: the value is inf"),
        (pd.concat([tidy(), tidy().iloc[:1]]), r"seed 2, method b is there more than once"),
        (tidy().iloc[:2], r"1 block \(seed or split\) cannot be compared; expected at least 2. Run more seeds"),
        (tidy().iloc[::2], r"1 method cannot be compared"),
        (tidy().drop(columns="seed"), r"has no column 'seed'; expected the columns seed, method, value"),
    ],
)
def test_what_cannot_be_compared_is_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replicates(table)


def test_names_must_fit_the_values() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 2\), expected \(3, 2\)"):
        Replicates(("0", "1", "2"), ("a", "b"), np.zeros((2, 2)))


def test_incomplete_blocks_are_dropped_and_named() -> None:
    kept, dropped = drop_incomplete(tidy(value=[0.5, 0.6, 0.7, np.nan, 0.1, 0.2]).iloc[:5])
    assert dropped == ("0", "1")
    assert sorted(kept["seed"]) == [2, 2]
    assert drop_incomplete(tidy())[1] == ()
