from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import IntakeSpec
from fluid.data.quorum import check_quorum, keep_enough
from fluid.data.table import MoleculeTable
from fluid.errors import ConfigError, QuorumError
from fluid.molecules.molecule_set import MoleculeSet

CLASS, THRESHOLD, VALUE = Endpoint("hit"), Endpoint("pic50", threshold=5.0), Endpoint("logd", "regression")


def table_of(endpoint, zeros, ones, missing=5):
    labels = np.repeat([0, 1, np.nan], [zeros, ones, missing]).astype(np.float32)[:, None]
    return MoleculeTable(("C",) * len(labels), tuple(map(str, range(len(labels)))), labels, (endpoint,))


@pytest.mark.parametrize(("endpoint", "zeros", "ones"), [(CLASS, 25, 25), (CLASS, 25, 900), (VALUE, 0, 25), (VALUE, 10, 15)])
def test_enough_labels_pass(endpoint, zeros, ones):
    check_quorum(table_of(endpoint, zeros, ones))


def test_without_endpoints_nothing_is_asked():
    check_quorum(MoleculeTable(("C",), ("A",), np.empty((1, 0), dtype=np.float32)))


@pytest.mark.parametrize(("zeros", "ones"), [(24, 90), (90, 24), (1, 1)])
def test_too_few_labels_of_a_class(zeros, ones):
    expected = (
        rf"^a\.csv: endpoint 'hit' has {zeros} labels of class 0 and {ones} of class 1; expected at least 25 of each class\. "
        r"Add labelled molecules, or lower intake\.quorum\.$"
    )
    with pytest.raises(QuorumError, match=expected):
        check_quorum(table_of(CLASS, zeros, ones), where="a.csv")


@pytest.mark.parametrize(("endpoint", "remedy"), [(CLASS, "other class.$"), (THRESHOLD, "other class, or move the threshold.$")])
def test_one_class_only(endpoint, remedy):
    with pytest.raises(
        QuorumError, match=f"has 0 labels of class 0 and 90 of class 1: one class only; expected at least 25 of each class. .*{remedy}"
    ):
        check_quorum(table_of(endpoint, 0, 90), where="a.csv")


def test_too_few_values():
    with pytest.raises(QuorumError, match=r"^a\.csv: endpoint 'logd' has 24 values; expected at least 25\. Add labelled"):
        check_quorum(table_of(VALUE, 20, 4), where="a.csv")


def test_no_labels_at_all():
    with pytest.raises(QuorumError, match="has 0 labels of class 0 and 0 of class 1; expected"):
        check_quorum(table_of(CLASS, 0, 0))


@pytest.mark.parametrize("minimum", [0, -3, 1])
def test_one_label_of_each_class_is_always_needed(minimum):
    check_quorum(table_of(CLASS, 1, 1), minimum)
    with pytest.raises(QuorumError, match="one class only; expected at least 1 of each"):
        check_quorum(table_of(CLASS, 1, 0), minimum)


def test_every_endpoint_is_checked():
    good, bad = table_of(CLASS, 30, 30, 0), table_of(VALUE, 3, 3, 54)
    both = MoleculeTable(good.smiles, good.keys, np.hstack([good.labels, bad.labels]), (CLASS, VALUE))
    with pytest.raises(QuorumError, match="'logd' has 6 values"):
        check_quorum(both)


def several(*columns):
    """Return a data set with one column of labels per endpoint: 0 and 1 in these numbers, or values."""
    rows = max(zeros + ones for _, zeros, ones in columns)
    labels = np.full((rows, len(columns)), np.nan, dtype=np.float32)
    for place, (_, zeros, ones) in enumerate(columns):
        labels[: zeros + ones, place] = np.repeat([0, 1], [zeros, ones])
    smiles = ["C" * (i + 1) for i in range(rows)]
    molecules = MoleculeSet.from_smiles(smiles, [f"K{i}" for i in range(rows)])
    return Dataset(molecules, tuple(endpoint for endpoint, *_ in columns), labels)


def test_all_that_are_too_small_are_named_at_once():
    dataset = several((CLASS, 3, 4), (VALUE, 2, 2), (THRESHOLD, 30, 30))
    message = (
        r"^a\.csv: 2 endpoints have too few labels: 'hit' \(3 labels of class 0 and 4 of class 1\), 'logd' \(4 values\); "
        r"expected at least 25 values, or 25 of each class\. Add labelled molecules, or lower intake\.quorum\.$"
    )
    with pytest.raises(QuorumError, match=message):
        check_quorum(dataset.table, where="a.csv")
    with pytest.raises(QuorumError, match=message):
        keep_enough(dataset, IntakeSpec(below_quorum="refuse"), "a.csv")


