"""Students of regions: how public chemistry is divided, what is mixed, and what is not there."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fluid.artifacts import read_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.expert_heads import correlation
from fluid.federation.model_folder import read_model
from fluid.federation.regions import Regional, blend, companies_in, distinct_rows, divide, mix, parts_of, regional_shares, told
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.taking_part import TakingPart
from fluid.models.checkpoint import load_predictor
from fluid.models.ensemble import GraphEnsemble
from fluid.models.experts import ExpertsPredictor
from fluid.models.own_expert import OwnExpert
from fluid.models.regions import RegionsPredictor
from fluid.models.regions_spec import RegionsSpec
from fluid.models.scores import scores_of
from fluid.molecules.generated_spec import GeneratedSpec
from fluid.molecules.molecule_set import MoleculeSet
from tests.federation.conftest import Finished
from tests.federation.test_experts import CHANGES, DICTIONARY, ENDPOINTS

REGIONS = {**CHANGES, "distillation": StudentSpec("regions", regions=RegionsSpec(n=2))}
DISTILLED = {**CHANGES, "distillation": StudentSpec("distilled_experts", generated=GeneratedSpec(20)), "hybrid": HybridSpec("gate")}
ALKANES, RINGS = ["CCCC", "CCCCC", "CCCCCC", "CCCCCCC"], ["c1ccncc1", "c1ccncc1C", "Cc1ccncc1C", "CCc1ccncc1"]


def heads(n: int = 3) -> Regional:
    rng = np.random.default_rng(0)
    return Regional(rng.normal(size=(n, 16)), rng.normal(size=n), rng.poisson(5, (n, 16)).astype(float), rng.uniform(size=n))


def test_regions_are_clusters_and_the_seed_decides() -> None:
    features = DICTIONARY.features(MoleculeSet.from_smiles(ALKANES + RINGS))
    region = divide(features, 2, 0)
    assert len(set(region[:4])) == len(set(region[4:])) == 1
    assert region[0] != region[7]
    assert np.array_equal(region, divide(features, 2, 0))
    assert not divide(features, 1, 0).any()


def test_more_regions_than_different_molecules_are_refused() -> None:
    features = DICTIONARY.features(MoleculeSet.from_smiles(["CCO", "OCC", "CCO", "c1ccccc1"]))
    assert distinct_rows(features) == 2
    with pytest.raises(
        ConfigError, match=r"2 different transfer molecules cannot make 3 regions; expected distillation\.regions\.n of at most 2"
    ):
        divide(features, 3, 0)


def test_evidence_goes_where_a_company_knows_more_than_others_do() -> None:
    region = np.array([0, 0, 1, 1])
    familiar = np.array([[9.0, 30.0], [9.0, 30.0], [3.0, 40.0], [3.0, 40.0]])  # the second is larger, and knows either better
    share = regional_shares(familiar, region, 2, 2.0)
    better = np.log(np.array([[9.0, 30.0], [3.0, 40.0]]))
    better = better - better.mean(0) - (better - better.mean(0)).mean(1, keepdims=True)
    expected = np.exp(2 * better / better.std())
    np.testing.assert_allclose(share, expected / expected.sum(0))
    np.testing.assert_allclose(share.sum(axis=0), 1)
    assert share[0, 0] > 0.9
    assert share[1, 1] > 0.9


@pytest.mark.parametrize(
    ("familiar", "contrast"),
    [(np.ones((4, 3)), 8.0), (np.array([[2.0], [5.0], [1.0], [3.0]]), 8.0), (np.random.default_rng(0).uniform(1, 9, (4, 3)), 0.0)],
    ids=["no evidence", "one company", "no contrast"],
)
def test_without_a_difference_all_regions_get_alike(familiar: np.ndarray, contrast: float) -> None:
    share = regional_shares(familiar, np.array([0, 0, 1, 1]), 2, contrast)
    np.testing.assert_allclose(share, 0.5)


def test_shares_stay_finite_whatever_the_contrast() -> None:
    share = regional_shares(np.random.default_rng(0).uniform(1, 9, (6, 3)), np.array([0, 0, 1, 1, 2, 2]), 4, 1e6)
    assert np.isfinite(share).all()
    assert (share > 0).all()
    assert np.isfinite(mix(heads(), share, 1.0).weights).all()


def test_weights_are_mixed_by_evidence_and_none_is_lost() -> None:
    own, share = heads(), np.array([[0.2, 0.5, 0.9], [0.8, 0.5, 0.1]])
    mixed = mix(own, share, 2.0)
    for r in range(2):
        for b in range(16):
            weight = share[r] * (2.0 + own.counts[:, b])
            assert mixed.weights[r, b] == pytest.approx((weight * own.weights[:, b]).sum() / weight.sum())
    np.testing.assert_allclose(mixed.counts.sum(axis=0), own.counts.sum(axis=0))
    part = parts_of(own, share, 2.0)
    np.testing.assert_allclose(mixed.bias, part @ own.bias)
    np.testing.assert_allclose(mixed.noise, part @ own.noise)
    alone = mix(heads(1), np.full((2, 1), 0.5), 2.0)
    np.testing.assert_allclose(alone.weights, np.repeat(heads(1).weights, 2, axis=0))


def test_every_expert_is_mixed_of_enough_companies() -> None:
    own = heads()._replace(counts=np.full((3, 16), 9.0))
    share = np.array([[0.98, 0.01, 0.01], [0.02, 0.99, 0.99]])
    number = companies_in(share, own, 1.0)
    np.testing.assert_allclose(number, [1 / (0.98**2 + 2 * 0.01**2), 1 / (0.01**2 + 2 * 0.495**2)])
    assert blend(share, own, 1.0, 1.0) is share
    blended = blend(share, own, 1.0, 1.5)
    assert companies_in(blended, own, 1.0).min() == pytest.approx(1.5, abs=1e-6)
    np.testing.assert_allclose(blended.sum(axis=0), 1)
    np.testing.assert_allclose(blend(share, own, 1.0, 9.0), 0.5, atol=1e-6)  # there are three


def test_what_experts_of_regions_tell_is_said() -> None:
    own, share = heads(2), np.array([[1.0, 1e-12], [1e-12, 1.0]])
    table = told(own, mix(own, share, 1.0), companies_in(share, own, 1.0), np.array([0, 1, 1]), Endpoint("active"))
    assert table["region"].tolist() == ["region 1", "region 2"]
    assert table["molecules"].tolist() == [1, 2]
    np.testing.assert_allclose(table[["companies", "likest"]], 1.0, rtol=1e-6)
    mixed = mix(own, np.full((1, 2), 0.5), 1.0)
    table = told(own, mixed, np.array([1.5]), np.array([0]), Endpoint("active"))
    assert table["companies"][0] == 1.5
    assert table["likest"][0] == pytest.approx(max(correlation(mixed.weights[0], one) for one in own.weights))


def test_the_whole_federation_runs_and_a_second_run_redoes_nothing(rerun: Callable[..., Finished]) -> None:
    run = rerun(**REGIONS)
    student, hybrid = (read_model(run.federation.models[name]).predictor for name in ("student", "H1"))
    assert isinstance(student, RegionsPredictor)
    assert isinstance(hybrid, OwnExpert)
    test = run.federation.data.tests["in-domain"].molecules
    assert not np.array_equal(student.predict(test).mean, hybrid.predict(test).mean)
    assert len(hybrid.heads(student.features(test), hybrid.own.predict(test), np.zeros((len(test), 1))).score) == 3
    assert all(record.reused for record in rerun(**REGIONS).runner.records)


def test_no_plane_of_a_company_is_released(rerun: Callable[..., Finished]) -> None:
    student, experts = (rerun(**changes).federation.models["student"].folder for changes in (REGIONS, CHANGES))
    card = read_json(student / "model" / "model.json")
    assert card["regions"] == 2
    assert not {"teachers", "heads"} & card.keys()
    assert all(name not in (student / "model" / "model.json").read_text() for name in ("T1", "T2", "T3"))
    regions, own = (load_predictor(folder / "model") for folder in (student, experts))
    assert isinstance(regions, RegionsPredictor)
    assert isinstance(own, ExpertsPredictor)
    assert np.allclose(regions.counts.sum(axis=0), own.counts.sum(axis=0), rtol=1e-5)
    assert np.array_equal(regions.product_weights, own.product_weights)
    for plane in ("weights", "counts"):
        for mine in getattr(own, plane):
            assert all(np.linalg.norm(mine - other) > 0.1 * np.linalg.norm(mine) for other in getattr(regions, plane))
    table = pd.read_csv(student / "regions.csv")
    assert table["molecules"].sum() == 140
    assert table["companies"].between(1.999, 3).all()
    assert (table["likest"] < 0.999).all()
    assert pd.read_csv(student / "fidelity.csv").equals(pd.read_csv(experts / "fidelity.csv"))


@pytest.mark.parametrize("n", [1, 2])
def test_few_companies(rerun: Callable[..., Finished], n: int) -> None:
    models = [rerun(**changes, taking_part=TakingPart(n=n)).federation for changes in (REGIONS, CHANGES)]
    student, experts = (read_model(one.models["student"]).predictor for one in models)
    test = models[0].data.tests["in-domain"].molecules
    said = [scores_of(one.predict(test).mean, ENDPOINTS)[:, 0] for one in (student, experts)]
    assert len(student.teachers) == 2  # type: ignore[attr-defined]
    if n == 1:
        np.testing.assert_allclose(*said, rtol=1e-4, atol=1e-4)
    assert np.isfinite(said[0]).all()


def test_more_regions_than_the_transfer_set_has_molecules(rerun: Callable[..., Finished]) -> None:
    with pytest.raises(ConfigError, match="different transfer molecules cannot make 1000 regions"):
        rerun(**{**REGIONS, "distillation": StudentSpec("regions", regions=RegionsSpec(n=1000))})


def test_a_model_learns_what_experts_say_of_more_molecules(rerun: Callable[..., Finished]) -> None:
    run = rerun(**DISTILLED)
    student, hybrid = (read_model(run.federation.models[name]).predictor for name in ("student", "H1"))
    assert isinstance(student, GraphEnsemble)
    assert hybrid.kind == "blend"
    assert sorted(pd.read_csv(run.federation.models["student"] / "fidelity.csv")["teacher"]) == ["T1", "T2", "T3"]
    assert not list((run.federation.models["student"].folder / "model").rglob("experts*"))
    others = [rerun(**{**DISTILLED, "distillation": StudentSpec("distilled_experts", generated=GeneratedSpec(n))}) for n in (0, 20)]
    test = run.federation.data.tests["in-domain"].molecules
    none, again = (read_model(other.federation.models["student"]).predictor.predict(test).mean for other in others)
    assert np.array_equal(student.predict(test).mean, again)
    assert not np.array_equal(student.predict(test).mean, none)


def test_own_labels_can_be_added_to_a_distilled_student(rerun: Callable[..., Finished]) -> None:
    tuned = rerun(**{**DISTILLED, "hybrid": HybridSpec("fine_tune")})
    assert isinstance(read_model(tuned.federation.models["H1"]).predictor, GraphEnsemble)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({**REGIONS, "annotation": replace(CHANGES["annotation"], domain="bins")}, "distillation=regions needs evidence"),  # type: ignore[type-var]
        ({**REGIONS, "hybrid": HybridSpec()}, "a student of regions takes none"),
        ({**DISTILLED, "hybrid": HybridSpec("own_expert")}, "hybrid=own_expert needs a student of experts, .* of distilled_experts"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_any_work(spec: FederationSpec, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(spec, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["regions", "distilled_experts"])
def test_what_was_said_is_copied_as_it_was_said(mode: str) -> None:
    with pytest.raises(ConfigError, match=f"distillation={mode} copies what each teacher said"):
        StudentSpec(mode, labels="hard")
