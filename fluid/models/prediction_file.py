"""A file of predictions as a teacher: a company may use any software it likes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow.parquet as pq

from fluid.data.delimited import head_of, read_delimited
from fluid.data.endpoints import Endpoint
from fluid.data.file_form import FileForm
from fluid.data.parquet_rows import read_parquet
from fluid.data.rows import Cursor, explain_faults
from fluid.data.table_rows import BLANK
from fluid.errors import InputError
from fluid.models.key_lookup import find_rows
from fluid.models.prediction import PLANES, Prediction, as_prediction, entropy
from fluid.molecules.key import INCHIKEY, SKELETON_LENGTH, key_of
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import StandardizeSpec, standardize

if TYPE_CHECKING:  # a prediction by a network should not wait for pandas
    import pandas as pd

COMMAS = FileForm(delimiter=",")
MOST = float(np.finfo(np.float32).max)
ALL = (
    "Predict every molecule of the file that is annotated; a blank would reveal what you know. "
    "The first block of an InChIKey stands for all stereo-isomers."
)
SAY_WHICH = "Keep one of them, under the first block of their InChIKey."


@dataclass(frozen=True, slots=True, eq=False)
class PredictionFile:
    """Looked-up predictions; a `Predictor`.

    Attributes:
        keys: Keys of the `M` molecules in the file; a first block alone stands for all its stereo-isomers.
        endpoints: The `T` endpoints.
        planes: Mean, epistemic and aleatoric parts, each `(M, T)` float32.
        source: Where they came from, for messages.
    """

    kind: ClassVar[str] = "predictions"
    keys: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    planes: tuple[np.ndarray, np.ndarray, np.ndarray]
    source: str

    @classmethod
    def read(cls, path: Path, endpoints: Sequence[Endpoint]) -> "PredictionFile":
        """Read a CSV or Parquet file.

        The columns are `key` (an InChIKey or its first block) or `smiles`, and per endpoint `<name>` with optional `<name>_epistemic` and
        `<name>_aleatoric`; absent parts are 0 and, for classification, the entropy of the probability.

        Raises:
            InputError: The file, a column or a row cannot be used.
        """
        if not path.is_file():
            raise InputError("the prediction file is not found", where=str(path), expected="a .csv or .parquet file")
        frame = _table(path, endpoints)
        means = np.stack([_column(frame, e.name, path, 0.0, 1.0 if e.kind == "classification" else np.inf) for e in endpoints], axis=1)
        parts = [_uncertainty(frame, endpoints, plane, means, path) for plane in PLANES[1:]]
        keys, planes = _keys(frame, path), (means.astype(np.float32), *parts)
        _check_repeats(keys, planes, frame.index.tolist(), path)
        return cls(keys, tuple(endpoints), planes, str(path))  # type: ignore[arg-type]

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Look every molecule up.

        Raises:
            InputError: A molecule is not in the file, or its stereo-isomers have different answers there and it does not say which it is.
        """
        found = find_rows(self.keys, molecules.keys)
        missing = [smiles for smiles, rows in zip(molecules.smiles, found, strict=True) if not rows]
        if missing:
            what = f"{len(missing)} molecules have no prediction, the first is {missing[0]}"
            raise InputError(what, where=self.source, remedy=ALL)
        for smiles, rows in zip(molecules.smiles, found, strict=True):
            if not _are_equal(self.planes, rows):
                what = f"stereo-isomers of {smiles} have different answers"
                raise InputError(what, where=self.source, expected="an answer for the molecule as it is written here", remedy=SAY_WHICH)
        index = [rows[0] for rows in found]
        return as_prediction(*(plane[index] for plane in self.planes))


