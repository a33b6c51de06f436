"""Audits that are attached to a run: counted if they are of what it released, refused or left out else."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import write_annotation_set
from fluid.artifacts import seal, write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.reporting.report_files import read_report_data, write_report_data
from fluid.runs.audits import attach, audits_of, audits_table, read_facts, releases, renew_audits
from tests.reporting.conftest import make


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """Return the folder of a run with three annotation sets, a consensus and a student, and its tables."""
    run = tmp_path / "run"
    for number, name in enumerate(("T1", "T2", "T3")):
        planes = (np.full((4, 1), (number + 1) / 5, dtype=np.float32) for _ in range(3))
        one = AnnotationSet(name, (Endpoint("blocker"),), "digest", *planes, np.zeros(4, dtype=np.uint8), 4)
        write_annotation_set(run / "annotations" / name / "annotation_set", one)
    for name in ("consensus", "models/student", "models/H1"):
        (run / name).mkdir(parents=True)
        (run / name / "card.json").write_text(name)
        seal(run / name, name, "key")
    write_report_data(make(), run)
    return run


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def facts(digest: str, auc: float = 0.7, fell: tuple[str, ...] = ("x: AUC",), **more: Any) -> dict[str, Any]:
    attack = {"attack": "bin_asked", "baseline": False, "auc": interval(auc), "tpr_01": interval(0.06)}
    found = {"findings": [attack], "fell": fell, "blind": (), "inverted": [{"beyond": interval(0.25)}]}
    return {"of": "T1", "partner": "", "digests": {"release": digest}, "audit": {**found, **more}}


def audited(folder: Path, about: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    write_json(folder / "audit.json", about)
    (folder / "audit.html").write_text("page")
    (folder / "at_risk.csv").write_text("smiles\nCCO\n")
    seal(folder, "audit", "key")
    return folder


def named(run: Path, name: str) -> str:
    return next(digest for digest, found in releases(run).items() if found == name)


def test_annotations_consensus_and_student_are_what_a_run_releases(clean: Path) -> None:
    assert sorted(releases(clean).values()) == ["annotations of T1", "annotations of T2", "annotations of T3", "consensus", "student"]


def test_a_run_that_nobody_audited_has_no_table_and_says_so(clean: Path) -> None:
    assert len(audits_table(clean)) == 0
    renew_audits(clean)
    assert not (clean / "report_data" / "audits.csv").exists()
    assert len(read_report_data(clean).audits) == 0


def test_a_table_goes_with_the_audits_that_it_was_of(clean: Path, tmp_path: Path) -> None:
    attach(clean, [audited(tmp_path / "a", facts(named(clean, "student")))])
    renew_audits(clean)
    assert (clean / "report_data" / "audits.csv").exists()
    shutil.rmtree(clean / "audits")
    renew_audits(clean)
    assert not (clean / "report_data" / "audits.csv").exists()


def test_an_audit_is_told_beside_what_was_not_audited(clean: Path, tmp_path: Path) -> None:
    attach(clean, [audited(tmp_path / "a", facts(named(clean, "consensus")))])
    renew_audits(clean)
    table = read_report_data(clean).audits
    assert table["release"].tolist() == list(releases(clean).values())
    row = table.set_index("release").loc["consensus"]
    assert (row["of"], row["attack"], row["auc"], row["tpr_high"], row["recovered"]) == pytest.approx(("T1", "bin_asked", 0.7, 0.11, 0.25))
    assert row["verdict"] == "bounds fell"
    assert set(table.set_index("release").drop("consensus")["verdict"]) == {"not audited"}


def test_no_molecule_comes_along(clean: Path, tmp_path: Path) -> None:
    attach(clean, [audited(tmp_path / "a", facts(named(clean, "student")))])
    (folder,) = audits_of(clean)
    assert sorted(file.name for file in folder.iterdir()) == ["audit.html", "audit.json"]


def test_an_audit_of_something_else_is_refused_and_does_not_count(clean: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="the audit is of nothing that this run released.*expected an audit of annotations of T1"):
        attach(clean, [audited(tmp_path / "other", facts("0" * 64))])
    audited(clean / "audits" / "left_behind", facts("0" * 64))
    assert len(audits_table(clean)) == 0


def test_an_audit_that_was_altered_is_refused(clean: Path, tmp_path: Path) -> None:
    folder = audited(tmp_path / "a", facts(named(clean, "student")))
    (folder / "audit.json").write_text(json.dumps(facts(named(clean, "student"), auc=0.5)))
    with pytest.raises(ArtifactError):
        attach(clean, [folder])
    assert audits_of(clean) == []


def test_what_is_no_audit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no audit"):
        read_facts(tmp_path)
    write_json(tmp_path / "audit.json", {"audit": []})
    with pytest.raises(ArtifactError, match="no audit's result"):
        read_facts(tmp_path)


def test_an_audit_without_an_attack_has_no_figures(clean: Path, tmp_path: Path) -> None:
    more = {"findings": [], "inverted": [], "blind": ("says nothing",)}
    attach(clean, [audited(tmp_path / "a", facts(named(clean, "student"), fell=(), **more))])
    row = audits_table(clean).set_index("release").loc["student"]
    assert pd.isna(row["auc"])
    assert row["verdict"] == "the audit cannot vouch for it"