def test_what_is_too_small_is_left_out_and_told():
    dataset = several((CLASS, 3, 4), (VALUE, 25, 0), (THRESHOLD, 0, 40))
    kept = keep_enough(dataset, IntakeSpec(), "a.csv")
    assert kept.dataset.endpoints == (VALUE,)
    assert len(kept.dataset) == 25  # of the others nothing is known that can be learnt
    np.testing.assert_array_equal(kept.dataset.labels[:, 0], 0)
    assert kept.note("a.csv", 25) == (
        "a.csv: left out for fewer than 25 labels (intake.quorum): 'hit' (3 labels of class 0 and 4 of class 1), "
        "'pic50' (0 labels of class 0 and 40 of class 1)"
    )


def test_bounds_go_along():
    dataset = several((CLASS, 1, 1), (VALUE, 3, 0))
    censored = np.array([[0, 1], [0, -1], [0, 0]], dtype=np.int8)
    kept = keep_enough(replace(dataset, censored=censored), IntakeSpec(quorum=2), "")
    assert kept.dataset.censored.tolist() == [[1], [-1], [0]]


def test_nothing_is_touched_if_all_are_large_enough():
    dataset = several((CLASS, 5, 5), (VALUE, 5, 0))
    kept = keep_enough(dataset, IntakeSpec(quorum=5), "")
    assert kept.dataset is dataset
    assert kept.note("a.csv", 5) == ""


def test_if_none_is_left_all_are_refused_and_a_single_one_as_ever():
    with pytest.raises(QuorumError, match=r"2 endpoints have too few labels: 'hit' \(.*\), 'logd' \(4 values\)"):
        keep_enough(several((CLASS, 3, 4), (VALUE, 2, 2)), IntakeSpec(), "a.csv")
    with pytest.raises(QuorumError, match="^a.csv: endpoint 'logd' has 4 values; expected at least 25"):
        keep_enough(several((VALUE, 2, 2)), IntakeSpec(), "a.csv")


def test_many_are_counted():
    columns = [(Endpoint(f"e{i}"), 1, 1) for i in range(20)]
    with pytest.raises(QuorumError, match=r"20 endpoints have too few labels: .*'e11' \(.*\) and 8 more; expected"):
        check_quorum(several(*columns).table)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=5), st.integers(0, 5))
def test_what_is_kept_is_what_alone_would_be_accepted(asked, minimum):
    columns = [(Endpoint(f"e{i}", "classification" if binary else "regression"), a, b) for i, (binary, a, b) in enumerate(asked)]
    if not any(a + b for _, a, b in columns):
        return
    dataset, accepted = several(*columns), []
    for column in columns:
        try:
            check_quorum(several((Endpoint("some"), 6, 6), column).table, min(minimum, 6))
            accepted.append(column[0].name)
        except QuorumError:
            pass
    if accepted:
        kept = keep_enough(dataset, IntakeSpec(quorum=minimum), "")
        assert [endpoint.name for endpoint in kept.dataset.endpoints] == accepted
        assert set(kept.left_out) == {endpoint.name for endpoint, *_ in columns} - set(accepted)
        assert np.isfinite(kept.dataset.labels).any(axis=1).all()
    else:
        with pytest.raises(QuorumError):
            keep_enough(dataset, IntakeSpec(quorum=minimum), "")


def test_an_unknown_policy():
    with pytest.raises(ConfigError, match="intake.below_quorum is 'drop'; expected one of leave_out, refuse"):
        IntakeSpec(below_quorum="drop")


def test_bounds_alone_do_not_say_how_large_values_are():
    table, bounds = table_of(VALUE, 10, 15), np.repeat(np.int8([1, -1, 0]), [10, 15, 5])[:, None]
    check_quorum(replace(table, censored=np.where(np.arange(30)[:, None] == 3, np.int8(0), bounds)))
    with pytest.raises(
        QuorumError, match=r"^a\.csv: endpoint 'logd' has bounds of values only; expected a measured value\. Add some: bounds"
    ):
        check_quorum(replace(table, censored=bounds), where="a.csv")
