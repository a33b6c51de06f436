"""Where a file keeps the molecules and the measurements of each endpoint.

Most files have one column per endpoint, under its name. A stored `MoleculeTable` can be taken in too: its columns
have the table's own names, and an endpoint whose threshold was applied when it was made is read as classes, so that
the threshold is not applied twice.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from fluid.data.endpoints import Endpoint
from fluid.data.readers import file_format
from fluid.data.table import SMILES_COLUMN, censored_column, label_column, stored_endpoints
from fluid.errors import InputError


@dataclass(frozen=True, slots=True)
class Source:
    """The columns of a file.

    Attributes:
        smiles_column: Column with SMILES.
        label_columns: For each asked endpoint, the column with its measurements.
        measured: For each asked endpoint, what that column holds.
        stored: Whether the file is a stored `MoleculeTable`, which writes classes as 0 and 1.
        signs: Of a stored table with bounds, for each asked endpoint the column that says on which side the true value lies.
    """

    smiles_column: str
    label_columns: tuple[str, ...]
    measured: tuple[Endpoint, ...]
    stored: bool = False
    signs: tuple[str, ...] = ()


def source_of(path: Path, smiles_column: str, endpoints: tuple[Endpoint, ...]) -> Source:
    """Find the columns of a molecule file.

    Raises:
        InputError: The file is missing or of unknown type, or a stored table holds an asked endpoint in another form.
    """
    stored = stored_endpoints(path) if file_format(path) == ".parquet" else None
    if stored is None:
        return Source(smiles_column, tuple(endpoint.column for endpoint in endpoints), endpoints)
    by_name = {endpoint.name: endpoint for endpoint in stored}
    measured = tuple(_stored_endpoint(endpoint, by_name.get(endpoint.name, endpoint), path) for endpoint in endpoints)
    signs = tuple(map(censored_column, endpoints))
    signs = signs if set(signs).issubset(pq.read_schema(path).names) else ()
    return Source(SMILES_COLUMN, tuple(map(label_column, endpoints)), measured, True, signs)


def _stored_endpoint(asked: Endpoint, stored: Endpoint, path: Path) -> Endpoint:
    """Return what a stored column holds, seen as the asked endpoint."""
    if stored.kind == "classification" and (asked == stored or asked.binary):
        return replace(stored, threshold=None, direction=">=")
    if stored.kind == "regression" and (asked == stored or (asked.threshold is not None and asked.unit in ("", stored.unit))):
        return asked
    remedy = "Take the original file in instead, or ask for the stored form."
    raise InputError(f"endpoint {asked.name!r} is stored as '{stored.text}'", where=str(path), expected=f"'{asked.text}'", remedy=remedy)
