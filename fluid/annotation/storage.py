"""Annotation sets as files: `annotations.parquet`, `manifest.json`, and evidence where it is released.

They are written atomically, and read with suspicion.
"""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.annotation.annotation_set import OF_MOLECULES, PLANES, AnnotationSet
from fluid.annotation.evidence import Evidence
from fluid.annotation.evidence_file import AGAIN, FILE, read_evidence, write_evidence
from fluid.artifacts import atomic_folder, hash_file, read_json, tell_of_foreign, write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, FluidError, ShapeError
from fluid.foreign import files_below, is_foreign
from fluid.models.prediction import Prediction
from fluid.version import __version__

FORMAT = 1
TABLE, MANIFEST = "annotations.parquet", "manifest.json"
KEYS = {
    "format": int,
    "teacher": str,
    "endpoints": list,
    "transfer_digest": str,
    "rows": int,
    "n_bins": int,
    "sha256": str,
    "versions": dict,
}
EVIDENCE = "evidence"
"""Key of a manifest whose set holds evidence."""


def schema_of(endpoints: tuple[Endpoint, ...], released: Sequence[str] = ()) -> pa.Schema:
    """Return the columns of an annotation table, with those of `OF_MOLECULES` that are released."""
    planes = [(f"{endpoint.name}/{plane}", pa.float32()) for endpoint in endpoints for plane in PLANES]
    more = [(name, pa.float32()) for name in OF_MOLECULES if name in released]
    return pa.schema([("row", pa.int32()), ("domain_bin", pa.uint8()), *planes, *more])


def files_of(annotations: AnnotationSet) -> tuple[str, ...]:
    """Return the names of the files that an annotation set is kept in."""
    return (TABLE, MANIFEST, *([FILE] if annotations.evidence else []))


