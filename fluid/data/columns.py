"""Whether a molecule file has what is asked of it, without reading it."""

from pathlib import Path

from fluid.data.intake_spec import IntakeSpec
from fluid.data.readers import read_rows
from fluid.data.source import source_of


def check_source(path: Path, spec: IntakeSpec) -> None:
    """Read the first row of a file, to find a missing column before any work is done.

    Raises:
        InputError: The file cannot be read, or lacks a column.
    """
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    next(read_rows(path, source.smiles_column, spec.layout.columns(source), spec.file))
