import numpy as np

from fluid.companies.label_classes import MISSING, label_classes
from fluid.data.endpoints import Endpoint

BOTH = (Endpoint("herg"), Endpoint("logbb", kind="regression"))


def test_classification_labels_are_their_classes_and_missing_is_marked(make_table):
    labels = np.array([[0.0, 1.0], [1.0, 2.0], [np.nan, 3.0], [1.0, np.nan]])
    table = make_table(4, labels, BOTH)
    assert label_classes(table, 0).tolist() == [0, 1, MISSING, 1]
    assert label_classes(table, 1, bins=3).tolist() == [0, 1, 2, MISSING]


def test_regression_bins_are_equally_full(make_table):
    labels = np.random.default_rng(0).lognormal(size=(400, 2))
    assert np.bincount(label_classes(make_table(labels=labels, endpoints=BOTH), 1)).tolist() == [100] * 4


def test_equal_values_share_a_bin(make_table):
    labels = np.tile(np.repeat([[1.0], [2.0]], [300, 100], axis=0), 2)
    classes = label_classes(make_table(labels=labels, endpoints=BOTH), 1)
    assert len(set(classes[:300])) == len(set(classes[300:])) == 1


def test_no_labels_at_all_are_all_missing(make_table):
    table = make_table(10, np.full((10, 2), np.nan), BOTH)
    assert (label_classes(table, 0) == MISSING).all()
    assert (label_classes(table, 1) == MISSING).all()