class AnnotationWriter:
    """Write an annotation set chunk by chunk; the folder appears complete or not at all.

    Args:
        folder: Where to.
        teacher: Name of the teacher.
        endpoints: Its endpoints.
        transfer_digest: Identity of the transfer set.
        n_bins: Bins of the coarse domain score.
        n_rows: Molecules of the transfer set.
        released: Those of `OF_MOLECULES` that are released.
        evidence: Evidence, if it is released; `released` names the familiarity then.
    """

    def __init__(
        self,
        folder: Path,
        teacher: str,
        endpoints: tuple[Endpoint, ...],
        transfer_digest: str,
        n_bins: int,
        n_rows: int,
        released: Sequence[str] = (),
        evidence: Evidence | None = None,
    ) -> None:
        self.schema, self.evidence = schema_of(tuple(endpoints), released), evidence
        self.teacher, self.endpoints, self.transfer_digest, self.n_bins, self.n_rows = (
            teacher,
            tuple(endpoints),
            transfer_digest,
            n_bins,
            n_rows,
        )
        self._atomic, self._written = atomic_folder(folder), 0

    def __enter__(self) -> "AnnotationWriter":
        """Begin."""
        self._folder = self._atomic.__enter__()
        self._writer = pq.ParquetWriter(self._folder / TABLE, self.schema, compression="zstd")
        return self

    def append(self, prediction: Prediction, domain_bin: np.ndarray, **released: np.ndarray) -> None:
        """Write the answers to the next molecules, and what is released of them beside the bin (`OF_MOLECULES`).

        Raises:
            ArtifactError: A value is missing or out of range.
            ShapeError: Shapes disagree.
        """
        planes = (prediction.mean, prediction.epistemic, prediction.aleatoric)
        about = (self.teacher, self.endpoints, self.transfer_digest)
        raw = (released.get("distance"), self.evidence, released.get("familiarity"))
        part = AnnotationSet(*about, *planes, domain_bin, self.n_bins, *raw)
        columns: dict[str, Any] = {
            "row": np.arange(self._written, self._written + len(part), dtype=np.int32),
            "domain_bin": part.domain_bin,
        }
        columns |= {f"{e.name}/{plane}": getattr(part, plane)[:, i] for i, e in enumerate(self.endpoints) for plane in PLANES}
        columns |= released
        self._writer.write_table(pa.table(columns, schema=self.schema))
        self._written += len(part)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish: write the manifest, or leave nothing after an error."""
        try:
            self._writer.close()
            if error is None:
                self._finish()
        except BaseException as late:
            self._atomic.__exit__(type(late), late, late.__traceback__)
            raise
        self._atomic.__exit__(kind, error, trace)

    def _finish(self) -> None:
        if self._written != self.n_rows:
            raise ShapeError(f"{self._written} rows were annotated", expected=f"{self.n_rows}, every molecule of the transfer set")
        manifest = {
            "format": FORMAT,
            "teacher": self.teacher,
            "endpoints": [endpoint.to_dict() for endpoint in self.endpoints],
            "transfer_digest": self.transfer_digest,
            "rows": self.n_rows,
            "n_bins": self.n_bins,
            "sha256": hash_file(self._folder / TABLE),
            "versions": {"fluid": __version__, "rdkit": version("rdkit")},
        }
        if self.evidence is not None:
            manifest[EVIDENCE] = write_evidence(self._folder, self.evidence)
        write_json(self._folder / MANIFEST, manifest)


def write_annotation_set(folder: Path, annotations: AnnotationSet) -> None:
    """Write a whole annotation set."""
    a = annotations
    released = {name: plane for name in OF_MOLECULES if (plane := getattr(a, name)) is not None}
    with AnnotationWriter(folder, a.teacher, a.endpoints, a.transfer_digest, a.n_bins, len(a), tuple(released), a.evidence) as writer:
        writer.append(Prediction(a.prediction, a.epistemic, a.aleatoric), a.domain_bin, **released)


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ArtifactError("file not found", where=str(path), remedy=AGAIN)
    try:
        manifest = read_json(path)
    except RecursionError:
        raise ArtifactError("not valid JSON (nested too deeply)", where=str(path), remedy=AGAIN) from None
    known = isinstance(manifest, dict) and set(manifest) - {EVIDENCE} == set(KEYS)
    if not known or any(type(manifest[k]) is not t for k, t in KEYS.items()):
        raise ArtifactError("this is no manifest of an annotation set", where=str(path), expected="keys " + ", ".join(KEYS), remedy=AGAIN)
    if manifest["format"] != FORMAT:
        raise ArtifactError(
            f"the annotation set has format {manifest['format']}", where=str(path), expected=f"format {FORMAT}", remedy=AGAIN
        )
    found: dict[str, Any] = manifest
    return found


def _endpoints(path: Path, manifest: dict[str, Any]) -> tuple[Endpoint, ...]:
    try:
        endpoints = tuple(Endpoint.from_dict(value) for value in manifest["endpoints"])
    except (FluidError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"an endpoint cannot be read ({error})", where=str(path), remedy=AGAIN) from None
    if not endpoints:
        raise ArtifactError("there is no endpoint", where=str(path), remedy=AGAIN)
    return endpoints


def _table(path: Path, manifest: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> pa.Table:
    if not path.is_file():
        raise ArtifactError("file not found", where=str(path), remedy=AGAIN)
    if hash_file(path) != manifest["sha256"]:
        raise ArtifactError("the file was truncated or altered", where=str(path), expected="the SHA-256 of its manifest", remedy=AGAIN)
    try:
        table = pq.read_table(path)
        names = table.schema.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"not a Parquet file ({str(error).splitlines()[0]})", where=str(path), remedy=AGAIN) from None
    if not table.schema.equals(schema_of(endpoints, names)):
        raise ArtifactError(
            f"columns are {', '.join(map(repr, names))}", where=str(path), expected=", ".join(schema_of(endpoints).names), remedy=AGAIN
        )
    rows = table["row"].to_numpy()
    if len(rows) != manifest["rows"]:
        raise ArtifactError(f"{len(rows)} rows", where=str(path), expected=f"{manifest['rows']}, as its manifest says", remedy=AGAIN)
    wrong = np.flatnonzero(rows != np.arange(len(rows)))
    if len(wrong):
        raise ArtifactError(
            "rows are not in the order of the transfer set", where=f"{path}, row {wrong[0] + 1}", expected="0, 1, 2, ...", remedy=AGAIN
        )
    return table


def read_annotation_set(folder: Path, transfer_digest: str | None = None, n_rows: int | None = None) -> AnnotationSet:
    """Read an annotation set that somebody sent, and check everything.

    Args:
        folder: With `annotations.parquet` and `manifest.json`.
        transfer_digest: Identity of the transfer set it must be over.
        n_rows: Molecules it must answer.

    Raises:
        ArtifactError: A file is missing, torn, altered, reordered, over another transfer set, or a value cannot be.
    """
    manifest = _manifest(folder / MANIFEST)
    if transfer_digest is not None and manifest["transfer_digest"] != transfer_digest:
        raise ArtifactError(
            f"teacher {manifest['teacher']!r} annotated another transfer set ({manifest['transfer_digest'][:16]!r})",
            where=str(folder),
            expected=transfer_digest[:16],
            remedy="All companies must annotate the same file with the same version of fluid.",
        )
    if n_rows is not None and manifest["rows"] != n_rows:
        raise ArtifactError(f"{manifest['rows']} rows", where=str(folder), expected=f"{n_rows}, one per transfer molecule", remedy=AGAIN)
    endpoints = _endpoints(folder / MANIFEST, manifest)
    table = _table(folder / TABLE, manifest, endpoints)
    tell_of_foreign(folder, [name for name in files_below(folder) if is_foreign(name)])
    planes = [np.stack([table[f"{e.name}/{plane}"].to_numpy() for e in endpoints], axis=1) for plane in PLANES]
    try:
        bins = table["domain_bin"].to_numpy()
        arrays = dict(zip(PLANES, planes, strict=True))
        released = {name: table[name].to_numpy() for name in OF_MOLECULES if name in table.column_names}
        evidence = read_evidence(folder, manifest[EVIDENCE], endpoints) if EVIDENCE in manifest else None
        return AnnotationSet(
            teacher=manifest["teacher"], endpoints=endpoints, transfer_digest=manifest["transfer_digest"],
            domain_bin=bins, n_bins=manifest["n_bins"], evidence=evidence, **released, **arrays,
        )  # fmt: skip
    except (ArtifactError, ShapeError) as error:
        raise ArtifactError(str(error).rstrip("."), where=str(folder / TABLE), remedy=AGAIN) from None
