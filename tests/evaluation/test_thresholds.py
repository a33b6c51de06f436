import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, matthews_corrcoef

from fluid.errors import ConfigError, InputError
from fluid.evaluation.thresholds import best_threshold

REFERENCE = {"mcc": matthews_corrcoef, "balanced_accuracy": balanced_accuracy_score}


@pytest.mark.parametrize("metric", REFERENCE)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), decimals=st.integers(1, 6))
def test_no_cut_scores_better(metric, seed, decimals):
    rng = np.random.default_rng(seed)
    labels = np.append((rng.random(30) < 0.3).astype(float), [0, 1])
    probs = np.clip(np.round(0.4 * labels + 0.6 * rng.random(32), decimals), 0, 1)
    cuts = np.unique(probs)[1:]
    best = max(REFERENCE[metric](labels, probs >= cut) for cut in cuts)
    found = best_threshold(probs, labels, metric)
    assert REFERENCE[metric](labels, probs >= found) == pytest.approx(best, abs=1e-9)


def test_the_cut_lies_half_way_and_is_exact_in_float32():
    assert best_threshold([0.1, 0.2, 0.6, 0.9], [0, 0, 1, 1]) == pytest.approx(0.4)
    probs = np.array([0.25, np.nextafter(np.float32(0.25), np.float32(1))], dtype=np.float32)
    threshold = best_threshold(probs, [0, 1])
    assert (probs.astype(np.float64) >= threshold).tolist() == [False, True]


def test_neighbouring_doubles_can_be_cut():
    probs = np.array([0.25, np.nextafter(0.25, 1)])
    assert (probs >= best_threshold(probs, [0, 1])).tolist() == [False, True]


def test_of_equal_cuts_the_one_closest_to_a_half_is_taken_then_the_lower():
    labels = [0, 1, 0, 1]
    assert best_threshold([0.1, 0.2, 0.3, 0.44], labels) == pytest.approx(0.37)  # the cuts at 0.15 and 0.37 score equally
    assert best_threshold([0.25, 0.35, 0.65, 0.75], labels) == pytest.approx(0.3)  # 0.3 and 0.7 are equally far from a half


@pytest.mark.parametrize(
    ("probs", "labels"), [([], []), ([0.1, 0.9], [1, 1]), ([0.3, 0.3], [0, 1]), ([0.3, np.nan], [0, 1]), ([0.2], [np.nan])]
)
def test_nothing_to_choose_gives_a_half(probs, labels):
    assert best_threshold(probs, labels) == 0.5


def test_row_order_and_unlabelled_rows_do_not_matter():
    rng = np.random.default_rng(3)
    probs, labels = rng.random(200), (rng.random(200) < 0.4).astype(float)
    order = rng.permutation(200)
    assert best_threshold(probs[order], labels[order]) == best_threshold(probs, labels)
    assert best_threshold(np.append(probs, [0.99, np.nan]), np.append(labels, [np.nan, 1])) == best_threshold(probs, labels)


def test_unknown_metric_and_bad_values_are_refused():
    with pytest.raises(ConfigError, match="'f1' is unknown; expected one of mcc, balanced_accuracy"):
        best_threshold([0.5], [1], "f1")
    with pytest.raises(InputError, match=r"-0\.1 is not a probability"):
        best_threshold([-0.1], [1])
