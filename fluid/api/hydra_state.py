"""Compose configurations beside whatever else the process does with Hydra.

Hydra keeps what it is at work on in singletons of the process. They are put aside while a verb is composed, and put back as they were.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

COMPOSING = RLock()


@contextmanager
def hydra_aside() -> Iterator[None]:
    """Give Hydra a fresh state for a block, in one thread at a time, and leave it as it was."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.singleton import Singleton
    from hydra.version import VersionBase

    with COMPOSING:
        states: dict[Any, Any] = Singleton._instances
        before = {cls: states.pop(cls) for cls in (GlobalHydra, VersionBase) if cls in states}
        try:
            yield
        finally:
            for cls in (GlobalHydra, VersionBase):
                states.pop(cls, None)
            states.update(before)
