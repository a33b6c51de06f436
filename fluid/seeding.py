"""Named, independent random streams; nothing in `fluid` touches a global random state.

A stream is identified by the user's seed and a path of names, e.g. `(7, "teacher", "T3", "init")`.
Adding a stream never shifts another one, and the order in which streams are used does not matter.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
