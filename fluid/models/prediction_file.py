"""A file of predictions as a teacher: a company may use any software it likes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fluid.data.endpoints import Endpoint
from fluid.errors import InputError
from fluid.models.prediction import PLANES, Prediction, as_prediction, entropy
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.standardize import MoleculeRejected, StandardizeSpec, standardize


@dataclass(frozen=True, slots=True, eq=False)
class PredictionFile:
    """Looked-up predictions; a `Predictor`.

    Attributes:
        keys: First InChIKey blocks of the `M` molecules in the file.
        endpoints: The `T` endpoints.
        planes: Mean, epistemic and aleatoric parts, each `(M, T)` float32.
        source: Where they came from, for messages.
    """

    keys: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    planes: tuple[np.ndarray, np.ndarray, np.ndarray]
    source: str

    @classmethod
    def read(cls, path: Path, endpoints: Sequence[Endpoint]) -> "PredictionFile":
        """Read a CSV or Parquet file.

        The columns are `key` (InChIKey) or `smiles`, and per endpoint `<name>` with optional `<name>_epistemic` and
        `<name>_aleatoric`; absent parts are 0 and, for classification, the entropy of the probability.

        Raises:
            InputError: The file, a column or a row cannot be used.
        """
        if not path.is_file():
            raise InputError("the prediction file is not found", where=str(path), expected="a .csv or .parquet file")
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        for endpoint in endpoints:
            if endpoint.name not in frame.columns:
                raise InputError(f"column {endpoint.name!r} is missing", where=str(path), expected="one column per endpoint")
        means = np.stack([_column(frame, e.name, path, 0.0, 1.0 if e.kind == "classification" else np.inf) for e in endpoints], axis=1)
        parts = [_uncertainty(frame, endpoints, plane, means, path) for plane in PLANES[1:]]
        keys, planes = _keys(frame, path), (means.astype(np.float32), *parts)
        _check_repeats(keys, planes, path)
        return cls(keys, tuple(endpoints), planes, str(path))  # type: ignore[arg-type]

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Look every molecule up.

        Raises:
            InputError: A molecule is not in the file.
        """
        rows = {key: row for row, key in enumerate(self.keys)}
        missing = [smiles for smiles, key in zip(molecules.smiles, molecules.keys, strict=True) if key not in rows]
        if missing:
            remedy = "Predict every molecule of the file that is annotated; a blank would reveal what you know."
            raise InputError(f"{len(missing)} molecules have no prediction, the first is {missing[0]}", where=self.source, remedy=remedy)
        index = [rows[key] for key in molecules.keys]
        return as_prediction(*(plane[index] for plane in self.planes))


def _column(frame: pd.DataFrame, name: str, path: Path, low: float, high: float) -> np.ndarray:
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
    low = -np.inf if np.isinf(high) else low
    wrong = np.flatnonzero(~np.isfinite(values) | (values < low) | (values > high))
    if len(wrong):
        expected = "a finite number" if np.isinf(high) else f"a number from {low:g} to {high:g}"
        raise InputError(
            f"{frame[name].iloc[wrong[0]]!r} in column {name!r} cannot be used", where=f"{path}, row {wrong[0] + 1}", expected=expected
        )
    return values


def _uncertainty(frame: pd.DataFrame, endpoints: Sequence[Endpoint], plane: str, means: np.ndarray, path: Path) -> np.ndarray:
    columns = []
    for i, endpoint in enumerate(endpoints):
        name = f"{endpoint.name}_{plane}"
        if name in frame.columns:
            values = _column(frame, name, path, 0.0, np.inf)
            if (values < 0).any():
                raise InputError(
                    f"negative uncertainty in column {name!r}", where=f"{path}, row {int(np.argmax(values < 0)) + 1}", expected="0 or more"
                )
            columns.append(values)
        else:
            columns.append(entropy(means[:, i]) if plane == "aleatoric" and endpoint.kind == "classification" else np.zeros(len(frame)))
    return np.stack(columns, axis=1).astype(np.float32)


def _check_repeats(keys: tuple[str, ...], planes: Sequence[np.ndarray], path: Path) -> None:
    """Refuse a molecule with two different answers; equal answers (of its stereo-isomers, say) are fine."""
    first: dict[str, int] = {}
    for row, key in enumerate(keys):
        before = first.setdefault(key, row)
        if any(not np.array_equal(plane[row], plane[before]) for plane in planes):
            remedy = "Keep one row per molecule; stereo-isomers count as one molecule."
            raise InputError(f"another answer for the molecule of row {before + 1}", where=f"{path}, row {row + 1}", remedy=remedy)


def _keys(frame: pd.DataFrame, path: Path) -> tuple[str, ...]:
    if "key" in frame.columns:
        return tuple(str(key)[:14] for key in frame["key"])
    if "smiles" not in frame.columns:
        raise InputError("neither column 'key' nor 'smiles' is there", where=str(path), expected="one of them")
    keys = []
    for number, smiles in enumerate(frame["smiles"], start=1):
        try:
            keys.append(standardize(str(smiles), StandardizeSpec()).key)
        except MoleculeRejected as rejected:
            raise InputError(
                f"{smiles!r}: {rejected.reason}", where=f"{path}, row {number}", expected="a SMILES of the transfer set"
            ) from None
    return tuple(keys)
