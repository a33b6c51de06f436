"""The one owner of SIGTERM and SIGUSR1: a run that is told to end does so as on Ctrl-C, tidily and not as if it had finished."""

import signal
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came: from `kill`, a batch system's time limit or a shutdown."""


class Preempted(KeyboardInterrupt):
    """SIGUSR1 came: a batch system will soon end the job, which may go on later."""


SIGNALS: dict[int, type[KeyboardInterrupt]] = {signal.SIGTERM: Terminated, signal.SIGUSR1: Preempted}


def end(signum: int, frame: FrameType | None) -> None:
    """Raise what a signal means; a signal handler. What trains has written checkpoints all along."""
    raise SIGNALS[signum]


def heed_signals() -> None:
    """Let each of `SIGNALS` raise its exception from now on, in the main thread, as SIGINT raises `KeyboardInterrupt`."""
    for signum in SIGNALS:
        signal.signal(signum, end)
