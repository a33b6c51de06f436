import time

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fluid.errors import ConfigError
from fluid.evaluation import bootstrap, weighted
from fluid.evaluation.bootstrap import bootstrap_interval, paired_difference_interval, resample_counts
from fluid.evaluation.metrics import REGRESSION_METRICS, SCORE_METRICS, auroc


def _example(size=300, seed=0):
    rng = np.random.default_rng(seed)
    labels = (rng.random(size) < 0.4).astype(float)
    return np.clip(0.25 * labels + 0.75 * rng.random(size), 0, 1), labels


def test_interval_equals_a_plain_loop_over_the_same_draws():
    probs, labels = _example()
    rows = np.concatenate(list(resample_counts(300, 200, 7))).astype(int)
    loop = [roc_auc_score(np.repeat(labels, row), np.repeat(probs, row)) for row in rows]
    found = bootstrap_interval(weighted.auroc, (probs, labels), n=200, seed=7)
    assert found.value == pytest.approx(auroc(probs, labels))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(loop, [0.025, 0.975])))


def test_mean_error_interval_has_the_width_that_theory_says():
    rng = np.random.default_rng(1)
    observed = rng.normal(size=2000)
    squared = bootstrap_interval(lambda x, y, w: weighted.divide(w @ (x - y), w.sum(axis=1)), (np.zeros(2000), observed), n=1000, seed=0)
    expected = 1.96 * observed.std() / np.sqrt(2000)
    assert (squared.high - squared.low) / 2 == pytest.approx(expected, rel=0.1)


def test_draws_have_the_right_size_and_do_not_depend_on_chunks(monkeypatch):
    whole = np.concatenate(list(resample_counts(50, 40, 3, "a")))
    monkeypatch.setattr(bootstrap, "CHUNK_CELLS", 500)
    chunks = list(resample_counts(50, 40, 3, "a"))
    assert len(chunks) == 4
    assert np.array_equal(np.concatenate(chunks), whole)
    assert (whole.sum(axis=1) == 50).all()


def test_seed_and_names_choose_the_draws():
    arrays = _example()
    one = bootstrap_interval(weighted.brier, arrays, seed=1, names=("test",))
    assert one == bootstrap_interval(weighted.brier, arrays, seed=1, names=("test",))
    assert one != bootstrap_interval(weighted.brier, arrays, seed=2, names=("test",))
    assert one != bootstrap_interval(weighted.brier, arrays, seed=1, names=("external",))


def test_a_higher_level_is_wider_and_no_resamples_give_no_ends():
    narrow, wide = (bootstrap_interval(weighted.auroc, _example(), level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    none = bootstrap_interval(weighted.auroc, _example(), n=0)
    assert none.value == narrow.value
    assert np.isnan([none.low, none.high]).all()


def test_undefined_metrics_have_undefined_intervals():
    assert np.isnan(bootstrap_interval(weighted.auroc, ([0.1, 0.2], [1, 1]))).all()
    assert np.isnan(bootstrap_interval(weighted.auroc, ([], []))).all()
    assert np.isnan(bootstrap_interval(weighted.auroc, ([0.1, np.nan], [0, 1]))).all()


def test_mostly_undefined_resamples_leave_the_ends_undefined():
    assert np.isnan(bootstrap.percentile_ends(np.array([0.5, np.nan, np.nan]), 0.95)).all()
    assert bootstrap.percentile_ends(np.array([0.5, np.nan]), 0.95) == (0.5, 0.5)


def test_paired_difference_of_equal_models_is_exactly_zero():
    probs, labels = _example()
    assert paired_difference_interval(weighted.auroc, probs, probs, labels) == (0, 0, 0)


def test_paired_difference_is_narrower_than_the_unpaired_one():
    probs, labels = _example(1000)
    other = np.clip(probs + 0.05 * np.random.default_rng(2).normal(size=1000), 0, 1)
    paired = paired_difference_interval(weighted.auroc, probs, other, labels, seed=4)
    alone = bootstrap_interval(weighted.auroc, (probs, labels), seed=4)
    assert paired.value == pytest.approx(auroc(probs, labels) - auroc(other, labels))
    assert paired.low <= paired.value <= paired.high
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_paired_difference_swaps_sign():
    probs, labels = _example()
    noise = np.random.default_rng(5).random(300)
    forth = paired_difference_interval(weighted.brier, probs, noise, labels)
    back = paired_difference_interval(weighted.brier, noise, probs, labels)
    assert forth == pytest.approx((-back.value, -back.high, -back.low))


def test_all_metrics_over_300_resamples_of_1500_molecules_take_less_than_a_second():
    arrays, rng = _example(1500), np.random.default_rng(0)
    values = rng.normal(size=1500), rng.normal(size=1500)
    start = time.perf_counter()
    for metric in SCORE_METRICS.values():
        bootstrap_interval(metric, arrays, n=300)
    for metric in REGRESSION_METRICS.values():
        bootstrap_interval(metric, values, n=300)
    assert time.perf_counter() - start < 1.5  # about 0.3 s on an idle core


@pytest.mark.parametrize(("setting", "message"), [({"n": -1}, "-1 bootstrap resamples"), ({"level": 1.0}, "level 1; expected")])
def test_bad_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        bootstrap_interval(weighted.auroc, _example(), **setting)
    with pytest.raises(ConfigError, match=message):
        paired_difference_interval(weighted.auroc, *[_example()[0]] * 2, _example()[1], **setting)
