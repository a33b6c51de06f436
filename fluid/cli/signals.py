"""The one owner of SIGTERM: a run that is told to end does so as on Ctrl-C, tidily and not as if it had finished."""

import signal
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came: from `kill`, a batch system's time limit or a shutdown."""


def terminate(signum: int, frame: FrameType | None) -> None:
    """Raise `Terminated`; a signal handler."""
    raise Terminated


def heed_sigterm() -> None:
    """Let SIGTERM raise `Terminated` from now on, in the main thread, as SIGINT raises `KeyboardInterrupt`."""
    signal.signal(signal.SIGTERM, terminate)
