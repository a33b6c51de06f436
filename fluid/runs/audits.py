"""Audits of what a run released: kept beside it, counted only if they are of its own artefacts, told on its page."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import atomic_folder, open_artifact, read_json
from fluid.errors import ArtifactError
from fluid.federation.stages.annotate import FOLDER
from fluid.federation.stages.audit import FACTS, PAGE
from fluid.reporting.privacy_section import BLIND, FALLEN, HOLDS, NOT_AUDITED
from fluid.reporting.report_data import COLUMNS
from fluid.reporting.report_files import write_audits

AUDITS = "audits"


def releases(run: Path) -> dict[str, str]:
    """Return what a run releases, by digest: annotation sets, the consensus and the student. Hybrids stay in their companies."""
    sets = sorted((run / "annotations").glob("*"))
    found = {read_annotation_set(one / FOLDER).digest: f"annotations of {one.name}" for one in sets if (one / FOLDER).is_dir()}
    for name, folder in (("consensus", run / "consensus"), ("student", run / "models" / "student")):
        if folder.is_dir():
            found[open_artifact(folder).digest] = name
    return found


def read_facts(folder: Path) -> Mapping[str, Any]:
    """Return what an audit found.

    Raises:
        ArtifactError: The folder holds no audit, or its facts cannot be read.
    """
    if not (folder / FACTS).is_file():
        raise ArtifactError("this folder holds no audit", where=str(folder), expected="the out= folder of fluid audit")
    facts = read_json(folder / FACTS)
    try:
        row_of("", facts)
    except (KeyError, TypeError, AttributeError):
        raise ArtifactError("this is no audit's result", where=str(folder / FACTS), remedy="Audit again.") from None
    return facts  # type: ignore[no-any-return]  # checked above


def audits_of(run: Path) -> list[Path]:
    """Return the folders of audits that lie in a run's folder."""
    return sorted(file.parent for pattern in (f"*/{FACTS}", f"{AUDITS}/*/{FACTS}") for file in run.glob(pattern))


def attach(run: Path, folders: Sequence[Path]) -> None:
    """Copy the page and the facts of audits into a run's folder; the molecules most at risk stay where they are.

    Raises:
        ArtifactError: A folder holds no audit, or was altered, or is of something that this run did not release.
    """
    known = releases(run)
    for folder in folders:
        facts = read_facts(folder)
        open_artifact(folder)
        digest = facts["digests"]["release"]
        if digest not in known:
            expected = "an audit of " + ", ".join(known.values())
            raise ArtifactError("the audit is of nothing that this run released", where=str(folder), expected=expected)
        name = f"{known[digest]} {facts['of']} {facts['partner']}".strip().replace(" ", "_").replace("/", "_")
        with atomic_folder(run / AUDITS / name) as temporary:
            for file in (FACTS, PAGE):
                shutil.copyfile(folder / file, temporary / file)


def row_of(release: str, facts: Mapping[str, Any]) -> dict[str, object]:
    """Return one audit as a row of the report's table."""
    found = facts["audit"]
    best = next((one for one in found["findings"] if not one["baseline"]), None)
    numbers = (
        {name: {"value": float("nan"), "low": float("nan"), "high": float("nan")} for name in ("auc", "tpr_01")} if best is None else best
    )
    beyond = [one["beyond"]["value"] for one in found["inverted"]]
    verdict = FALLEN if found["fell"] else BLIND if found["blind"] else HOLDS
    cells = {f"{name}{end}": numbers[part][key] for name, part in (("auc", "auc"), ("tpr", "tpr_01")) for end, key in ENDS.items()}
    about = {"release": release, "of": facts["of"], "attack": best["attack"] if best else ""}
    more = {"recovered": max(beyond, default=float("nan")), "fell": len(found["fell"]), "verdict": verdict}
    return {**about, **cells, **more, "digest": facts["digests"]["release"]}


ENDS = {"": "value", "_low": "low", "_high": "high"}


def audits_table(run: Path) -> pd.DataFrame:
    """Return a row per audit of what a run released, and one per release that nobody audited; empty where nothing was audited.

    An audit of something else, say of an earlier run in the same folder, does not count.
    """
    folders = audits_of(run)
    known = releases(run) if folders else {}
    facts = [read_facts(folder) for folder in folders]
    rows = [row_of(known[one["digests"]["release"]], one) for one in facts if one["digests"]["release"] in known]
    audited = {row["digest"] for row in rows}
    left: list[dict[str, object]] = [
        {"release": name, "verdict": NOT_AUDITED, "digest": digest} for digest, name in known.items() if digest not in audited
    ]
    table = pd.DataFrame(rows + left if rows else [], columns=list(COLUMNS["audits"]))
    return table.sort_values("release", key=lambda names: names.map(list(known.values()).index), kind="stable", ignore_index=True)


def renew_audits(run: Path) -> None:
    """Write the report's table of audits anew from what lies in a run's folder; without any there is none."""
    write_audits(audits_table(run), run)
