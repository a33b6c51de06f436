"""Whether a molecule file has what is asked of it, without taking it in."""

import gzip
import re
import zlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from fluid.data.intake_spec import IntakeSpec
from fluid.data.named import check_named
from fluid.data.readers import file_format, read_rows
from fluid.data.source import source_of

TITLE = "_Name"
"""The column of an SDF file that holds the titles of its records; there is always one."""
FIELD = re.compile(rb">[^<]*<(.+)>")
LONGEST_LINE = 1_000_000


def check_source(path: Path, spec: IntakeSpec) -> None:
    """Find a missing column before any work is done: by the first row of a file, and more rows where one does not tell.

    Raises:
        InputError: The file cannot be read, lacks a column, or names an endpoint in no row.
    """
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    rows = read_rows(path, source.smiles_column, (*spec.layout.columns(source), *spec.carry), spec.file)
    next(rows)
    check_named(path, spec, source)
    if file_format(path) == ".sdf" and not has_fields(path, set(spec.carry) - {TITLE}):
        for _ in rows:  # whose end says which field is in no record
            pass


def has_fields(path: Path, wanted: Collection[str]) -> bool:
    """Look through the lines of an SDF file, without reading its molecules, until each field was seen; return whether all were."""
    missing = set(wanted)
    with suppress(OSError, EOFError, zlib.error), gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        while missing and (line := stream.readline(LONGEST_LINE)):
            if line.startswith(b">") and (match := FIELD.match(line)):
                missing -= {_decoded(match[1])}
    return not missing


def _decoded(name: bytes) -> str:
    """Return a name as text; older programs write Latin-1."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")
