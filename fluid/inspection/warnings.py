"""What to know about a file before it is used, the weightiest first."""

from collections.abc import Iterator, Mapping

from fluid.inspection.facts import EndpointFacts, Inspection
from fluid.inspection.plan import MOST_TARGETS, Plan
from fluid.inspection.reading import Opened
from fluid.inspection.request import InspectRequest
from fluid.inspection.roles import CLASS, IDENTIFIER, INCHI, INCHIKEY, NAMES, QUALIFIER, SMILES, UNIT, VALUES, Role
from fluid.inspection.wording import plural

SHOWN = 5
FROM_INCHI = "make SMILES of it first, e.g. with RDKit: Chem.MolToSmiles(Chem.MolFromInchi(text))"
FROM_NAMES = "have names or numbers turned into SMILES by your registration system, or by PubChem's identifier exchange"


def warnings_of(found: Inspection, opened: Opened, plan: Plan, roles: Mapping[str, Role], request: InspectRequest) -> tuple[str, ...]:
    """Return what to know first, in sentences."""
    return (
        *_of_file(found, opened),
        *_of_structures(plan, roles, request),
        *_of_molecules(found),
        *_of_endpoints(found, plan, roles, request),
        *_of_labels(found),
        *_of_overlaps(found),
    )


def listed(names: list[str]) -> str:
    """Return names as one reads them aloud, few of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(repr(name) for name in names[:SHOWN]) + more


def _of_file(found: Inspection, opened: Opened) -> Iterator[str]:
    if opened.repeated:
        yield f"Several columns are named {listed(list(opened.repeated))}: they cannot be read; rename them."
    if not found.file.all_rows:
        yield f"Only the first {found.file.rows:,} rows were looked at."
    for reason in found.file.unreadable[:SHOWN] if found.molecules is None else ():
        row = reason.examples[0][0]
        yield f"{plural(reason.count, 'row')} cannot be read: {reason.what} (first: row {row})."


def _of_structures(plan: Plan, roles: Mapping[str, Role], request: InspectRequest) -> Iterator[str]:
    likely = [name for name, role in roles.items() if role.name == SMILES]
    if len(likely) > 1:
        yield f"{len(likely)} columns hold SMILES: {listed(likely)}; {plan.smiles_column!r} is used. Another: intake.smiles_column=..."
    if plan.structures:
        if not request.molecules:
            yield "The molecules were not looked at: counts are of rows as they stand in the file."
        return
    inchi = [name for name, role in roles.items() if role.name == INCHI]
    keys = [name for name, role in roles.items() if role.name in (INCHIKEY, IDENTIFIER)]
    yield "No column looks like SMILES, so no verb can use this file as it is."
    if inchi:
        yield f"{listed(inchi)} holds InChI: {FROM_INCHI}."
    elif keys:
        yield f"{listed(keys)} may identify the molecules: {FROM_NAMES}."


def _of_molecules(found: Inspection) -> Iterator[str]:
    molecules = found.molecules
    if molecules is None:
        return
    dropped = molecules.rows - molecules.usable
    if dropped:
        reasons = ", ".join(f"{one.count:,} x {one.what}" for one in molecules.rejected[:3])
        yield f"{dropped:,} of {plural(molecules.rows, 'row')} cannot be used ({reasons})."
    for note in molecules.notes[:SHOWN]:
        yield f"{plural(note.count, 'row')}: {note.what}."


def _of_endpoints(found: Inspection, plan: Plan, roles: Mapping[str, Role], request: InspectRequest) -> Iterator[str]:
    if plan.left_out:
        yield f"{plural(plan.left_out, 'more endpoint')} are not looked at one by one: the first {MOST_TARGETS} are."
    yield from _of_quorum(found, request.intake.quorum)
    computed = [name for name, role in roles.items() if role.name in (VALUES, CLASS) and role.endpoint and not role.learnable]
    if computed and not request.intake.endpoints:
        yield f"Left out of the command, since by name no measurements: {listed(computed)}."
    yield from _of_helpers(plan, roles)


def _of_quorum(found: Inspection, quorum: int) -> Iterator[str]:
    few, all_of = [one for one in found.endpoints if not one.enough], len(found.endpoints)
    if few:
        each = " of each class" if any(one.kind == "classification" for one in few) else ""
        who = "of which none has as many labels as" if len(few) == all_of > 1 else f"of which {len(few)} have fewer labels than"
        who = "which has fewer labels than" if all_of == 1 else who.replace(" 1 have", " 1 has")
        yield f"{plural(all_of, 'endpoint')}, {who} the quorum ({quorum}{each}): {listed([_with_counts(one) for one in few])}."


def _of_helpers(plan: Plan, roles: Mapping[str, Role]) -> Iterator[str]:
    qualifiers = [name for name, role in roles.items() if role.name == QUALIFIER]
    if qualifiers and not plan.spec.layout.qualifier_column:
        yield f"{listed(qualifiers)} holds qualifiers, but it is not sure of which column: without it bounds count as measured."
    for name, role in roles.items():
        if role.name == UNIT and "," in role.unit:
            yield f"{name!r} names several units ({role.unit}): convert the values, or leave rows out (intake.layout.where)."
    names = [name for name, role in roles.items() if role.name == NAMES]
    if names and not plan.is_long:
        yield f"{listed(names)} may say what was measured in each row, but it is not sure which column holds the value."


def _with_counts(one: EndpointFacts) -> str:
    return f"{one.name} ({one.ones} and {one.zeros})" if one.kind == "classification" else f"{one.name} ({one.molecules})"


def _of_labels(found: Inspection) -> Iterator[str]:
    for one in found.endpoints:
        unused = sum(reason.count for reason in one.unused)
        if unused:
            reason = one.unused[0]
            row, text = reason.examples[0]
            found_in = f"{one.name}: no label in {plural(unused, 'cell')} ({reason.what}; first: row {row}, {text.strip()[:20]!r})."
            yield " ".join((found_in, *one.remedies))
        if one.conflicts and one.kind == "classification":
            rows = ", ".join("+".join(map(str, conflict.rows)) for conflict in one.first_conflicts[:3])
            more = "..." if one.conflicts > 3 else ""
            yield f"{one.name}: measured in both classes: {plural(one.conflicts, 'molecule')} (rows {rows}{more})."


def _of_overlaps(found: Inspection) -> Iterator[str]:
    for one in found.overlaps:
        if one.same:
            yield f"{one.same:,} of {one.of:,} molecules are in {one.name} too."
