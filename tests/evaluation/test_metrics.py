import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from fluid.errors import InputError, ShapeError
from fluid.evaluation import metrics

RNG = np.random.default_rng(0)
LABELS = (RNG.random(400) < 0.35).astype(float)
PROBS = np.clip(np.round(0.3 * LABELS + 0.7 * RNG.random(400), 2), 0, 1)  # two decimals: many ties
OBSERVED = RNG.normal(size=300)
PREDICTED = np.round(OBSERVED + RNG.normal(size=300), 1)

CLASSIFICATION = {
    "auroc": (metrics.auroc, reference.roc_auc_score),
    "auprc": (metrics.auprc, reference.average_precision_score),
    "mcc": (metrics.mcc, lambda y, p: reference.matthews_corrcoef(y, p >= 0.5)),
    "balanced_accuracy": (metrics.balanced_accuracy, lambda y, p: reference.balanced_accuracy_score(y, p >= 0.5)),
    "brier": (metrics.brier, reference.brier_score_loss),
    "nll": (metrics.nll, lambda y, p: reference.log_loss(y, np.clip(p, 1e-7, 1 - 1e-7))),
    "ece": (metrics.ece, lambda y, p: _slow_ece(y, p)),
}
REGRESSION = {
    "rmse": (metrics.rmse, reference.root_mean_squared_error),
    "r2": (metrics.r2, reference.r2_score),
    "spearman": (metrics.spearman, lambda y, p: stats.spearmanr(p, y).statistic),
}
NEED_TWO_CLASSES = ("auroc", "auprc", "mcc", "balanced_accuracy")


def _slow_ece(labels, probs):
    total = 0.0
    for low in np.arange(10):
        members = [(p, y) for p, y in zip(probs, labels, strict=True) if min(int(p * 10), 9) == low]
        if members:
            total += len(members) / len(labels) * abs(np.mean([p for p, _ in members]) - np.mean([y for _, y in members]))
    return total


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_metrics_equal_their_reference(name):
    ours, theirs = CLASSIFICATION[name]
    assert ours(PROBS, LABELS) == pytest.approx(theirs(LABELS, PROBS), abs=1e-12)


@pytest.mark.parametrize("name", REGRESSION)
def test_regression_metrics_equal_their_reference(name):
    ours, theirs = REGRESSION[name]
    assert ours(PREDICTED, OBSERVED) == pytest.approx(theirs(OBSERVED, PREDICTED), abs=1e-12)


@pytest.mark.parametrize("threshold", [0.2, 0.35, 0.9])
def test_calls_are_made_at_the_threshold(threshold):
    assert metrics.mcc(PROBS, LABELS, threshold) == pytest.approx(reference.matthews_corrcoef(LABELS, threshold <= PROBS))
    expected = reference.balanced_accuracy_score(LABELS, threshold <= PROBS)
    assert metrics.balanced_accuracy(PROBS, LABELS, threshold) == pytest.approx(expected)


@pytest.mark.parametrize("name", [*CLASSIFICATION, *REGRESSION])
def test_row_order_dtype_and_unlabelled_rows_do_not_matter(name):
    ours = (CLASSIFICATION | REGRESSION)[name][0]
    x, y = (PROBS, LABELS) if name in CLASSIFICATION else (PREDICTED, OBSERVED)
    order = np.random.default_rng(1).permutation(len(x))
    unlabelled = np.append(y, [np.nan, np.nan]), np.append(x, [0.9, np.nan])
    assert ours(x[order], y[order]) == pytest.approx(ours(x, y), abs=1e-12)
    inside = np.clip(x, 0.01, 0.98) + 0.003 if name == "ece" else x  # a bin's border rounds down in float32
    assert ours(inside.astype(np.float32), y.astype(np.float32)) == pytest.approx(ours(inside, y), abs=1e-5)
    assert ours(unlabelled[1], unlabelled[0]) == ours(x, y)


