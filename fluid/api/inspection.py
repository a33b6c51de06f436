"""A look at molecules before they are used, from Python: tables, shown in notebooks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from html import escape
from os import PathLike
from typing import Any

import pandas as pd

from fluid.api.door import door
from fluid.api.inputs import Molecules, are_few, as_files
from fluid.api.place import place_of
from fluid.api.settings import Settings, configuration, overrides_of, refuse_arguments, sets
from fluid.api.shell import inspection_command, inspection_request, inspection_targets, write_inspection
from fluid.api.show import Shown
from fluid.inspection.facts import Inspection as Facts
from fluid.pipeline.progress import SilentProgress

SMILES = "smiles"
"""Column of lists, unless the settings name another."""
ARGUMENTS = {"input": "molecules", "against": "against", "out": "out"}


class Inspection(Shown):
    """What a look at molecules found.

    Args:
        content: The facts.
        command: The command that would use the file; empty without one.

    Attributes:
        content: The facts, as the rooms below know them.
        command: That command, quoted for the shell.
    """

    __slots__ = ("command", "content")

    def __init__(self, content: Facts, command: str) -> None:
        self.content, self.command = content, command

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know first."""
        return self.content.warnings

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that fit the file, as the functions of this interface take them (`settings=`); the file itself is not among them."""
        own = {name: value for name, value in self.content.settings if name.startswith("intake.")}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}

    @property
    def columns(self) -> pd.DataFrame:
        """A row per column: what it could be, and what would use it so."""
        return table(self.content.columns, ("name", "role", "filled", "missing", "distinct", "says", "setting"))

    @property
    def endpoints(self) -> pd.DataFrame:
        """A row per endpoint: labels, bounds, classes, repeated and differing measurements."""
        names = (
            "name",
            "text",
            "kind",
            "labels",
            "missing",
            "below",
            "above",
            "molecules",
            "zeros",
            "ones",
            "repeated",
            "conflicts",
            "enough",
        )
        return table(self.content.endpoints, names)

    @property
    def rejected(self) -> pd.DataFrame:
        """The first rows whose molecule cannot be used, for every reason: `reason`, `count` (of all of that reason), `row`, `smiles`."""
        reasons = self.content.molecules.rejected if self.content.molecules else ()
        rows = [(one.what, one.count, row, text) for one in reasons for row, text in one.examples]
        return pd.DataFrame(rows, columns=["reason", "count", "row", "smiles"])

    @property
    def conflicts(self) -> pd.DataFrame:
        """The first rows that disagree about a molecule: `endpoint`, `conflict`, `row`, `smiles`, `value`."""
        found = [(one.name, number, pair) for one in self.content.endpoints for number, pair in enumerate(one.first_conflicts, start=1)]
        rows = [(name, number, *each) for name, number, pair in found for each in zip(pair.rows, pair.smiles, pair.values, strict=True)]
        return pd.DataFrame(rows, columns=["endpoint", "conflict", "row", "smiles", "value"])

    @property
    def overlaps(self) -> pd.DataFrame:
        """A row per file that was compared with."""
        return table(self.content.overlaps, ("name", "rows", "usable", "molecules", "same", "of", "looked_at", "near", "quartiles"))

    def facts(self) -> dict[str, object]:
        """Return what to show first."""
        file, molecules = self.content.file, self.content.molecules
        found: dict[str, object] = {"file": file.name, "rows": file.rows, "columns": file.columns}
        if molecules:
            found |= {"usable": molecules.usable, "molecules": molecules.molecules}
        return found | {"endpoints": ", ".join(one.text for one in self.content.endpoints) or "none", "warnings": len(self.warnings)}

    def _repr_html_(self) -> str:
        warnings = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        tables = (self.columns, self.endpoints, self.overlaps)
        shown = "".join(one.to_html(index=False, border=0, na_rep="–") for one in tables if len(one))
        command = f"<pre>{escape(self.command)}</pre>" if self.command else ""
        return f"{super()._repr_html_()}<ul>{warnings}</ul>{shown}{command}"


def table(facts: Sequence[Any], columns: Sequence[str]) -> pd.DataFrame:
    """Return facts of one kind as a table."""
    rows = [asdict(one) for one in facts]
    return pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns))


@door
def inspect(
    molecules: Molecules,
    *,
    against: Molecules | Sequence[str | PathLike[str]] = (),
    out: str | PathLike[str] | None = None,
    settings: Settings = (),
    **keywords: Any,
) -> Inspection:
    """Look at molecules before they are used: columns, molecules, labels, overlaps, and the settings that fit.

    Args:
        molecules: Path, `DataFrame` or list of SMILES.
        against: Files to compare with: a path, a list of paths, or a `DataFrame`.
        out: Page to write (`.html`).
        settings: Settings of the verb `inspect`.
        **keywords: Settings by name (`rows=1000`, `molecules=False`).

    Raises:
        InputError: A file cannot be read at all.
    """
    overrides = overrides_of(settings, keywords)
    refuse_arguments(overrides, ARGUMENTS)
    given = {"input": molecules} | {f"against_{number}": other for number, other in enumerate(listed_files(against), start=1)}
    values = configuration("inspect", overrides, {"input": "", "out": None if out is None else str(place_of(out))})
    intake = values["intake"]
    if are_few(given) and not sets(overrides, "intake.workers"):
        intake["workers"] = 0
    with as_files(given, intake["smiles_column"] or SMILES) as files:
        return look({**values, "input": files.pop("input"), "against": list(files.values())}, given)


def listed_files(against: Any) -> list[Any]:
    """Return what is compared with, as a list: of one path or table, or of several."""
    return [against] if isinstance(against, str | PathLike | pd.DataFrame) else list(against)


def look(values: dict[str, Any], given: Mapping[str, Any]) -> Inspection:
    """Look at files; what was given as a table or list is called so, and has no command."""
    from fluid.inspection.look import inspect_file

    request = inspection_request(values)
    places = inspection_targets(request)
    paths = (request.input, *request.against)
    names = {path: shown_name(name, data) for path, (name, data) in zip(paths, given.items(), strict=True)}
    found = renamed(inspect_file(request, SilentProgress()), names)
    command = inspection_command(found) if isinstance(given["input"], str | PathLike) else ""
    write_inspection(found, command, places)
    return Inspection(found, command)


def shown_name(name: str, data: Any) -> str:
    """Return what an input is called: its path, or how it was given."""
    if isinstance(data, str | PathLike):
        return str(data)
    return f"the {'DataFrame' if isinstance(data, pd.DataFrame) else 'list'} given as {name}"


def renamed(found: Facts, names: Mapping[str, str]) -> Facts:
    """Return facts in which files have other names."""
    warnings = found.warnings
    for path, name in names.items():
        warnings = tuple(text.replace(path, name) for text in warnings)
    file = replace(found.file, name=names[found.file.name])
    overlaps = tuple(replace(one, name=names[one.name]) for one in found.overlaps)
    return replace(found, file=file, overlaps=overlaps, warnings=warnings)
