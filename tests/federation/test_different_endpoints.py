"""Values of several endpoints, of which each company measured some."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fluid.companies.spec import CompanySpec
from fluid.data.data_spec import DataSpec
from fluid.data.intake_spec import IntakeSpec
from fluid.evaluation.scores import scores_frame
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation.model_folder import read_model
from fluid.federation.simulation import simulate
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.models.predictor import ForestSpec, NetworkSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.runs.folder import all_scores
from tests.conftest import Library
from tests.federation.conftest import Finished

NAMES = ("carbons", "hetero", "size")
FOREST = ForestSpec(n_trees=15)


def write(path: Path, library: Library, rows: range, labelled: bool = True) -> str:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["smiles", *(NAMES if labelled else ())])
        for row in rows:
            text = library.smiles[row].lower()
            values = [text.count("c") / 3, (text.count("n") + text.count("o")) / 2, sum(map(str.isalpha, text)) / 4]
            values = ["" if labelled and (row + column) % 7 == 0 else value for column, value in enumerate(values)]
            writer.writerow([library.smiles[row], *(values if labelled else ())])
    return str(path)


@pytest.fixture
def several(library: Library, tmp_path: Path, spec: FederationSpec) -> FederationSpec:
    """Return an experiment with three values, of which each of three companies keeps a third or so."""
    pool, test = write(tmp_path / "pool.csv", library, range(240)), write(tmp_path / "test.csv", library, range(380, 440))
    transfer = write(tmp_path / "transfer.csv", library, range(240, 380), labelled=False)
    return replace(
        spec,
        data=DataSpec(pool, transfer, "", test, validation_share=0.15, endpoints=tuple(f"{name} [u]" for name in NAMES)),
        intake=IntakeSpec(quorum=5, workers=0),
        companies=CompanySpec("size", n=3, size_exponent=0.3, min_size=20, min_per_class=5, endpoint_share=0.4),
        model=FOREST,
        student_model=FOREST,
        hybrid=HybridSpec("concatenate", own_share=0.5),
        evaluation=EvaluationSpec(n_bootstrap=5, forest=False),
    )


def scores_of(run: Finished) -> pd.DataFrame:
    table = scores_frame(all_scores(run.federation))
    return table[table.metric == "rmse"].set_index(["model", "endpoint"]).value


def test_every_teacher_knows_its_own_endpoints_and_the_student_all(several: FederationSpec, tmp_path: Path) -> None:
    runner = Runner(ArtifactStore(tmp_path / "store"))
    run = Finished(several, runner, simulate(several, runner))
    federation = run.federation
    own = {name: [endpoint.name for endpoint in part.endpoints] for name, part in federation.companies.items()}
    assert all(0 < len(names) < 3 for names in own.values())
    assert set().union(*own.values()) == set(NAMES)
    for name, part in federation.companies.items():
        assert [e.name for e in read_model(federation.models[name]).predictor.endpoints] == own[name]
        assert np.isfinite(part.labels).any(axis=1).all()
    pooled = federation.data.pool
    assert int(np.isfinite(pooled.labels).sum()) == sum(int(np.isfinite(part.labels).sum()) for part in federation.companies.values())
    for name in ("student", "H1", "H2", "H3"):
        assert [e.name for e in read_model(federation.models[name]).predictor.endpoints] == sorted(NAMES)
    rmse = scores_of(run)
    for name in NAMES:
        owners = [company for company in own if name in own[company]]
        known = {company: rmse[company, name] for company in own if (company, name) in rmse.index}
        assert sorted(known) == sorted(owners)
        assert rmse["teacher mean", name] == pytest.approx(np.mean(list(known.values())))
        labels = federation.data.tests["in-domain"].labels[:, NAMES.index(name)]
        assert rmse["pooled", name] < np.nanstd(labels)
        assert rmse["student", name] < np.nanstd(labels)


def test_networks_too(several: FederationSpec, tmp_path: Path) -> None:
    network = NetworkSpec(hidden=16, layers=2)
    asked = replace(several, model=network, student_model=network, hybrid=HybridSpec("fine_tune"))
    runner = Runner(ArtifactStore(tmp_path / "store"))
    rmse = scores_of(Finished(asked, runner, simulate(asked, runner)))
    for model in ("student", "H1", "pooled"):
        assert np.isfinite([rmse[model, name] for name in NAMES]).all()


def test_nothing_changes_where_all_measured_all(finished: Finished, rerun: Callable[..., Finished]) -> None:
    again = rerun(companies=replace(finished.spec.companies, endpoint_share=1.0))
    assert again.federation.data.pool.digest == finished.federation.data.pool.digest
    assert again.federation.split.digest == finished.federation.split.digest
