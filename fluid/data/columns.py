"""Whether a molecule file has what is asked of it, without taking it in."""

import re
from collections.abc import Sequence
from pathlib import Path

from fluid.data.intake_spec import IntakeSpec
from fluid.data.named import check_named
from fluid.data.readers import file_format, read_rows
from fluid.data.rows import require_columns
from fluid.data.sdf import records
from fluid.data.source import source_of

TITLE = "_Name"
"""The column of an SDF file that holds the titles of its records; there is always one."""
FIELD = re.compile(rb"(?m)^>[^\n<]*<([^\n]+)>")


def check_source(path: Path, spec: IntakeSpec) -> None:
    """Find a missing column before any work is done: by the first row of a file, and more rows where one does not tell.

    Raises:
        InputError: The file cannot be read, lacks a column, or names an endpoint in no row.
    """
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    next(read_rows(path, source.smiles_column, (*spec.layout.columns(source), *spec.carry)))
    check_named(path, spec.layout, source)
    if file_format(path) == ".sdf":
        check_fields(path, [name for name in spec.carry if name != TITLE])


def check_fields(path: Path, wanted: Sequence[str]) -> None:
    """Look through the records of an SDF file, unparsed, until each wanted field was seen.

    Raises:
        InputError: A field is in no record.
    """
    seen: dict[str, None] = {}
    for record in records(path) if wanted else ():
        seen.update(dict.fromkeys(map(_decoded, FIELD.findall(record))))
        if seen.keys() >= set(wanted):
            return
    if wanted:
        require_columns(list(seen), wanted, path)


def _decoded(name: bytes) -> str:
    """Return a name as text; older programs write Latin-1."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")
