"""Named, independent random streams, and noise that nobody can draw again; nothing in `fluid` touches a global random state.

A stream is identified by the user's seed and a path of names, e.g. `(7, "teacher", "T3", "init")`.
Adding a stream never shifts another one, and the order in which streams are used does not matter.
"""

import hashlib
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(seed: int, *names: str | int) -> int:
    """Derive a 63-bit seed for the stream `names` under `seed`.

    Uses SHA-256 of the unambiguous joined path, so streams are independent for all practical purposes.
    """
    path = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big") >> 1


def numpy_stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return a NumPy generator for the stream `names`."""
    return np.random.default_rng(derive_seed(seed, *names))


def torch_stream(seed: int, *names: str | int, device: str = "cpu") -> "torch.Generator":
    """Return a torch generator on `device` for the stream `names`."""
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(seed, *names))


@contextmanager
def isolate(seed: int, *names: str | int) -> Iterator[None]:
    """Run a block under the stream `names` of torch's default generators and restore them afterwards.

    For library code that accepts no generator (weight initialisation, `nn.Dropout`).
    """
    import torch

    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(derive_seed(seed, *names))
        yield


class Normal(Protocol):
    """A source of normal noise; NumPy's generators are some."""

    def normal(self, loc: float, scale: float, size: tuple[int, ...]) -> np.ndarray:
        """Return independent normal numbers."""


class SystemNoise:
    """Normal noise from the operating system's generator, which also makes keys: it has no seed by which it could be taken away again."""

    def normal(self, loc: float, scale: float, size: tuple[int, ...]) -> np.ndarray:
        """Return independent normal numbers in double precision.

        Each is the normal quantile of one of 2^52 equally likely numbers in (0, 1): it lies within 8.2 standard deviations.
        """
        from scipy.special import ndtri

        words = np.frombuffer(os.urandom(8 * math.prod(size)), dtype=np.uint64) >> np.uint64(12)
        noise: np.ndarray = loc + scale * ndtri((words.astype(np.float64) + 0.5) / 2.0**52).reshape(size)
        return noise


def noise_source(is_release: bool, seed: int, *names: str | int) -> Normal:
    """Return the operating system's noise for what will leave a company, and the stream `names` for a simulation."""
    return SystemNoise() if is_release else numpy_stream(seed, *names)
