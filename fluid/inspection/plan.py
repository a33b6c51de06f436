"""Which columns are used for what: the SMILES, the endpoints, the columns that tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError
from fluid.inspection.names import SMILES_NAME, VALUE_NAME
from fluid.inspection.profile import ColumnProfile
from fluid.inspection.reading import Opened
from fluid.inspection.roles import CLASS, NAMES, NO_UNIT, QUALIFIER, SMILES, UNIT, VALUES, Role, written_endpoint

MOST_TARGETS = 24
"""Endpoints that are looked at one by one."""
Roles = Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint that could be learnt.

    Attributes:
        endpoint: What it is.
        text: How it is written in the settings.
        column: The column that holds its measurements.
        names: Where rows tell what they measured: the text that stands for this endpoint; else empty.
        positive: Words of class 1, in small letters; none: 0, 1, true, false, positive, negative.
        negative: Words of class 0.
        missing: Further words that mean that nothing was measured.
    """

    endpoint: Endpoint
    text: str
    column: str
    names: str = ""
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file would be used.

    Attributes:
        smiles_column: Column of SMILES; empty: none, or the rows are structures themselves.
        structures: Whether there are molecules.
        targets: The endpoints.
        left_out: How many further endpoints there are that are not looked at one by one.
        name_columns: Of a file with one measurement per row, the columns that name the endpoint.
        value_column: And the one that holds the measurement.
        qualifier: Column of qualifiers; empty without one.
        missing: Further words that mean, in columns of values, that nothing was measured.
        comma: Whether decimals stand after a comma.
    """

    smiles_column: str
    structures: bool
    targets: tuple[Target, ...] = ()
    left_out: int = 0
    name_columns: tuple[str, ...] = ()
    value_column: str = ""
    qualifier: str = ""
    missing: tuple[str, ...] = ()
    comma: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read beside the SMILES, each once."""
        wanted = (*self.name_columns, *(target.column for target in self.targets), self.qualifier)
        return tuple(dict.fromkeys(name for name in wanted if name))


def smiles_column(opened: Opened, roles: Roles, spec: IntakeSpec) -> str:
    """Return the column of SMILES: the one that is asked for, or the likeliest; empty if there is none, or none is needed."""
    if opened.structures:
        return ""
    if spec.smiles_column:
        return spec.smiles_column
    likely = [name for name, role in roles.items() if role.name == SMILES]
    return max(likely, key=lambda name: _smiles_merit(name, roles[name]), default="")


def _smiles_merit(name: str, role: Role) -> tuple[bool, bool, bool, float]:
    lowered = name.strip().lower()
    return lowered == "smiles", "smiles" in lowered, SMILES_NAME.search(name) is not None, role.likeness.share


def make_plan(opened: Opened, profiles: Mapping[str, ColumnProfile], roles: Roles, spec: IntakeSpec) -> Plan:
    """Return how a file would be used, one column per endpoint; `with_names` makes that of a file with one measurement per row."""
    smiles = smiles_column(opened, roles, spec)
    asked = asked_targets(spec)
    found = asked or tuple(_target(name, roles) for name, role in roles.items() if role.learnable and role.endpoint and name != smiles)
    used = {target.column for target in found}
    values = [name for name in used if name in roles and roles[name].name == VALUES]
    qualifiers = [name for name, role in roles.items() if role.name == QUALIFIER]
    return Plan(
        smiles, opened.structures or bool(smiles), found[:MOST_TARGETS], max(len(found) - MOST_TARGETS, 0),
        qualifier=qualifiers[0] if len(qualifiers) == 1 and len(values) == 1 else "",
        missing=tuple(dict.fromkeys(word for name in roles if name in values for word in roles[name].missing)),
        comma=any(profiles[name].commas > 0 for name in values),
    )  # fmt: skip


def asked_targets(spec: IntakeSpec) -> tuple[Target, ...]:
    """Return the endpoints that the settings ask for."""
    texts = [one if isinstance(one, str) else one.text for one in spec.endpoints]
    return tuple(_asked(text, endpoint) for text, endpoint in zip(texts, spec.parsed_endpoints, strict=True))


def _asked(text: str, endpoint: Endpoint) -> Target:
    head, _, words = text.rpartition(" in ")
    if not head or not text.startswith((endpoint.name, '"')) or "/" not in words or endpoint.name == text.strip():
        return Target(endpoint, text, endpoint.column)
    positive, negative, missing = (tuple(side.lower().split("|")) for side in (*words.split("/"), "")[:3])
    return Target(endpoint, text, endpoint.column, "", positive, negative, tuple(word for word in missing if word))


def _target(name: str, roles: Roles) -> Target:
    role = roles[name]
    text = role.endpoint
    if role.name == VALUES and not role.unit and (unit := unit_beside(name, roles)):
        text = written_endpoint(name, unit)
    words = [tuple(word.lower() for word in side) for side in (role.positive, role.negative, role.missing)]
    return Target(Endpoint.parse(text), text, name, "", *(words if role.name == CLASS and " in " in text else ((), (), words[2])))


def unit_beside(name: str, roles: Roles) -> str:
    """Return the unit that a column of its own tells of the only column of values without one; empty where that is not sure."""
    units = [role.unit for role in roles.values() if role.name == UNIT]
    without = [other for other, role in roles.items() if role.name == VALUES and not role.unit and role.learnable]
    return units[0] if len(units) == 1 and without == [name] and "," not in units[0] else ""


def name_columns(roles: Roles, plan: Plan) -> tuple[str, ...]:
    """Return the columns that name what each row measured, in a file with one measurement per row; none in others."""
    return tuple(name for name, role in roles.items() if role.name == NAMES) if measured_column(plan) else ()


def measured_column(plan: Plan) -> str:
    """Return the one column of measurements; empty if that is not sure."""
    columns = list(dict.fromkeys(target.column for target in plan.targets))
    likely = [name for name in columns if VALUE_NAME.search(name)]
    return columns[0] if len(columns) == 1 else likely[0] if len(likely) == 1 else ""


def with_names(plan: Plan, columns: tuple[str, ...], names: Sequence[tuple[str, int]]) -> Plan:
    """Return the plan of a file with one measurement per row.

    Args:
        plan: What it would be otherwise.
        columns: The columns that name the endpoint.
        names: What they say, with a blank between, and how often; the most frequent first.
    """
    value = measured_column(plan)
    (model,) = [target for target in plan.targets if target.column == value]
    made = [target for name, _ in names if (target := _named(name, model))]
    return Plan(
        plan.smiles_column, plan.structures, tuple(made[:MOST_TARGETS]), max(len(made) - MOST_TARGETS, 0), columns, value,
        plan.qualifier, plan.missing, plan.comma,
    )  # fmt: skip


def _named(name: str, model: Target) -> Target | None:
    known = model.endpoint
    unit = known.unit or NO_UNIT if known.kind == "regression" else ""
    _, words, rest = model.text.rpartition(" in ") if model.positive else ("", "", "")
    text = written_endpoint(name, unit, words + rest)
    try:
        return Target(Endpoint.parse(text), text, model.column, name, model.positive, model.negative, model.missing) if text else None
    except ConfigError:
        return None
