import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from fluid.companies import heterogeneity
from fluid.companies.heterogeneity import CompanySummary, chemical_separation, describe, format_summary, label_divergence
from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError

BOTH = (Endpoint("herg"), Endpoint("logbb", kind="regression"))


def test_divergence_equals_the_reference():
    rng = np.random.default_rng(0)
    company, pool = rng.integers(0, 4, 50), rng.choice(4, 500, p=[0.1, 0.2, 0.3, 0.4])
    expected = jensenshannon(np.bincount(company), np.bincount(pool), base=2) ** 2
    assert label_divergence(company, pool) == pytest.approx(expected)


def test_divergence_runs_from_nought_to_one_bit_and_ignores_missing():
    assert label_divergence(np.array([0, 1, -1]), np.array([0, 1, 0, 1])) == 0
    assert label_divergence(np.array([0, 0]), np.array([1, 1, -1])) == pytest.approx(1)
    assert np.isnan(label_divergence(np.array([-1]), np.array([0, 1])))
    assert np.isnan(label_divergence(np.array([], dtype=np.int64), np.array([0, 1])))


def test_a_random_split_is_not_separated_and_chemical_series_are(make_table, series):
    table = make_table()
    random = np.random.default_rng(0).integers(0, 4, 400)
    assert chemical_separation(table, random, 4, 0) == pytest.approx(np.zeros(4), abs=0.08)
    assert (chemical_separation(table, series, 4, 0) > 0.3).all()


def test_small_random_companies_look_no_more_separated_than_large_ones(make_table):
    table = make_table()
    company = (np.random.default_rng(1).random(400) < 0.1).astype(np.int64)
    found = np.mean([chemical_separation(table, company, 2, seed) for seed in range(5)], axis=0)
    assert found == pytest.approx([0, 0], abs=0.08)


def test_separation_needs_two_molecules_and_others(make_table):
    table = make_table(5)
    assert np.isnan(chemical_separation(table, np.array([0, 1, 1, 1, 1]), 2, 0)).tolist() == [True, False]
    assert np.isnan(chemical_separation(table, np.zeros(5, dtype=np.int64), 1, 0)).all()


def test_sample_bounds_the_work(make_table, series, monkeypatch):
    monkeypatch.setattr(heterogeneity, "SAMPLE", 10)
    sizes = []
    monkeypatch.setattr(heterogeneity, "morgan_bits", lambda smiles: sizes.append(len(smiles)) or np.full((len(smiles), 8), 7, np.uint8))
    chemical_separation(make_table(), series, 4, 0)
    assert sizes == [10] * 12


def test_description_per_company_and_endpoint(make_table):
    labels = np.array([[1, 0.5], [1, 1.5], [0, np.nan], [np.nan, 2.5], [0, 3.5]])
    table = make_table(5, labels, BOTH)
    one, other = describe(table, np.array([0, 0, 0, 1, 1]), names=["Acme", "Beta"])
    assert (one.name, one.n, one.labels) == ("Acme", 3, (3, 2))
    assert (other.name, other.n, other.labels) == ("Beta", 2, (1, 2))
    assert one.positives[0] == pytest.approx(2 / 3)
    assert other.positives[0] == 0
    assert np.isnan([one.positives[1], other.positives[1]]).all()
    assert one.divergence[0] == pytest.approx(jensenshannon([1 / 3, 2 / 3], [0.5, 0.5], base=2) ** 2)
    assert 0 < one.divergence[1] <= 1


def test_description_is_reproducible_names_follow_the_index_and_row_order_keeps_counts(make_table, series):
    table = make_table()
    summaries = describe(table, series)
    assert [summary.name for summary in summaries] == ["T1", "T2", "T3", "T4"]
    assert describe(table, series) == summaries
    order = np.random.default_rng(0).permutation(400)
    shuffled = describe(table.take(order), series[order])
    assert [(s.n, s.positives, s.divergence) for s in shuffled] == [(s.n, s.positives, s.divergence) for s in summaries]


def test_unlabelled_tables_have_no_label_figures(make_table, series):
    (first, *_) = describe(make_table(labels=np.empty((400, 0)), endpoints=()), series)
    assert (first.labels, first.positives, first.divergence) == ((), (), ())


def test_wrong_lengths_are_refused(make_table):
    with pytest.raises(ShapeError, match=r"company has shape \(3,\), expected \(4,\)"):
        describe(make_table(4), np.zeros(3, dtype=np.int64))
    with pytest.raises(ShapeError, match="1 names for 2 companies"):
        describe(make_table(4), np.array([0, 0, 1, 1]), names=["only"])


def test_table_is_aligned_and_marks_what_is_undefined():
    summaries = (
        CompanySummary("T1", 1234, (1200, 30), (0.38, float("nan")), (0.0123, 0.5), 0.21),
        CompanySummary("T2", 7, (), (), (), float("nan")),
    )
    header, first, second = format_summary(summaries).split("\n")
    assert header.split("  ")[0] == "company"
    assert first.split() == ["T1", "1234", "38%", "/", "-", "0.012", "/", "0.500", "0.210"]
    assert second.split() == ["T2", "7", "-", "-", "-"]
    assert len(header) == len(first) == len(second)
