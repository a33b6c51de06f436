from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from fluid.companies import kmeans
from fluid.companies.kmeans import kmeans_draws
from fluid.companies.spec import CompanySpec
from fluid.errors import InputError


def test_clusters_are_the_chemical_series(make_table, series):
    draws = islice(kmeans_draws(make_table(), CompanySpec(n=4, smoothing=0), 0), 5)
    assert max(adjusted_rand_score(series, draw) for draw in draws) == pytest.approx(1)


def test_smoothing_moves_its_share_from_the_same_clusters(make_table):
    plain, smoothed = (next(kmeans_draws(make_table(), CompanySpec(n=4, smoothing=share), 3)) for share in (0, 0.05))
    assert (plain != smoothed).sum() == 20


def test_each_draw_starts_elsewhere_and_draws_are_reproducible(make_table):
    first, second = islice(kmeans_draws(make_table(), CompanySpec(n=8), 0), 2)
    again = next(kmeans_draws(make_table(), CompanySpec(n=8), 0))
    assert np.array_equal(first, again)
    assert adjusted_rand_score(first, second) < 1


def test_a_large_pool_is_fitted_on_a_sample_and_assigned_in_chunks(make_table, series, monkeypatch):
    monkeypatch.setattr(kmeans, "FIT_LIMIT", 200)
    monkeypatch.setattr(kmeans, "CHUNK", 64)
    draws = list(islice(kmeans_draws(make_table(), CompanySpec(n=4, smoothing=0), 0), 5))
    assert max(adjusted_rand_score(series, draw) for draw in draws) > 0.95
    assert all(len(draw) == 400 for draw in draws)


def test_too_few_different_molecules_are_refused(make_table):
    table = make_table(50)
    table = replace(table, smiles=table.smiles[:1] * 50)
    with pytest.raises(InputError, match=r"1 different fingerprints cannot make 2 clusters\. Lower companies\.n\."):
        next(kmeans_draws(table, CompanySpec(n=2), 0))