@pytest.mark.parametrize("name", [*CLASSIFICATION, *REGRESSION])
def test_nothing_to_evaluate_or_a_missing_answer_is_nan(name):
    ours = (CLASSIFICATION | REGRESSION)[name][0]
    assert np.isnan(ours([], []))
    assert np.isnan(ours([0.2, 0.7], [np.nan, np.nan]))
    assert np.isnan(ours([0.2, np.nan, 0.7], [0, 1, 1]))


@pytest.mark.parametrize("name", NEED_TWO_CLASSES)
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_is_nan(name, label):
    assert np.isnan(CLASSIFICATION[name][0]([0.1, 0.6, 0.6], [label] * 3))


def test_constant_predictions_rank_nothing():
    constant = np.full(400, 0.5)
    assert metrics.auroc(constant, LABELS) == 0.5
    assert metrics.mcc(constant, LABELS) == 0.0
    assert metrics.auprc(constant, LABELS) == pytest.approx(LABELS.mean())
    assert np.isnan(metrics.spearman(np.ones(300), OBSERVED))
    assert metrics.r2(np.full(300, OBSERVED.mean()), OBSERVED) == pytest.approx(0, abs=1e-12)


def test_constant_labels_leave_r2_undefined_but_not_rmse():
    assert np.isnan(metrics.r2([1.0, 2.0], [0.1 + 0.2, 0.3]))
    assert metrics.rmse([1.0, 3.0], [2.0, 2.0]) == 1.0
    assert np.isnan(metrics.spearman([1.0, 2.0], [5.0, 5.0]))


def test_perfect_and_reversed_predictions_reach_the_limits():
    assert metrics.auroc(LABELS, LABELS) == metrics.mcc(LABELS, LABELS) == metrics.auprc(LABELS, LABELS) == 1
    assert metrics.auroc(1 - LABELS, LABELS) == 0
    assert metrics.mcc(1 - LABELS, LABELS) == -1
    assert metrics.brier(LABELS, LABELS) == metrics.ece(LABELS, LABELS) == 0
    assert metrics.nll(LABELS, LABELS) == pytest.approx(0, abs=1e-6)
    assert metrics.spearman(OBSERVED**3, OBSERVED) == pytest.approx(1)


def test_certain_and_wrong_costs_a_finite_likelihood():
    assert metrics.nll([0.0, 1.0], [1, 0]) == pytest.approx(-np.log(1e-7))


def test_large_values_do_not_spoil_r2():
    assert metrics.r2(PREDICTED + 1e6, OBSERVED + 1e6) == pytest.approx(reference.r2_score(OBSERVED, PREDICTED), abs=1e-6)


def test_probabilities_that_left_the_range_by_rounding_are_accepted():
    assert metrics.brier([1 + 1e-7, -1e-7], [1, 0]) == metrics.ece([1 + 1e-7, -1e-7], [1, 0]) == 0


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_what_is_no_probability_or_class_is_refused(name):
    ours = CLASSIFICATION[name][0]
    with pytest.raises(InputError, match=r"1\.2 is not a probability; expected 0 to 1"):
        ours([0.1, 1.2], [0, 1])
    with pytest.raises(InputError, match="2 is not a class label; expected 0, 1 or missing"):
        ours([0.1, 0.2], [0, 2])


@pytest.mark.parametrize("name", [*CLASSIFICATION, *REGRESSION])
def test_shapes_and_infinities_are_refused(name):
    ours = (CLASSIFICATION | REGRESSION)[name][0]
    with pytest.raises(ShapeError, match=r"shape \(2,\) and labels \(3,\)"):
        ours([0.1, 0.2], [0, 1, 1])
    with pytest.raises(ShapeError, match="two vectors"):
        ours([[0.1], [0.2]], [[0], [1]])
    with pytest.raises(InputError, match="infinite"):
        ours([0.1, np.inf], [0, 1])
