"""Biases and variances of teachers on data whose truth is known, and against a direct maximisation of the likelihood."""

import numpy as np
import torch
from scipy.optimize import minimize
from torch.testing import assert_close

from fluid.distillation import combine, gaussian_em

BIAS = torch.tensor([0.0, 1.0, -0.5, 0.0, 0.3], dtype=torch.float64)
SPREAD = torch.tensor([0.2, 0.3, 0.4, 0.8, 1.2], dtype=torch.float64)


def answers(molecules: int = 5000, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    truth = 2 * torch.randn(molecules, generator=draw, dtype=torch.float64)
    noise = torch.randn(5, molecules, generator=draw, dtype=torch.float64)
    return (truth + BIAS[:, None] + SPREAD[:, None] * noise).unsqueeze(2), truth


def test_biases_and_variances_are_found() -> None:
    predictions, truth = answers()
    found = gaussian_em(predictions, iterations=500, tolerance=1e-9, floor=0.01)
    np.testing.assert_allclose(found.bias[:, 0], BIAS, atol=0.06)
    np.testing.assert_allclose(found.variance[:, 0], SPREAD**2, rtol=0.15)
    error, by_mean = ((found.posterior[:, 0] - truth) ** 2).mean(), ((predictions.mean(0)[:, 0] - truth) ** 2).mean()
    assert error < 0.4 * by_mean
    assert_close(error.item(), (1 / (1 / SPREAD**2).sum()).item(), rtol=0.1, atol=0)


def test_variances_maximise_the_likelihood_of_differences() -> None:
    predictions = answers(400)[0]
    found = gaussian_em(predictions, iterations=5000, tolerance=1e-12, floor=1e-4)
    y = predictions[:, :, 0].numpy()
    contrasts = np.linalg.qr(np.concatenate([np.ones((5, 1)), np.eye(5)[:, :4]], 1))[0][:, 1:]  # free of the truth
    differences = contrasts.T @ y
    differences = differences - differences.mean(1, keepdims=True)  # and of biases

    def cost(logs: np.ndarray) -> float:
        covariance = contrasts.T @ np.diag(np.exp(logs)) @ contrasts
        return float(np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, differences @ differences.T)) / y.shape[1])

    best = np.exp(minimize(cost, np.zeros(5), tol=1e-12).x)
    np.testing.assert_allclose(found.variance[:, 0], best, rtol=1e-3)


def test_teachers_that_agree_are_repeated() -> None:
    predictions = answers(50)[0][:1].expand(4, 50, 1)
    found = gaussian_em(predictions)
    assert_close(found.posterior, predictions[0])
    assert_close(found.bias, torch.zeros(4, 1, dtype=torch.float64))


def test_one_teacher_is_believed_and_none_is_unknown() -> None:
    predictions = answers(50)[0]
    assert_close(gaussian_em(predictions[:1]).posterior, predictions[0])
    assert torch.isnan(gaussian_em(torch.full((3, 5, 2), torch.nan)).posterior).all()


def test_no_step_is_the_mean() -> None:
    predictions = answers(50)[0]
    assert_close(gaussian_em(predictions, iterations=0).posterior, predictions.mean(0))


def test_a_floor_of_one_weighs_the_better_half_alike() -> None:
    found = gaussian_em(answers()[0], floor=1.0)
    assert_close(found.variance[:3], found.variance[:1].expand(3, 1), rtol=1e-3, atol=0)


def test_missing_answers() -> None:
    predictions, truth = answers()
    missing = torch.rand(5, 5000, 1, generator=torch.Generator().manual_seed(1)) < 0.5
    found = gaussian_em(predictions.masked_fill(missing, torch.nan), iterations=500, floor=0.01)
    np.testing.assert_allclose(found.bias[:, 0], BIAS, atol=0.1)
    known = ~torch.isnan(found.posterior[:, 0])
    assert torch.equal(~known, missing.all(0)[:, 0])
    assert ((found.posterior[known, 0] - truth[known]) ** 2).mean() < 0.2


def test_the_consensus_is_the_posterior() -> None:
    predictions = answers(200)[0]
    assert_close(
        combine("dawid_skene", {"predictions": predictions}, ["regression"], iterations=50).soft_label,
        gaussian_em(predictions).posterior,
        rtol=1e-4,
        atol=1e-4,
    )
