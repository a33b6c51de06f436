"""Whether a molecule file has what is asked of it, without taking it in."""

from pathlib import Path

from fluid.data.intake_spec import IntakeSpec
from fluid.data.named import check_named
from fluid.data.readers import file_format, read_rows
from fluid.data.sdf import has_items
from fluid.data.source import source_of


def check_source(path: Path, spec: IntakeSpec) -> None:
    """Find a missing column before any work is done: by the first row of a file, and more rows where one does not tell.

    Raises:
        InputError: The file cannot be read, lacks a column, or names an endpoint in no row.
    """
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    rows = read_rows(path, source.smiles_column, (*spec.layout.columns(source), *spec.carry), spec.file)
    next(rows)
    check_named(path, spec, source)
    if file_format(path) == ".sdf" and not has_items(path, spec.carry, spec.file):
        for _ in rows:  # whose end says which data item is in no record
            pass
