import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import log_loss

from fluid.training.calibration import fit_temperature, nll

RNG = np.random.default_rng(0)


def drawn(temperature: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    logits = RNG.normal(size=n) * 3
    return logits, (RNG.random(n) < 1 / (1 + np.exp(-logits / temperature))).astype(np.float32)


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(true: float) -> None:
    assert fit_temperature(*drawn(true)) == pytest.approx(true, rel=0.1)


def test_it_is_the_minimum_that_another_optimiser_finds() -> None:
    logits, labels = drawn(1.7)
    other = minimize(lambda x: nll(logits, labels, float(np.exp(x[0]))), [0.0], method="Nelder-Mead").x[0]
    assert np.log(fit_temperature(logits, labels)) == pytest.approx(other, abs=1e-3)


def test_the_likelihood_is_sklearns_log_loss_also_far_out() -> None:
    logits, labels = drawn(1.0, 200)
    for temperature in (0.3, 1.0, 4.0):
        probs = 1 / (1 + np.exp(-logits / temperature))
        assert nll(logits, labels, temperature) == pytest.approx(log_loss(labels, probs), rel=1e-9)
    assert nll(np.array([1e4, -1e4]), np.array([0.0, 0.0]), 1.0) == pytest.approx(5e3)


def test_the_minimum_is_that_of_sklearns_loss_over_a_grid() -> None:
    logits, labels = drawn(0.6, 500)
    grid = np.exp(np.linspace(-1.5, 1.5, 601))
    losses = [log_loss(labels, 1 / (1 + np.exp(-logits / temperature))) for temperature in grid]
    assert np.log(fit_temperature(logits, labels)) == pytest.approx(np.log(grid[int(np.argmin(losses))]), abs=0.005)


def test_neither_the_order_nor_the_names_of_classes_matter() -> None:
    logits, labels = drawn(1.5, 300)
    order = RNG.permutation(300)
    temperature = fit_temperature(logits, labels)
    assert fit_temperature(logits[order], labels[order]) == pytest.approx(temperature, rel=1e-4)
    assert fit_temperature(-logits, 1 - labels) == pytest.approx(temperature, rel=1e-4)
    assert fit_temperature(2 * logits, labels) == pytest.approx(2 * temperature, rel=1e-3)


def test_missing_labels_do_not_count() -> None:
    logits, labels = drawn(2.0)
    with_missing = np.concatenate([labels, np.full(50, np.nan)])
    assert fit_temperature(np.concatenate([logits, np.full(50, 99.0)]), with_missing) == fit_temperature(logits, labels)


@pytest.mark.parametrize("labels", [np.ones(100), np.array([0.0, 1.0, 0.0]), np.full(100, np.nan), np.array([])])
def test_nothing_to_learn_from_is_temperature_one(labels: np.ndarray) -> None:
    assert fit_temperature(np.zeros(len(labels)) + 0.3, labels) == 1.0


def test_labels_that_are_all_right_do_not_run_away() -> None:
    labels = np.arange(50) % 2
    assert np.exp(-1.5) <= fit_temperature(labels * 10.0 - 5, labels.astype(float)) <= 0.3
