from dataclasses import replace

import numpy as np
import pytest

from fluid.companies.measured import measured_endpoints
from fluid.companies.quorum import check_companies
from fluid.companies.spec import CompanySpec
from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable
from fluid.errors import ConfigError

T, M = 6, 400
SPEC = CompanySpec("size", n=4, min_size=1, min_per_class=10, endpoint_share=0.5)
COMPANY = np.repeat(np.arange(4), M // 4)


@pytest.fixture
def table() -> MoleculeTable:
    labels = np.random.default_rng(0).normal(size=(M, T)).astype(np.float32)
    labels[:, 5] = labels[:, 5] > 0
    endpoints = (*(Endpoint.parse(f"e{i} [u]") for i in range(T - 1)), Endpoint.parse("active"))
    return MoleculeTable(tuple("C" * (i + 1) for i in range(M)), tuple(f"K{i}" for i in range(M)), labels, endpoints)


def test_all_measured_all_by_default(table: MoleculeTable) -> None:
    assert measured_endpoints(table, COMPANY, replace(SPEC, endpoint_share=1.0), 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_each_keeps_its_share_and_every_endpoint_is_somewhere(table: MoleculeTable, seed: int) -> None:
    kept = measured_endpoints(table, COMPANY, SPEC, seed)
    assert kept.shape == (4, T)
    assert (kept.sum(axis=1) >= 3).all()
    assert kept.any(axis=0).all()
    np.testing.assert_array_equal(kept, measured_endpoints(table, COMPANY, SPEC, seed))


def test_another_seed_is_another_draw(table: MoleculeTable) -> None:
    draws = {measured_endpoints(table, COMPANY, SPEC, seed).tobytes() for seed in range(5)}
    assert len(draws) > 2


def test_too_few_labels_are_not_kept(table: MoleculeTable) -> None:
    labels = table.labels.copy()
    labels[np.ix_(COMPANY == 2, [0, 1, 2, 3, 4])] = np.nan
    labels[: 9 + 1, 0] = 1.0
    labels[19:100, 0] = np.nan  # 19 values in the first company: one too few
    poor = replace(table, labels=labels)
    for seed in range(5):
        kept = measured_endpoints(poor, COMPANY, SPEC, seed)
        assert kept[2].tolist() == [False] * 5 + [True]
        assert not kept[0, 0]
        assert kept[:, 0].any()
    assert check_companies(poor, COMPANY, SPEC) is None
    shortage = check_companies(poor, COMPANY, replace(SPEC, endpoint_share=1.0))
    assert "T3 with 0 values of 'e0', fewer than 20" in str(shortage)


def test_a_company_with_too_few_of_everything_is_refused(table: MoleculeTable) -> None:
    labels = table.labels.copy()
    labels[COMPANY == 1] = np.nan
    assert "T2 with 0 values of 'e0'" in str(check_companies(replace(table, labels=labels), COMPANY, SPEC))


@pytest.mark.parametrize("share", [0.0, 1.5, float("nan")])
def test_shares_that_cannot_be(share: float) -> None:
    with pytest.raises(ConfigError, match=r"companies\.endpoint_share is .*a share above 0, at most 1"):
        CompanySpec(endpoint_share=share)


def test_where_all_measured_all_a_company_leaves_out_what_it_has_too_few_labels_of(table: MoleculeTable) -> None:
    labels = table.labels.copy()
    labels[np.ix_(COMPANY == 2, [0, 4])] = np.nan
    poor, whole = replace(table, labels=labels), replace(SPEC, endpoint_share=1.0)
    kept = measured_endpoints(poor, COMPANY, whole, 0, quorum=10)
    assert kept[2].tolist() == [False, True, True, True, False, True]
    assert kept[[0, 1, 3]].all()
    assert check_companies(poor, COMPANY, whole, leave_out=True) is None
    assert "T3 with 0 values of 'e0', fewer than 20" in str(check_companies(poor, COMPANY, whole))


def test_the_larger_of_both_quorums_counts_unless_nothing_is_left(table: MoleculeTable) -> None:
    labels = table.labels.copy()
    labels[:70, 1] = np.nan  # 30 values in the first company
    poor, whole = replace(table, labels=labels), replace(SPEC, endpoint_share=1.0)
    assert measured_endpoints(poor, COMPANY, whole, 0, quorum=30).sum() == 4 * T
    kept = measured_endpoints(poor, COMPANY, whole, 0, quorum=31)
    assert (kept.sum(), bool(kept[0, 1])) == (4 * T - 1, False)
    assert measured_endpoints(poor, COMPANY, whole, 0, quorum=1000).all()  # the teachers say what they lack


def test_with_no_check_at_all_an_endpoint_without_labels_is_left_out_still(table: MoleculeTable) -> None:
    labels = table.labels.copy()
    labels[COMPANY == 3, 5] = 0
    free = replace(SPEC, endpoint_share=1.0, min_per_class=0)
    assert not measured_endpoints(replace(table, labels=labels), COMPANY, free, 0, quorum=0)[3, 5]


def test_a_company_that_would_keep_nothing_says_all_it_lacks(table: MoleculeTable) -> None:
    labels = table.labels.copy()
    labels[COMPANY == 1] = np.nan
    said = str(check_companies(replace(table, labels=labels), COMPANY, replace(SPEC, endpoint_share=1.0), leave_out=True))
    assert all(f"0 values of 'e{i}'" in said for i in range(5))
    assert "0 active and 0 inactive labels of 'active'" in said
