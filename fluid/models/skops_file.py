"""scikit-learn models as skops files whose bytes depend on the model only."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import skops.io

from fluid.errors import ArtifactError

SCHEMA = "schema.json"
IDENTITY = re.compile(r'("__id__": |"file": ")(\d+)')
EPOCH = (1980, 1, 1, 0, 0, 0)


def dump(model: Any, path: Path) -> None:
    """Write a model; equal models give equal bytes.

    skops names objects by their address in memory and stamps members with the time; here they are numbered in order of
    appearance, without time, and the unused bytes inside of records are zero.
    """
    numbers: dict[str, str] = {}

    def renumber(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers) + 1))

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        schema = IDENTITY.sub(renumber, source.read(SCHEMA).decode())
        members = {numbers[Path(name).stem] + Path(name).suffix: source.read(name) for name in source.namelist() if name != SCHEMA}
        for name in sorted(members, key=lambda name: int(Path(name).stem)):
            target.writestr(zipfile.ZipInfo(name, EPOCH), _tidy(members[name]) if name.endswith(".npy") else members[name])
        target.writestr(zipfile.ZipInfo(SCHEMA, EPOCH), schema)


def load(path: Path, trusted: list[str]) -> Any:
    """Read a model; types outside skops' own list must be named in `trusted`.

    Raises:
        ArtifactError: The file holds other types.
    """
    try:
        return skops.io.load(path, trusted=trusted)
    except skops.io.exceptions.UntrustedTypesFoundException as error:
        raise ArtifactError(str(error), where=str(path)) from None


def _tidy(content: bytes) -> bytes:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    clean, stream = np.zeros(array.shape, array.dtype), io.BytesIO()
    for field in array.dtype.names:
        clean[field] = array[field]
    np.save(stream, clean, allow_pickle=False)
    return stream.getvalue()
