"""Write an array row by row into a `.npy` file whose final length is not yet known."""

from pathlib import Path
from types import TracebackType

import numpy as np

HEADER_BYTES = 128
MAGIC = b"\x93NUMPY\x01\x00"


class ArrayWriter:
    """Append rows to a `.npy` file; only the rows at hand are in memory. A context manager.

    Args:
        path: The file.
        dtype: Type of the rows.
        row_shape: Shape of one row; empty for a flat array.
    """

    def __init__(self, path: Path, dtype: type[np.generic], row_shape: tuple[int, ...] = ()) -> None:
        self.path, self.dtype, self.row_shape, self.rows = path, np.dtype(dtype), row_shape, 0

    def _header(self) -> bytes:
        text = repr({"descr": self.dtype.str, "fortran_order": False, "shape": (self.rows, *self.row_shape)})
        room = HEADER_BYTES - len(MAGIC) - 2
        return MAGIC + room.to_bytes(2, "little") + text.encode().ljust(room - 1) + b"\n"

    def __enter__(self) -> "ArrayWriter":
        """Begin with room for the header."""
        self._stream = self.path.open("wb")
        self._stream.write(self._header())
        return self

    def append(self, rows: np.ndarray) -> None:
        """Write further rows."""
        self._stream.write(np.ascontiguousarray(rows, dtype=self.dtype).tobytes())
        self.rows += len(rows)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write the header with the final length."""
        self._stream.seek(0)
        self._stream.write(self._header())
        self._stream.close()
