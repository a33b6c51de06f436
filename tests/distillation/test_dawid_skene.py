"""Dawid–Skene against crowd-kit, against an implementation of the 1979 paper, and on data whose truth is known."""

import importlib.util

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fluid.distillation import combine, dawid_skene

RIGHT = np.array([0.9, 0.8, 0.75, 0.7, 0.6])
CROWD_KIT = {  # crowd-kit 1.4.2, DawidSkene(n_iter=5000, tol=1e-14), on hard_votes()
    "posterior": [0.0, 0.0, 0.0, 0.99290327, 0.97075387, 0.0, 0.9105678, 0.09822506],
    "prior": 0.29366888543266,
    "confusion": [
        [[0.84721296, 0.15278704], [0.0, 1.0]],
        [[0.79930883, 0.20069117], [0.0, 1.0]],
        [[0.73156509, 0.26843491], [0.12489261, 0.87510739]],
        [[0.6349617, 0.3650383], [0.29211972, 0.70788028]],
        [[0.65664329, 0.34335671], [0.43957725, 0.56042275]],
    ],
}


def hard_votes(molecules: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return votes `(5, molecules)`, 15 % of them missing, and the truth."""
    draw = np.random.default_rng(7)
    truth = draw.random(molecules) < 0.4
    votes = np.where(draw.random((5, molecules)) < RIGHT[:, None], truth, ~truth).astype(float)
    votes[draw.random((5, molecules)) < 0.15] = np.nan
    return votes, truth


def soft_votes(molecules: int = 4000, seed: int = 3) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    """Return probabilities whose mean is known for either class, the truth, and these means `(K, 2)`."""
    draw = np.random.default_rng(seed)
    truth = draw.random(molecules) < 0.3
    means = np.array([[0.1, 0.9], [0.2, 0.7], [0.4, 0.8], [0.3, 0.6]])
    mean = means[:, truth.astype(int)]
    votes = draw.beta(8 * mean, 8 * (1 - mean))
    return torch.tensor(votes).unsqueeze(2), torch.tensor(truth), means


def paper(votes: np.ndarray, steps: int = 5000) -> tuple[np.ndarray, np.ndarray, float]:
    """Return posterior, confusions and prior by the equations of Dawid & Skene 1979, one vote at a time."""
    truth = np.nanmean(votes, axis=0)
    for _ in range(steps):
        prior, errors = truth.mean(), np.zeros((len(votes), 2, 2))
        for k, row in enumerate(votes):  # eq. 2.3: how often k says v where c is true
            for m in np.flatnonzero(~np.isnan(row)):
                errors[k, 1, int(row[m])] += truth[m]
                errors[k, 0, int(row[m])] += 1 - truth[m]
        errors /= errors.sum(2, keepdims=True)
        for m in range(votes.shape[1]):  # eq. 2.5: Bayes' theorem
            yes, no = prior, 1 - prior
            for k in np.flatnonzero(~np.isnan(votes[:, m])):
                yes, no = yes * errors[k, 1, int(votes[k, m])], no * errors[k, 0, int(votes[k, m])]
            truth[m] = yes / (yes + no)
    return truth, errors, float(truth.mean())


def fitted(votes: np.ndarray, **options: float) -> object:
    return dawid_skene(torch.tensor(votes).unsqueeze(2), iterations=5000, tolerance=1e-13, pseudocount=0.0, **options)


def test_hard_votes_are_crowd_kits_figures() -> None:
    found = fitted(hard_votes()[0])
    assert_close(found.posterior[:8, 0], torch.tensor(CROWD_KIT["posterior"], dtype=torch.float64), rtol=0, atol=1e-6)
    assert_close(found.confusion[:, 0], torch.tensor(CROWD_KIT["confusion"], dtype=torch.float64), rtol=0, atol=1e-6)
    assert_close(found.prior.item(), CROWD_KIT["prior"], rtol=0, atol=1e-6)


def test_hard_votes_are_the_papers_equations() -> None:
    votes = hard_votes(40)[0]
    votes[:, np.isnan(votes).all(0)] = 1.0
    found, (truth, errors, prior) = fitted(votes), paper(votes, 400)
    np.testing.assert_allclose(found.posterior[:, 0], truth, atol=1e-5)
    np.testing.assert_allclose(found.confusion[:, 0], errors, atol=1e-5)
    np.testing.assert_allclose(found.prior[0], prior, atol=1e-5)


@pytest.mark.skipif(importlib.util.find_spec("crowdkit") is None, reason="crowd-kit is not installed; its figures stand above")
def test_hard_votes_are_crowd_kits() -> None:
    import pandas as pd
    from crowdkit.aggregation.classification.dawid_skene import DawidSkene

    votes = hard_votes()[0]
    k, m = np.nonzero(~np.isnan(votes))
    table = pd.DataFrame({"task": m, "worker": k, "label": votes[k, m].astype(int)})
    reference = DawidSkene(n_iter=5000, tol=1e-14).fit(table)
    np.testing.assert_allclose(fitted(votes).posterior[:, 0], reference.probas_.sort_index()[1], atol=1e-6)


def test_the_likelihood_never_falls() -> None:
    votes = soft_votes(300)[0]
    p, previous = votes[:, :, 0].numpy(), -np.inf
    for steps in range(1, 12):
        found = dawid_skene(votes, iterations=steps, tolerance=0.0, pseudocount=0.0)
        logs = np.log(found.confusion[:, 0].numpy())
        prior = np.array([1 - found.prior.item(), found.prior.item()])
        scores = np.stack([np.log(prior[c]) + ((1 - p) * logs[:, c, :1] + p * logs[:, c, 1:]).sum(0) for c in (0, 1)])
        likelihood = np.logaddexp(*scores).sum()
        assert likelihood >= previous - 1e-9
        previous = likelihood


def test_errors_of_teachers_are_found() -> None:
    votes, truth = hard_votes(10_000)
    votes[:, np.isnan(votes).all(0)] = 0.0
    found = dawid_skene(torch.tensor(votes).unsqueeze(2))
    for c in (0, 1):
        np.testing.assert_allclose(found.confusion[:, 0, c, c], RIGHT, atol=0.03)
    assert_close(found.prior.item(), 0.4, atol=0.03, rtol=0)
    assert_close(found.confusion.sum(3), torch.ones(5, 1, 2, dtype=torch.float64))
    by_mean = ((np.nanmean(votes, axis=0) > 0.5) != truth).mean()
    assert ((found.posterior[:, 0].numpy() > 0.5) != truth).mean() < by_mean


def test_soft_votes_order_teachers_by_their_errors() -> None:
    found = dawid_skene(soft_votes()[0])
    gap = found.confusion[:, 0, 1, 1] - found.confusion[:, 0, 0, 1]
    assert gap.argsort(descending=True).tolist() == [0, 1, 2, 3]


def test_a_teacher_that_always_says_the_opposite_is_used_all_the_same() -> None:
    votes, truth, _ = soft_votes()
    votes[3] = 1 - truth.double().unsqueeze(1) * 0.9 - 0.05
    found = dawid_skene(votes)
    assert found.confusion[3, 0, 1, 0] > 0.8
    assert ((found.posterior[:, 0] > 0.5) == truth).double().mean() > 0.97


def test_one_teacher_is_believed_and_none_is_unknown() -> None:
    votes = soft_votes(50)[0]
    found = dawid_skene(votes[:1])
    assert_close(found.posterior, votes[0])
    assert_close(found.confusion[0, 0], torch.eye(2, dtype=torch.float64))
    nothing = dawid_skene(torch.full((3, 5, 2), torch.nan))
    assert torch.isnan(nothing.posterior).all()
    assert_close(nothing.prior, torch.full((2,), 0.5))
    assert not torch.isnan(nothing.confusion).any()


def test_no_step_is_the_mean_and_no_evidence_the_prior() -> None:
    votes = soft_votes(50)[0]
    assert_close(dawid_skene(votes, iterations=0).posterior, votes.mean(0))
    found = dawid_skene(votes, evidence=0.0)
    assert_close(found.posterior, found.prior.expand(50, 1))


def test_less_evidence_is_less_sure() -> None:
    votes = soft_votes(500)[0]
    sure = [float((dawid_skene(votes, evidence=evidence, iterations=3).posterior - 0.5).abs().mean()) for evidence in (0.25, 0.5, 1.0)]
    assert sure == sorted(sure)


def test_the_consensus_is_the_posterior() -> None:
    votes = soft_votes(100)[0]
    assert_close(combine("dawid_skene", {"predictions": votes}, ["classification"]).soft_label, dawid_skene(votes).posterior)


def test_weights_count_votes() -> None:
    votes = soft_votes(100)[0]
    weights = torch.ones_like(votes)
    weights[1] = 2
    twice = dawid_skene(votes[[0, 1, 1, 2, 3]])
    assert_close(dawid_skene(votes, weights, pseudocount=0.0).posterior, dawid_skene(votes[[0, 1, 1, 2, 3]], pseudocount=0.0).posterior)
    assert twice.confusion.shape == (5, 1, 2, 2)
