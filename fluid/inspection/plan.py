"""Which columns are used for what: the SMILES, the endpoints, the columns that tell of them. A plan is what the intake is told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from fluid.data.class_words import split_words
from fluid.data.columns_found import find_columns
from fluid.data.endpoints import Endpoint
from fluid.data.intake import decimal_of
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.data.readers import file_format
from fluid.data.source import Source, source_of
from fluid.data.table import stored_endpoints
from fluid.inspection.names import SMILES_NAME, VALUE_NAME
from fluid.inspection.reading import Opened
from fluid.inspection.roles import NAMES, QUALIFIER, SMILES, UNIT, VALUES, Role, written_endpoint
from fluid.inspection.sampling import FewCounter

MOST_TARGETS = 24
"""Endpoints that are looked at one by one."""
MOST_NAMED = 2_000
DEFAULT_SMILES = IntakeSpec().smiles_column
Roles = Mapping[str, Role]
Texts = tuple[str | Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file would be used.

    Attributes:
        spec: How it would be taken in: what was asked for, and what else the file tells.
        source: Where it keeps the molecules, and the measurements of each endpoint.
        smiles_column: Column of SMILES; empty: none, or the rows are structures themselves.
        structures: Whether there are molecules.
        left_out: How many further endpoints there are that are not looked at one by one.
    """

    spec: IntakeSpec
    source: Source
    smiles_column: str
    structures: bool
    left_out: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """The endpoints as they are written in the settings."""
        return tuple(one if isinstance(one, str) else one.text for one in self.spec.endpoints)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read beside the SMILES, each once."""
        return self.spec.layout.columns(self.source)

    @property
    def is_long(self) -> bool:
        """Whether each row holds one measurement, and names its endpoint."""
        return self.spec.layout.is_long(self.source)


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


def make_plan(opened: Opened, roles: Roles, spec: IntakeSpec, most: int = 0) -> Plan:
    """Return how a file would be used: as the settings say, and as its columns tell where they say nothing.

    Args:
        opened: The file.
        roles: What its columns could be.
        spec: What is asked for.
        most: Rows to stop after where names of endpoints are looked for; 0: none.

    Raises:
        InputError: A column that the settings name is not there, or a stored table holds an endpoint in another form.
    """
    smiles = smiles_column(opened, roles, spec)
    asked = spec.endpoints or _stored_texts(opened)
    learnable = {} if asked else _learnable(roles, smiles)
    layout = spec.layout if asked or spec.layout.endpoint_columns else _one_per_row(roles, learnable, spec.layout)
    named = _named_texts(opened, layout, learnable, roles, most) if layout.endpoint_columns and not asked else ()
    texts = asked or (named if layout.endpoint_columns else tuple(learnable.values()))
    used = _used(layout, asked, learnable)
    qualifier = layout.qualifier_column or _qualifier(roles, used, len(texts) == 1 or bool(layout.endpoint_columns))
    told = replace(
        spec,
        smiles_column=smiles or DEFAULT_SMILES,
        endpoints=texts[:MOST_TARGETS],
        missing=tuple(dict.fromkeys((*spec.missing, *_missing(roles, used, texts)))),
        layout=replace(layout, qualifier_column=qualifier),
    )
    source = source_of(opened.path, told.smiles_column, told.parsed_endpoints)
    return _with_decimal(opened, Plan(told, source, smiles, opened.structures or bool(smiles), len(texts[MOST_TARGETS:])))


def _with_decimal(opened: Opened, plan: Plan) -> Plan:
    """Return a plan whose columns are sure to be there, with the decimal sign that the intake tells from the file, if that is a comma."""
    wanted = ((plan.source.smiles_column,) if plan.smiles_column else ()) + plan.columns
    find_columns(opened.names, list(dict.fromkeys(wanted)), opened.path, opened.written)
    if decimal_of(opened.path, plan.spec, plan.source) != ",":
        return plan
    return replace(plan, spec=replace(plan.spec, file=replace(plan.spec.file, decimal=",")))


def _stored_texts(opened: Opened) -> tuple[str, ...]:
    """Return the endpoints of a stored `MoleculeTable`, as far as they can be written; none of any other file."""
    stored = stored_endpoints(opened.path) if file_format(opened.path) == ".parquet" else None
    return tuple(one.text for one in stored or () if Endpoint.parse(one.text) == one)


def _learnable(roles: Roles, smiles: str) -> dict[str, str]:
    """Return the columns that somebody would want to learn, each as an endpoint is written."""
    return {name: _written(name, roles) for name, role in roles.items() if role.learnable and role.endpoint and name != smiles}


def _written(name: str, roles: Roles) -> str:
    role = roles[name]
    unit = unit_beside(name, roles) if role.name == VALUES and not role.unit else ""
    return written_endpoint(name, unit) if unit else role.endpoint


def unit_beside(name: str, roles: Roles) -> str:
    """Return the unit that a column of its own tells of the only column of values without one; empty where that is not sure."""
    units = [role.unit for role in roles.values() if role.name == UNIT]
    without = [other for other, role in roles.items() if role.name == VALUES and not role.unit and role.learnable]
    return units[0] if len(units) == 1 and without == [name] and "," not in units[0] else ""


def _one_per_row(roles: Roles, learnable: Collection[str], layout: Layout) -> Layout:
    """Return the layout of a file with one measurement per row, if columns name what was measured, and one is sure to hold it."""
    names, value = tuple(name for name, role in roles.items() if role.name == NAMES), measured_column(learnable)
    return replace(layout, endpoint_columns=names, value_column=value) if names and value else layout


def measured_column(learnable: Collection[str]) -> str:
    """Return the one column of measurements; empty if that is not sure."""
    columns = list(learnable)
    likely = [name for name in columns if VALUE_NAME.search(name)]
    return columns[0] if len(columns) == 1 else likely[0] if len(likely) == 1 else ""


def _named_texts(opened: Opened, layout: Layout, learnable: Mapping[str, str], roles: Roles, most: int) -> tuple[str, ...]:
    """Return the endpoints that the rows of a file name, the most frequent first, each written as the column of measurements would be."""
    value = layout.value_column
    model = learnable.get(value) or (roles[value].endpoint if value in roles else "")
    if not model:
        return ()
    endpoint = Endpoint.parse(model)
    rest = model.removeprefix(Endpoint(value).text)
    source = Source(DEFAULT_SMILES, (value,), (endpoint,))
    names = count_names(opened, replace(layout, qualifier_column="", unit_column=""), source, most)
    return tuple(text for name, _ in names if (text := written_endpoint(name, rest=rest)))


def count_names(opened: Opened, layout: Layout, source: Source, most: int) -> tuple[tuple[str, int], ...]:
    """Return the endpoints that the rows of a file name, and how often; the most frequent first."""
    found, name_of, left_out = FewCounter[str](MOST_NAMED), layout.namer(source), layout.selector(source)
    for row in opened.read("", layout.columns(source), most):
        if not row.problem and not left_out(row.values):
            found.add(name_of(row.values), 1)
    return found.common


def _used(layout: Layout, asked: Texts, learnable: Collection[str]) -> tuple[str, ...]:
    """Return the columns that hold measurements."""
    if layout.endpoint_columns:
        return (layout.value_column,)
    return tuple((one if isinstance(one, Endpoint) else Endpoint.parse(one)).column for one in asked) or tuple(learnable)


def _values(roles: Roles, used: Sequence[str]) -> list[str]:
    return [name for name in used if name in roles and roles[name].name == VALUES]


def _qualifier(roles: Roles, used: Sequence[str], one: bool) -> str:
    """Return the column of qualifiers, if there is one, and one column of values that it can belong to, and nothing else to be learnt."""
    qualifiers = [name for name, role in roles.items() if role.name == QUALIFIER]
    return qualifiers[0] if one and len(qualifiers) == len(_values(roles, used)) == 1 else ""


def _missing(roles: Roles, used: Sequence[str], texts: Texts) -> list[str]:
    """Return the words that mean not measured in columns of values, but for those that are a class elsewhere: they count in all columns."""
    declared = [words for text in texts if isinstance(text, str) and (words := split_words(text)[1])]
    classes = {word for words in declared for word in (*words.positive, *words.negative)}
    return [word for name in _values(roles, used) for word in roles[name].missing if word.lower() not in classes]