def _header(path: Path) -> list[str]:
    if path.suffix != ".parquet":
        head = head_of(path, form=COMMAS)
        return head.names if head else []
    with explain_faults(path, Cursor()), pq.ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def _table(path: Path, endpoints: Sequence[Endpoint]) -> "pd.DataFrame":
    """Return the columns that count, as they stand in the file; the index is the number of the row, blank lines counted."""
    header = _header(path)
    if not header:
        raise InputError("the file is empty", where=str(path), expected="a header and a row per molecule")
    for endpoint in endpoints:
        if endpoint.name not in header:
            raise InputError(f"column {endpoint.name!r} is missing", where=str(path), expected="one column per endpoint")
    identity = next((name for name in ("key", "smiles") if name in header), None)
    if identity is None:
        raise InputError("neither column 'key' nor 'smiles' is there", where=str(path), expected="one of them")
    planes = [f"{endpoint.name}_{plane}" for endpoint in endpoints for plane in PLANES[1:]]
    columns = [*(endpoint.name for endpoint in endpoints), *(name for name in planes if name in header)]
    stream = read_parquet(path, identity, columns) if path.suffix == ".parquet" else read_delimited(path, identity, columns, COMMAS)
    rows = [row for row in stream if row.problem != BLANK]
    bad = next((row for row in rows if row.problem), None)
    if bad is not None:
        raise InputError(bad.problem, where=f"{path}, row {bad.row}")
    import pandas as pd

    frame = pd.DataFrame([row.values for row in rows], columns=columns, index=[row.row for row in rows], dtype=object)
    frame.insert(0, identity, [row.smiles for row in rows])
    return frame


def _column(frame: "pd.DataFrame", name: str, path: Path, low: float, high: float) -> np.ndarray:
    import pandas as pd

    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
    low = -np.inf if np.isinf(high) else low
    wrong = np.flatnonzero(~(np.abs(values) <= MOST) | (values < low) | (values > high))
    if len(wrong):
        expected = "a finite number" if np.isinf(high) else f"a number from {low:g} to {high:g}"
        value = frame[name].iloc[wrong[0]]
        text = "" if value is None else str(value)[:80]
        raise InputError(f"{text!r} in column {name!r} cannot be used", where=f"{path}, row {frame.index[wrong[0]]}", expected=expected)
    return values


def _uncertainty(frame: "pd.DataFrame", endpoints: Sequence[Endpoint], plane: str, means: np.ndarray, path: Path) -> np.ndarray:
    columns = []
    for i, endpoint in enumerate(endpoints):
        name = f"{endpoint.name}_{plane}"
        if name in frame.columns:
            values = _column(frame, name, path, 0.0, np.inf)
            if (values < 0).any():
                where = f"{path}, row {frame.index[int(np.argmax(values < 0))]}"
                raise InputError(f"negative uncertainty in column {name!r}", where=where, expected="0 or more")
            columns.append(values)
        else:
            columns.append(entropy(means[:, i]) if plane == "aleatoric" and endpoint.kind == "classification" else np.zeros(len(frame)))
    return np.stack(columns, axis=1).astype(np.float32)


def _check_repeats(keys: tuple[str, ...], planes: Sequence[np.ndarray], rows: Sequence[int], path: Path) -> None:
    """Refuse a molecule with two different answers; equal ones are fine."""
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        before = first.setdefault(key, place)
        if not _are_equal(planes, (before, place)):
            what = f"another answer for the molecule of row {rows[before]}"
            raise InputError(what, where=f"{path}, row {rows[place]}", remedy="Keep one row per molecule.")


def _are_equal(planes: Sequence[np.ndarray], rows: Sequence[int]) -> bool:
    return all(np.array_equal(plane[row], plane[rows[0]]) for plane in planes for row in rows[1:])


def _keys(frame: "pd.DataFrame", path: Path) -> tuple[str, ...]:
    one = _key_of_smiles if frame.columns[0] == "smiles" else _key_of_inchikey
    return tuple(one(text, f"{path}, row {row}") for row, text in zip(frame.index, frame.iloc[:, 0], strict=True))


def _key_of_inchikey(text: str, where: str) -> str:
    if not INCHIKEY.fullmatch(text.strip()):
        expected = f"its first block, {SKELETON_LENGTH} letters, or all of it"
        raise InputError(f"{text[:80]!r} is no InChIKey", where=where, expected=expected)
    return key_of(text.strip(), stereo=True)


def _key_of_smiles(text: str, where: str) -> str:
    try:
        return standardize(text, StandardizeSpec()).key
    except MoleculeRejected as rejected:
        raise InputError(f"{text[:80]!r}: {rejected.reason}", where=where, expected="a SMILES of the transfer set") from None
