"""Analyses against answers worked out by hand from the models themselves."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest

from fluid.annotation.annotation_set import stack
from fluid.companies.domains import domains
from fluid.companies.spec import CompanySpec
from fluid.errors import ConfigError
from fluid.evaluation.metrics import auroc, mcc
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import read_model
from fluid.federation.simulation import Federation, simulate
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import annotate
from fluid.federation.stages.consensus import combine_annotations
from fluid.federation.taking_part import TakingPart
from fluid.molecules.feature_dictionary import dictionary_of, features_of, find_covered
from fluid.molecules.fingerprints import tanimoto
from fluid.pipeline.runner import Runner
from tests.federation.conftest import Finished

NAMES = ("cross_domain", "domain_gain", "contribution")


@pytest.fixture(scope="module")
def analysed(finished: Finished) -> Finished:
    """Return a federation of companies with chemistry of their own, and its analyses."""
    split = CompanySpec(method="kmeans", n=3, smoothing=0.05, min_size=20, min_per_class=2)
    spec = replace(finished.spec, companies=split, analyses=NAMES)
    runner = Runner(finished.runner.store)
    return Finished(spec, runner, simulate(spec, runner))


def table(federation: Federation, name: str) -> pd.DataFrame:
    return pd.read_csv(federation.analyses[name] / f"{name}.csv", dtype={"company": str}).fillna({"company": ""})


def test_the_matrix_is_that_of_the_models_asked_one_by_one(analysed: Finished) -> None:
    federation = analysed.federation
    found = table(federation, "cross_domain")
    test, validation = federation.data.tests["in-domain"], federation.data.validation
    where = domains("kmeans", [part.molecules.smiles for part in federation.companies.values()], test.molecules.smiles)
    assert set(found["model"]) == {"T1", "T2", "T3", "H1", "H2", "H3", "student", "pooled"}
    assert len(found) == 8 * 3 * 7  # models, domains, metrics of a class
    for name in set(found["model"]):
        model = read_model(federation.models[name])
        said, known = (model.predictor.predict(part.molecules).mean[:, 0] for part in (test, validation))
        from fluid.evaluation.thresholds import best_threshold

        threshold = best_threshold(known, validation.labels[:, 0])
        for number in range(3):
            own = where == number
            rows = found[(found["model"] == name) & (found["domain"] == f"T{number + 1}")].set_index("metric")
            labels = test.labels[own, 0]
            expected = [auroc(said[own], labels), mcc(said[own], labels, threshold)]
            np.testing.assert_allclose(rows.loc[["auroc", "mcc"], "value"].to_numpy(), expected, atol=1e-6)
            assert set(rows["n"]) == {int(own.sum())}
    assert found.drop_duplicates("domain")["n"].sum() == len(test)


def test_molecules_come_into_domain_by_the_features_that_were_learnt(analysed: Finished) -> None:
    federation = analysed.federation
    found = table(federation, "domain_gain").set_index(["company", "role", "test", "rule"])
    rows = np.load(federation.models["student"] / "rows.npy")
    lesson = federation.data.transfer.take(rows)
    for company, part in federation.companies.items():
        learnt = {"teacher": [part], "student": [lesson], "hybrid": [part, lesson]}
        for test, asked in federation.data.tests.items():
            inside = {}
            for role, parts in learnt.items():
                smiles = [text for one in parts for text in one.molecules.smiles]
                inside[role] = find_covered(features_of(asked.molecules.smiles), dictionary_of(features_of(smiles)))
                assert found.loc[(company, role, test, "features"), "in_domain"] == inside[role].sum()
                bits = np.concatenate([np.asarray(one.molecules.bits) for one in parts])
                near = -np.sort(-tanimoto(np.asarray(asked.molecules.bits), bits), axis=1)[:, :3].mean(axis=1)
                assert found.loc[(company, role, test, "nearest"), "in_domain"] == (near >= 0.3).sum()
            assert (inside["hybrid"] >= inside["teacher"]).all()
            assert found.loc[(company, "hybrid", test, "features"), "gained"] == (inside["hybrid"] & ~inside["teacher"]).sum()
            assert found.loc[(company, "teacher", test, "nearest"), "gained"] == 0


def test_contributions_are_shapley_values_of_the_consensus(analysed: Finished) -> None:
    federation, spec = analysed.federation, analysed.spec
    found = table(federation, "contribution").set_index(["company", "test", "metric"])
    test = federation.data.tests["external"]
    sets = [annotate(read_model(federation.models[f"T{i}"]), test) for i in (1, 2, 3)]

    def worth(members: tuple[int, ...]) -> float:
        if not members:
            return 0.5
        soft_label = combine_annotations(stack([sets[i] for i in members]), spec.consensus, spec.annotation.edges).soft_label.numpy()
        return auroc(soft_label[:, 0], test.labels[:, 0])

    for i in range(3):
        others = [j for j in range(3) if j != i]
        subsets = [subset for size in range(3) for subset in combinations(others, size)]
        expected = sum((worth(tuple(sorted((*s, i)))) - worth(s)) / (3 * comb(2, len(s))) for s in subsets)
        row = found.loc[(f"T{i + 1}", "external", "auroc")]
        assert row["shapley"] == pytest.approx(expected, abs=1e-6)
        assert row["leave_one_out"] == pytest.approx(worth((0, 1, 2)) - worth(tuple(others)), abs=1e-6)
        assert row["alone"] == pytest.approx(worth((i,)), abs=1e-6)
    sums = found.groupby(["test", "metric"])["shapley"].sum()
    together = found.groupby(["test", "metric"])["together"].first()
    nothing = pd.Series({key: 0.5 if key[1] == "auroc" else 0.0 for key in sums.index})
    np.testing.assert_allclose(sums, together - nothing.reindex(sums.index), atol=1e-9)
    evaluated = pd.read_csv(federation.evaluated["consensus"] / "scores.csv").set_index(["test", "metric"])["value"]
    np.testing.assert_allclose(together, evaluated.reindex(together.index), atol=1e-9)  # the whole is the consensus of the report


def test_a_second_time_nothing_is_made_again(analysed: Finished) -> None:
    runner = Runner(analysed.runner.store)
    simulate(analysed.spec, runner)
    assert [(record.stage, record.reused) for record in runner.records][-3:] == [(name, True) for name in NAMES]
    assert all(record.reused for record in runner.records)


def test_those_who_take_no_part_have_a_domain_but_no_hybrid(analysed: Finished) -> None:
    spec = replace(analysed.spec, taking_part=TakingPart(left_out="T2"))
    runner = Runner(analysed.runner.store)
    federation = simulate(spec, runner)
    matrix = table(federation, "cross_domain")
    assert set(matrix["model"]) == {"T1", "T2", "T3", "H1", "H3", "student", "pooled"}
    assert set(matrix["domain"]) == {"T1", "T2", "T3"}
    for name in ("domain_gain", "contribution"):
        assert set(table(federation, name)["company"]) == {"T1", "T3"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"analyses": ("shapes",)}, "analyses has 'shapes'; expected a list of cross_domain, domain_gain, contribution"),
        ({"analyses": ("cross_domain",)}, "companies.method 'size' gives companies no one chemistry of their own"),
    ],
)
def test_impossible_analyses_are_refused(finished: Finished, changes: dict, message: str) -> None:
    spec: FederationSpec = replace(finished.spec, **changes)
    with pytest.raises(ConfigError, match=message):
        federation_graph(spec, finished.runner)


def test_without_analyses_nothing_is_made(rerun: Callable[..., Finished], finished: Finished) -> None:
    runner = Runner(finished.runner.store)
    assert simulate(finished.spec, runner).analyses == {}
    assert not {record.stage for record in runner.records} & set(NAMES)
