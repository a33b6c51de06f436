from dataclasses import replace

import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.quorum import check_quorum
from fluid.data.table import MoleculeTable
from fluid.errors import QuorumError

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


def test_bounds_alone_do_not_say_how_large_values_are():
    table, bounds = table_of(VALUE, 10, 15), np.repeat(np.int8([1, -1, 0]), [10, 15, 5])[:, None]
    check_quorum(replace(table, censored=np.where(np.arange(30)[:, None] == 3, np.int8(0), bounds)))
    with pytest.raises(
        QuorumError, match=r"^a\.csv: endpoint 'logd' has bounds of values only; expected a measured value\. Add some: bounds"
    ):
        check_quorum(replace(table, censored=bounds), where="a.csv")
