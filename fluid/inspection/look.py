"""A look at a file: what its columns are, what becomes of its rows, how it stands to other files, and the settings that fit it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fluid.inspection.collector import RowCollector, read_molecules
from fluid.inspection.columns import Summary, check_readable, column_facts, file_facts, summarise
from fluid.inspection.endpoints import all_repeats, endpoint_facts, fewest, rows_wanted
from fluid.inspection.facts import EndpointFacts, Inspection, MoleculeFacts, NearFacts, OverlapFacts
from fluid.inspection.overlap import overlap_with
from fluid.inspection.plan import Plan, make_plan
from fluid.inspection.reading import Opened, open_file
from fluid.inspection.request import InspectRequest
from fluid.inspection.roles import Role, role_of
from fluid.inspection.settings import PREDICT, TRAIN, Setting, column_setting, prediction_settings, training_settings
from fluid.inspection.similarity import MOST_MOLECULES, near_pairs
from fluid.inspection.warnings import warnings_of
from fluid.pipeline.progress import Progress


def inspect_file(request: InspectRequest, progress: Progress) -> Inspection:
    """Look at a file; it is read once for its columns and once for its molecules, in bounded memory.

    Args:
        request: The file, and what is wanted.
        progress: Told how far it is.

    Raises:
        InputError: The file, or one that it is compared with, cannot be read.
    """
    opened = open_file(request.input, request.intake)
    check_readable(opened)
    others = [open_file(name, request.intake) for name in request.against]  # what cannot be opened is said before the work
    summary = summarise(opened, request.rows, progress)
    roles = {name: role_of(profile) for name, profile in summary.profiles.items()}
    plan = make_plan(opened, roles, request.intake, request.rows)
    rows = collect_rows(opened, plan, request, progress) if plan.structures and request.molecules else None
    overlaps = [overlap_with(other, rows, request.intake, progress) for other in others] if rows else []
    return assemble(opened, summary, roles, plan, rows, tuple(overlaps), request)


def collect_rows(opened: Opened, plan: Plan, request: InspectRequest, progress: Progress) -> RowCollector:
    """Read a file for its molecules and labels."""
    rows = RowCollector(plan, skeletons=bool(request.against))
    for part in read_molecules(opened, plan, request.rows):
        rows.add(part)
        progress.start("molecules", f"{rows.rows:,} rows")
    return rows


def smiles_at(opened: Opened, plan: Plan, wanted: set[int]) -> dict[int, str]:
    """Return what stands as SMILES in some rows; the file is read up to the last of them."""
    last = max(wanted, default=0)
    return {row.row: row.smiles for row in opened.read(plan.smiles_column, (), last) if row.row in wanted} if last else {}


def assemble(
    opened: Opened,
    summary: Summary,
    roles: Mapping[str, Role],
    plan: Plan,
    rows: RowCollector | None,
    overlaps: tuple[OverlapFacts, ...],
    request: InspectRequest,
) -> Inspection:
    """Put together what was found."""
    endpoints = endpoints_found(opened, plan, rows, request.intake.quorum) if rows else ()
    file = file_facts(opened, summary, all_rows=not request.rows or summary.rows < request.rows)
    columns = tuple(
        column_facts(profile, roles[name], column_setting(name, plan, roles[name].endpoint), summary.faulty.get(name, 0))
        for name, profile in summary.profiles.items()
    )
    found = Inspection(file, columns, molecule_facts(rows) if rows else None, endpoints, overlaps, (), "", ())
    verb, settings = fitting_settings(opened, plan, found, rows, request)
    warnings = warnings_of(found, opened, plan, roles, request)
    return replace(found, verb=verb, settings=settings, warnings=warnings)


def endpoints_found(opened: Opened, plan: Plan, rows: RowCollector, quorum: int) -> tuple[EndpointFacts, ...]:
    """Return what is found of each endpoint; the file is read again up to the last row whose SMILES is to be shown."""
    repeats = all_repeats(rows)
    return endpoint_facts(rows, repeats, smiles_at(opened, plan, rows_wanted(rows, repeats)), quorum)


def fitting_settings(
    opened: Opened, plan: Plan, found: Inspection, rows: RowCollector | None, request: InspectRequest
) -> tuple[str, tuple[Setting, ...]]:
    """Return the verb that would use the file, and its settings; nothing if it has no molecules."""
    if not plan.structures:
        return "", ()
    quorum = request.intake.quorum
    if rows is None:
        texts = list(plan.texts)
    else:
        texts = [one.text for one in found.endpoints if one.enough]
        possible = [one for one in found.endpoints if fewest(one) > 0]
        if not texts and possible:
            texts, quorum = [one.text for one in possible], min(map(fewest, possible))
    if not texts:
        return PREDICT, prediction_settings(opened.shown, plan)
    bad = rows is not None and any(labels.bad for labels in rows.labels if labels.text in texts)
    return TRAIN, training_settings(opened.shown, plan, texts, quorum, bad)


def molecule_facts(rows: RowCollector) -> MoleculeFacts:
    """Return what is found of the molecules."""
    keys = rows.key_array
    molecules = len(np.unique(keys))
    places = rows.sample.distinct(MOST_MOLECULES)
    near, pairs = near_pairs(rows.sample, places)
    nearby = NearFacts(len(places), len(places) == molecules, near, pairs)
    return MoleculeFacts(rows.rows, len(keys), molecules, len(keys) - molecules, rows.rejected.found, rows.notes.found, nearby)
