"""Compose a verb's configuration for callers within a process, beside whatever else the process does with Hydra.

Hydra keeps what it is at work on in singletons of the process. They are put aside while a verb is composed, and put back as they were.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

from fluid.cli.compose import compose, plain_values
from fluid.cli.failures import explain_hydra
from fluid.errors import ConfigError

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


def resolved(verb: str, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the configuration of a verb as plain values; what must be given and is not stays `???`.

    Raises:
        ConfigError: A setting is unknown or wrong; says which one may be meant.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    with hydra_aside():
        try:
            return plain_values(compose(verb, overrides), complete=False)
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(" ".join(explain_hydra(error, verb, overrides).split()).rstrip(".")) from None
