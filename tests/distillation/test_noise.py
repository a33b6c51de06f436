"""What labels of a consensus confuse, derived from the posterior: against enumeration of all votes, and in what a student learns."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from fluid.distillation import (
    METHODS,
    DistillationLoss,
    LossSpec,
    dawid_skene,
    expected_confusion,
    fit_consensus,
    hard_class,
    knows_noise,
    sharpen,
    soft_bce,
)
from fluid.errors import ConfigError, ShapeError
from fluid.training.objective import Objective

PRIOR = 0.4
ERRORS = np.array([[[0.9, 0.1], [0.25, 0.75]], [[0.7, 0.3], [0.2, 0.8]], [[0.8, 0.2], [0.4, 0.6]]])
"""`P(vote j | true i)` of three teachers."""
TRUE = np.array([0.05, 0.2, 0.5, 0.7, 0.95])
"""`P(1 | x)` of five kinds of molecules."""


def naive(posterior: np.ndarray, label: np.ndarray) -> np.ndarray:
    found = np.zeros((2, 2))
    for q, y in zip(posterior, label, strict=True):
        if not (math.isnan(q) or math.isnan(y)):
            found += np.outer([1 - q, q], [1 - y, y])
    return found / found.sum(1, keepdims=True)  # type: ignore[no-any-return]


def test_the_sum_over_molecules_one_by_one() -> None:
    rng = np.random.default_rng(0)
    posterior, label = rng.random((50, 2)), rng.random((50, 2))
    posterior[3, 0] = label[7, 1] = np.nan
    found = expected_confusion(torch.tensor(posterior), torch.tensor(label))
    for t in range(2):
        np.testing.assert_allclose(found[t], naive(posterior[:, t], label[:, t]), rtol=1e-12)


def votes_enumerated() -> tuple[np.ndarray, np.ndarray]:
    """Return `P(votes | true i)` `(8, 2)` and the posterior of class 1 `(8,)` of all votes of the three teachers."""
    given = np.array(
        [[np.prod([ERRORS[k, i, v] for k, v in enumerate(votes)]) for i in (0, 1)] for votes in itertools.product((0, 1), repeat=3)]
    )
    return given, given[:, 1] * PRIOR / (given[:, 1] * PRIOR + given[:, 0] * (1 - PRIOR))


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_it_is_what_the_teachers_confusions_give_over_all_votes(kind: str) -> None:
    given, posterior = votes_enumerated()
    label = posterior if kind == "soft" else (posterior >= 0.5).astype(float)
    expected = [[float(given[:, i] @ (1 - label)), float(given[:, i] @ label)] for i in (0, 1)]
    counts = np.rint(1e6 * (given[:, 0] * (1 - PRIOR) + given[:, 1] * PRIOR)).astype(int)
    q = torch.tensor(np.repeat(posterior, counts))[:, None]
    found = expected_confusion(q, q if kind == "soft" else hard_class(q))
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_limits() -> None:
    sure = torch.tensor([[0.0], [1.0], [1.0]])
    assert_close(expected_confusion(sure, sure)[0], torch.eye(2, dtype=torch.float64))
    flat = torch.full((9, 1), 0.3)
    assert_close(expected_confusion(flat, flat)[0], torch.tensor([[0.7, 0.3], [0.7, 0.3]]).double(), rtol=0, atol=1e-6)
    one_class = torch.ones(4, 1)
    assert_close(expected_confusion(one_class, one_class)[0], torch.eye(2, dtype=torch.float64))
    nothing = torch.empty(0, 1)
    assert_close(expected_confusion(nothing, nothing)[0], torch.eye(2, dtype=torch.float64))


def test_classes_may_be_swapped() -> None:
    q = torch.rand(40, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert_close(expected_confusion(1 - q, 1 - q), expected_confusion(q, q).flip(1, 2))


def test_wrong_arguments() -> None:
    with pytest.raises(ShapeError, match=r"label has shape \(3, 1\); expected \(2, 1\)"):
        expected_confusion(torch.rand(2, 1), torch.rand(3, 1))
    with pytest.raises(ValueError, match="posterior has values outside"):
        expected_confusion(torch.tensor([[1.2]]), torch.tensor([[0.2]]))


def votes(n: int, seed: int = 0) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Draw kinds of molecules, their truth, and hard votes `(3, n, 1)` that depend on the truth alone."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(len(TRUE), size=n)
    truth = (rng.random(n) < TRUE[kind]).astype(int)
    said = np.stack([rng.random(n) < ERRORS[k][truth, 1] for k in range(3)]).astype(np.float32)
    return torch.tensor(said)[:, :, None], kind, truth


class TestConsensus:
    def test_only_dawid_skene_knows(self) -> None:
        assert [method for method in METHODS if knows_noise(method)] == ["dawid_skene"]
        said, _, _ = votes(50)
        assert fit_consensus("median", {"predictions": said}, ["classification"]).noise({"predictions": said}) is None

    def test_it_is_that_of_the_posterior(self) -> None:
        said = {"predictions": votes(2000)[0]}
        found = fit_consensus("dawid_skene", said, ["classification"]).noise(said)
        posterior = dawid_skene(said["predictions"]).posterior
        assert found is not None
        assert_close(found.soft, expected_confusion(posterior, posterior), rtol=0, atol=1e-5)
        assert_close(found.hard, expected_confusion(posterior, hard_class(posterior)), rtol=0, atol=1e-5)

    def test_of_sharpened_labels_it_is_theirs(self) -> None:
        said = {"predictions": votes(2000)[0]}
        found = fit_consensus("dawid_skene", said, ["classification"], sharpen=0.5).noise(said)
        posterior = dawid_skene(said["predictions"]).posterior
        assert found is not None
        assert_close(found.soft, expected_confusion(posterior, sharpen(posterior, 0.5)), rtol=0, atol=1e-5)

    def test_it_is_the_errors_of_the_labels_that_a_known_truth_shows(self) -> None:
        said, _, truth = votes(40_000)
        rule = fit_consensus("dawid_skene", {"predictions": said}, ["classification"])
        found, label = rule.noise({"predictions": said}), rule({"predictions": said}).soft_label[:, 0].numpy()
        assert found is not None
        for kind, taught in ((found.soft, label), (found.hard, label >= 0.5)):
            np.testing.assert_allclose([kind[0, i, 1] for i in (0, 1)], [taught[truth == i].mean() for i in (0, 1)], atol=0.03)

    def test_values_have_none_and_one_teacher_the_identity(self) -> None:
        one = {"predictions": torch.rand(1, 30, 2)}
        found = fit_consensus("dawid_skene", one, ["classification", "regression"]).noise(one)
        assert found is not None
        assert_close(found.soft[0], torch.eye(2, dtype=torch.float64))
        assert bool(found.soft[1].isnan().all())


def learnt(kind: np.ndarray, label: Tensor, spec: LossSpec) -> np.ndarray:
    """Return what a student with one free probability per kind of molecule learns, `(5,)`."""
    free = torch.zeros(len(TRUE), requires_grad=True)
    loss, optimiser = DistillationLoss(spec), torch.optim.LBFGS([free], max_iter=200, line_search_fn="strong_wolfe")
    columns = torch.from_numpy(kind)

    def step() -> Tensor:
        optimiser.zero_grad()
        value: Tensor = loss(free[columns][:, None], label)
        value.backward()
        return value

    optimiser.step(step)
    return torch.sigmoid(free).detach().numpy()  # type: ignore[no-any-return]


@pytest.mark.parametrize("labels", ["soft", "hard"])
def test_corrected_a_student_of_noisy_teachers_learns_the_truth(labels: str) -> None:
    said, kind, _ = votes(40_000)
    rule = fit_consensus("dawid_skene", {"predictions": said}, ["classification"])
    soft, noise = rule({"predictions": said}).soft_label, rule.noise({"predictions": said})
    assert noise is not None
    label, confusion = (soft, noise.soft) if labels == "soft" else (hard_class(soft), noise.hard)
    spec = LossSpec(confusions=tuple(tuple(map(tuple, one)) for one in confusion.tolist()))
    plain, corrected = learnt(kind, label, LossSpec()), learnt(kind, label, spec)
    mean = np.array([label[kind == k].mean() for k in range(len(TRUE))])
    c01, c11 = float(confusion[0, 0, 1]), float(confusion[0, 1, 1])
    np.testing.assert_allclose(plain, mean, atol=0.01)  # E[q | x]: flatter than the truth
    np.testing.assert_allclose(corrected, np.clip((mean - c01) / (c11 - c01), 0, 1), atol=0.01)  # solved for P(1 | x)
    assert np.abs(corrected - TRUE).max() < 0.05
    assert np.abs(plain - TRUE).max() > 3 * np.abs(corrected - TRUE).max()


def test_where_votes_say_nothing_beyond_the_structure_it_sharpens_too_much() -> None:
    """The limit that is documented: teachers that all know `P(1 | x)`, and nothing else, are right as they are."""
    q = torch.tensor(np.repeat(TRUE, 100))[:, None]
    c = expected_confusion(q, q)[0]
    solved = (TRUE - float(c[0, 1])) / float(c[1, 1] - c[0, 1])
    assert solved[0] < 0 < 1 < solved[-1]


class TestLoss:
    def test_the_identity_is_the_plain_loss(self) -> None:
        draw = torch.Generator().manual_seed(0)
        logits, target = torch.randn(20, 2, generator=draw, dtype=torch.float64), torch.rand(20, 2, generator=draw, dtype=torch.float64)
        spec = LossSpec(confusions=(((1.0, 0.0), (0.0, 1.0)),) * 2)
        assert_close(DistillationLoss(spec)(logits, target), soft_bce(logits, target))

    def test_it_must_have_been_looked_up(self) -> None:
        with pytest.raises(ConfigError, match=r"loss\.confusion is auto, and no consensus was asked"):
            DistillationLoss(LossSpec(confusion="auto"))

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"confusion": "maybe"}, r"loss\.confusion is maybe; expected two rows .* or auto"),
            ({"confusions": (((0.9, 0.2), (0.1, 0.9)),)}, r"loss\.confusions is .*; expected for each class two rows"),
            ({"confusion": "auto", "confusions": (((1.0, 0.0), (0.0, 1.0)),)}, r"no loss\.confusion beside"),
        ],
    )
    def test_wrong_settings(self, settings: dict[str, object], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            LossSpec(**settings)  # type: ignore[arg-type]

    def test_as_many_as_classes(self) -> None:
        from fluid.data.endpoints import Endpoint

        endpoints = tuple(Endpoint.parse(text) for text in ("a", "b [u]", "c"))
        one = ((0.9, 0.1), (0.2, 0.8))
        with pytest.raises(ConfigError, match=r"loss\.confusions has 1 entries; expected 2, one per class"):
            Objective(endpoints, LossSpec(confusions=(one,)))
        assert Objective(endpoints, LossSpec(confusions=(one, one))).of_classes.confusion is not None
