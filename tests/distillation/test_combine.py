"""What single methods return: values by hand, limits in which one is another, and independent references."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit
from scipy.stats import trim_mean
from sklearn.linear_model import LogisticRegression, Ridge
from torch.testing import assert_close

from fluid.distillation import combine, entropy_reduction, fit_consensus, sharpen, teacher_weights
from fluid.distillation.calibrate import learnt_temperature
from fluid.distillation.cronus import trusted
from fluid.distillation.stacking import CLIP
from tests.distillation.battery import BOUNDED, KINDS, METHODS, ROW_WISE, K, M, T, example, run

ONE = ["classification"]
VALUE = ["regression"]


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 1, 1)


def correlated(noise: float = 0.1, teachers: int = 5, molecules: int = 200, seed: int = 1) -> torch.Tensor:
    """Return values that teachers know up to noise."""
    draw = torch.Generator().manual_seed(seed)
    truth = torch.randn(1, molecules, 1, generator=draw, dtype=torch.float64)
    return truth + noise * torch.randn(teachers, molecules, 1, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize(
    ("method", "options", "other", "others"),
    [
        ("similarity", {"power": 0.0}, "mean", {}),
        ("similarity", {"power": 6.0}, "sharp_similarity", {}),
        ("uncertainty", {"power": 0.0, "sharpness": 0.0, "max_entropy": 1.0}, "uncertainty", {"sharpness": 0.0}),
        ("inverse_variance", {"floor": 1e9}, "mean", {}),
        ("entropy", {"epistemic_power": 0.0, "aleatoric_power": 0.0}, "mean", {}),
        ("trimmed_mean", {"trim": 0.0}, "mean", {}),
        ("sharpened", {"sharpen": 1.0}, "mean", {}),
        ("recalibrated", {"teacher_temperature": 1.0}, "mean", {}),
        ("recalibrated", {"teacher_temperature": [1.0] * K}, "mean", {}),
        ("selective", {"min_similarity": 0.0, "max_entropy": 1.0, "max_variance_ratio": 0.0}, "mean", {}),
        ("cronus", {"clip": 1e9, "contamination": 0.0}, "mean", {}),
        ("mean", {"power": 4.0}, "similarity", {"power": 4.0}),
    ],
)
def test_limits(method: str, options: dict[str, object], other: str, others: dict[str, object]) -> None:
    for one, two in zip(run(method, example(), **options), run(other, example(), **others), strict=True):
        assert_close(one, two, rtol=1e-6, atol=1e-8)


def test_the_trimmed_mean_tends_to_the_median() -> None:
    tensors = {"predictions": torch.rand(5, M, T, dtype=torch.float64)}
    kinds = ["classification"] * T
    assert_close(combine("trimmed_mean", tensors, kinds, trim=0.49).soft_label, combine("median", tensors, kinds).soft_label)


def test_medians_and_trimmed_means_are_numpys_and_scipys() -> None:
    values = torch.rand(8, 50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    tensors, kinds = {"predictions": values}, ["regression"] * 2
    np.testing.assert_allclose(combine("median", tensors, kinds).soft_label, np.median(values.numpy(), axis=0))
    np.testing.assert_allclose(combine("trimmed_mean", tensors, kinds, trim=0.25).soft_label, trim_mean(values.numpy(), 0.25, axis=0))
    missing = torch.rand(8, 50, 2, generator=torch.Generator().manual_seed(1)) < 0.4
    tensors = {"predictions": values.masked_fill(missing, torch.nan)}
    np.testing.assert_allclose(combine("median", tensors, kinds).soft_label, np.nanmedian(tensors["predictions"].numpy(), axis=0))


def test_a_trim_between_two_teachers_takes_a_part() -> None:
    label = combine("trimmed_mean", {"predictions": column(0.0, 1.0, 5.0)}, VALUE, trim=0.1).soft_label.item()
    assert_close(label, (0.7 * 0.0 + 1.0 + 0.7 * 5.0) / 2.4)


def test_geometric_median_is_the_minimum() -> None:
    values = torch.rand(5, 6, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    label = combine("geometric_median", {"predictions": values}, ["classification"] * 3, iterations=300).soft_label
    for molecule in range(6):
        points = values[:, molecule].numpy()
        best = minimize(lambda y, points=points: np.linalg.norm(points - y, axis=1).sum(), points.mean(0), tol=1e-12, method="Nelder-Mead")
        np.testing.assert_allclose(label[molecule], best.x, atol=1e-5)


def test_a_teacher_that_is_off_in_one_endpoint_loses_weight_in_all() -> None:
    values = torch.tensor([[[0.0, 0.1]], [[0.0, 0.3]], [[0.0, 0.2]], [[9.0, 1.0]]], dtype=torch.float64)
    joint = combine("geometric_median", {"predictions": values}, VALUE * 2).soft_label
    alone = combine("median", {"predictions": values}, VALUE * 2).soft_label
    assert abs(joint[0, 1] - 0.2) < abs(alone[0, 1] - 0.2)


def test_log_opinion_pool_by_hand() -> None:
    odds = math.sqrt((0.9 / 0.1) * (0.2 / 0.8))
    assert_close(combine("log_opinion_pool", {"predictions": column(0.9, 0.2)}, ONE).soft_label.item(), odds / (1 + odds))
    certain = combine("log_opinion_pool", {"predictions": column(1.0, 0.2)}, ONE, clip=1e-4).soft_label.item()
    assert_close(certain, expit((logit(1 - 1e-4) + logit(0.2)) / 2))
    tensors = {"predictions": column(0.9, 0.2), "similarity": torch.tensor([[1.0], [0.5]], dtype=torch.float64)}
    weighted = combine("log_opinion_pool", tensors, ONE, power=1.0).soft_label.item()
    assert_close(weighted, expit((2 * logit(0.9) + logit(0.2)) / 3))


def test_the_pool_of_gaussians_is_inverse_variance() -> None:
    tensors = {"predictions": column(1.0, 4.0), "epistemic": column(0.5, 1.0), "aleatoric": column(0.5, 2.0)}
    label = combine("inverse_variance", tensors, VALUE, floor=1e-12, aleatoric_share=1.0).soft_label.item()
    assert_close(label, (1 * 1 + 4 / 3) / (1 + 1 / 3))  # the mean of the product of both densities


def test_epistemic_and_aleatoric_parts_count_differently() -> None:
    even = {"predictions": column(1.0, 0.0), "epistemic": column(0.1, 0.3), "aleatoric": column(0.3, 0.1)}
    assert_close(combine("uncertainty", even, ONE).soft_label.item(), 0.5)
    by_variance = 1 / np.array([0.01 + 0.1 + 0.03, 0.01 + 0.3 + 0.01])
    assert_close(combine("inverse_variance", even, ONE).soft_label.item(), by_variance[0] / by_variance.sum())
    by_entropy = np.exp(-(2 * np.array([0.1, 0.3]) + np.array([0.3, 0.1])) / math.log(2))
    assert_close(combine("entropy", even, ONE).soft_label.item(), by_entropy[0] / by_entropy.sum())
    values = np.array([0.1 ** (-1.0) * 0.3 ** (-0.5), 0.3 ** (-1.0) * 0.1 ** (-0.5)])
    assert_close(combine("entropy", even, VALUE).soft_label.item(), values[0] / values.sum())


def test_a_teacher_with_infinite_uncertainty_has_no_say() -> None:
    tensors = {"predictions": column(1.0, 5.0, 1.0), "epistemic": column(0.1, math.inf, 0.2), "aleatoric": column(0.1, 0.1, 0.1)}
    tensors["similarity"] = torch.ones(3, 1, dtype=torch.float64)
    for method in ("inverse_variance", "entropy", "selective"):
        assert_close(combine(method, tensors, VALUE).soft_label.item(), 1.0)


def test_selection_by_hand() -> None:
    tensors = {
        "predictions": column(0.2, 0.6, 0.9),
        "epistemic": column(0.0, 0.0, 0.0),
        "aleatoric": column(0.1, 0.69, 0.1),
        "similarity": torch.tensor([[0.5], [0.5], [0.1]], dtype=torch.float64),
    }
    assert_close(combine("selective", tensors, ONE).soft_label.item(), 0.2)
    assert_close(combine("selective", tensors, ONE, min_similarity=0.0).soft_label.item(), 0.55)
    assert_close(combine("selective", tensors, ONE, max_entropy=1.0).soft_label.item(), 0.4)
    assert_close(combine("selective", tensors, ONE, min_similarity=0.9).soft_label.item(), 1.7 / 3)  # nobody is left: all count
    assert_close(combine("median", tensors, ONE, min_similarity=0.3).soft_label.item(), 0.4)
    tensors["aleatoric"] = column(0.1, 0.2, 0.5)
    assert_close(combine("mean", tensors, VALUE, max_variance_ratio=2.0).soft_label.item(), 0.4)


def test_sharpening_by_hand() -> None:
    assert_close(sharpen(torch.tensor([0.0, 0.5, 1.0]), 0.3), torch.tensor([0.0, 0.5, 1.0]))
    assert_close(sharpen(torch.tensor([0.8], dtype=torch.float64), 0.5).item(), 0.64 / (0.64 + 0.04))
    p, t = 0.7, 0.1
    softmax = math.exp(p / t) / (math.exp(p / t) + math.exp((1 - p) / t))
    assert_close(entropy_reduction(torch.tensor(p, dtype=torch.float64)).item(), softmax)
    assert_close(combine("era", {"predictions": column(0.6, 0.8)}, ONE).soft_label.item(), softmax)
    assert sharpen(torch.tensor([0.6]), 1e-3).item() == 1.0
    assert_close(sharpen(torch.tensor([0.9]), 1e6).item(), 0.5, atol=1e-5, rtol=0)
    assert_close(run("mean", example(), sharpen=0.5).soft_label[:, 1], run("mean", example()).soft_label[:, 1])


def test_sharpening_comes_last_and_is_possible_for_every_method() -> None:
    for method in METHODS:
        plain, sharp = run(method, example(), sharpen=1.0).soft_label, run(method, example(), sharpen=0.5).soft_label
        assert_close(sharp[:, 0], sharpen(plain[:, 0], 0.5))
        assert_close(sharp[:, 1], plain[:, 1])


def test_given_temperatures() -> None:
    tensors = {"predictions": column(0.9, 0.2)}
    label = combine("mean", tensors, ONE, teacher_temperature=[2.0, 0.5]).soft_label.item()
    assert_close(label, (expit(logit(0.9) / 2) + expit(logit(0.2) * 2)) / 2)
    hot = combine("log_opinion_pool", tensors, ONE, teacher_temperature=1e9).soft_label.item()
    assert_close(hot, 0.5, atol=1e-6, rtol=0)


def test_learnt_temperatures_are_scipys() -> None:
    logits = 2 * correlated(0.8)
    values = torch.sigmoid(logits * torch.tensor([1.0, 3.0, 0.4, 1.0, 1.5], dtype=torch.float64).reshape(5, 1, 1))
    weights = torch.ones_like(values)
    weights[:, ::7] = 0
    kept, expected = np.arange(200) % 7 > 0, []
    for k in range(5):
        others = np.delete(values.numpy()[:, kept, 0], k, axis=0).mean(0)
        own = logit(np.clip(values.numpy()[k, kept, 0], 1e-6, 1 - 1e-6))

        def cost(temperature: float, own: np.ndarray = own, others: np.ndarray = others) -> float:
            return float((np.logaddexp(0, own / temperature) - others * own / temperature).mean())

        expected.append(minimize_scalar(cost, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9}).x)
    np.testing.assert_allclose(learnt_temperature(values, weights)[:, 0, 0], expected / np.median(expected), rtol=1e-4)


def test_recalibration_takes_overconfidence_away() -> None:
    logits, loudness = 2 * correlated(0.8), torch.tensor([1.0, 1.0, 1.0, 1.0, 4.0], dtype=torch.float64).reshape(5, 1, 1)
    honest, loud = torch.sigmoid(logits), torch.sigmoid(logits * loudness)
    assert learnt_temperature(loud, torch.ones_like(loud))[4].item() > 3
    goal = combine("mean", {"predictions": honest}, ONE).soft_label
    plain = (combine("mean", {"predictions": loud}, ONE).soft_label - goal).abs().mean()
    assert (combine("recalibrated", {"predictions": loud}, ONE).soft_label - goal).abs().mean() < 0.3 * plain


@pytest.mark.parametrize("method", METHODS)
def test_recalibration_is_possible_for_every_method(method: str) -> None:
    label = run(method, example(), teacher_temperature="learnt").soft_label
    assert torch.isfinite(label).all()
    given = run(method, example(), teacher_temperature=3.0).soft_label
    assert not torch.allclose(given[:, 0], run(method, example(), teacher_temperature=1.0).soft_label[:, 0])


def test_cronus_filters_the_teacher_that_is_off() -> None:
    values = correlated(0.3, teachers=6)
    spoilt = values.clone()
    spoilt[3] = -spoilt[3] * 4
    weights = torch.ones_like(values)
    assert_close(trusted(values, weights).trust, torch.ones(6, dtype=torch.float64))
    trust = trusted(spoilt, weights).trust
    assert trust[3] < 1e-9
    assert torch.all(trust[[0, 1, 2, 4, 5]] > 0.5)
    goal = values[[0, 1, 2, 4, 5]].mean(0)
    near = (combine("cronus", {"predictions": spoilt}, VALUE).soft_label - goal).abs().mean()
    assert near < 0.05 < (combine("mean", {"predictions": spoilt}, VALUE).soft_label - goal).abs().mean()
    assert_close(combine("cronus", {"predictions": values}, VALUE).soft_label, values.mean(0), rtol=1e-3, atol=1e-3)


def test_stacking_of_probabilities_is_a_penalised_logistic_regression() -> None:
    draw = torch.Generator().manual_seed(3)
    values = torch.rand(3, 300, 1, generator=draw, dtype=torch.float64)
    labels = (torch.rand(300, 1, generator=draw, dtype=torch.float64) < values[0]).double()
    tensors = {"predictions": values, "labels": labels.clone()}
    features = logit(np.clip(values[:, :, 0].numpy(), CLIP, 1 - CLIP)).T

    def cost(beta: np.ndarray) -> float:
        score = features @ beta[:3] + beta[3]
        return float((np.logaddexp(0, score) - labels[:, 0].numpy() * score).sum() + ((beta[:3] - 1 / 3) ** 2).sum() + beta[3] ** 2)

    best = minimize(cost, np.zeros(4), tol=1e-12).x
    rule = fit_consensus("stacking", tensors, ONE, ridge=2.0)
    np.testing.assert_allclose(rule.learnt.coefficients[:, 0], best[:3], atol=1e-5)
    np.testing.assert_allclose(rule.learnt.intercept[0], best[3], atol=1e-5)
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(features, labels[:, 0].numpy())
    loose = fit_consensus("stacking", tensors, ONE, ridge=1e-9)
    np.testing.assert_allclose(loose.learnt.coefficients[:, 0], free.coef_[0], atol=1e-3)
    np.testing.assert_allclose(rule({"predictions": values}).soft_label[:, 0], expit(features @ best[:3] + best[3]), atol=1e-5)


def test_stacking_of_values_is_ridge_regression() -> None:
    values, draw = correlated(0.5, teachers=4), torch.Generator().manual_seed(5)
    labels = values[0] * 0.7 + values[2] * 0.3 + 0.2 + 0.01 * torch.randn(200, 1, generator=draw, dtype=torch.float64)
    known = labels.clone()
    known[60:] = torch.nan
    loose = fit_consensus("stacking", {"predictions": values, "labels": known}, VALUE, ridge=1e-6)
    reference = Ridge(1e-6).fit(values[:, :60, 0].T, known[:60, 0])
    np.testing.assert_allclose(loose.learnt.coefficients[:, 0], reference.coef_, atol=1e-4)
    assert (loose({"predictions": values}).soft_label - labels).abs().mean() < 0.02


def test_stacking_without_faith_in_labels_is_the_pool() -> None:
    tensors = example()
    stacked = run("stacking", tensors, ridge=1e12).soft_label
    assert_close(stacked[:, 1], run("mean", tensors).soft_label[:, 1])
    assert_close(stacked[:, [0, 2]], run("log_opinion_pool", tensors, clip=CLIP).soft_label[:, [0, 2]])


def test_robust_methods_win_where_a_teacher_lies_and_the_mean_where_none_does() -> None:
    values = correlated(0.3, teachers=8, molecules=400)
    truth = correlated(0.0, teachers=1, molecules=400)[0]
    spoilt = values.clone()
    spoilt[0] = 5.0

    def error(method: str, answers: torch.Tensor) -> float:
        return float(((combine(method, {"predictions": answers}, VALUE).soft_label - truth) ** 2).mean())

    for method in BOUNDED:
        assert error(method, spoilt) < 0.2 * error("mean", spoilt)
        assert error(method, values) < 2 * error("mean", values)


def test_shares_show_who_was_left_out() -> None:
    values = correlated(0.3, teachers=5)
    values[2] = 1e6
    for method in ("trimmed_mean", "cronus"):
        share = teacher_weights(method, {"predictions": values}, VALUE).mean((1, 2))
        assert share[2] < 1e-6


@pytest.mark.long
@pytest.mark.parametrize("method", ROW_WISE)
def test_closed_forms_compile_into_one_graph(method: str) -> None:
    tensors = example()

    def call(predictions: torch.Tensor, epistemic: torch.Tensor, aleatoric: torch.Tensor, similarity: torch.Tensor) -> torch.Tensor:
        planes = {"predictions": predictions, "epistemic": epistemic, "aleatoric": aleatoric, "similarity": similarity}
        return torch.cat(combine(method, planes, KINDS))

    torch._dynamo.reset()
    planes = [tensors[name] for name in ("predictions", "epistemic", "aleatoric", "similarity")]
    assert_close(torch.compile(call, fullgraph=True, backend="eager")(*planes), call(*planes))
