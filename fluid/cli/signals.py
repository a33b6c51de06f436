"""The one owner of SIGTERM and SIGUSR1: a run that is told to end does so as on Ctrl-C, tidily and not as if it had finished.

A batch system may tell it several times: to the process, to its group, through a shell. What comes within `GRACE_S` of the first is the
same message, and does not interrupt the tidying up.
"""

import signal
import time
from types import FrameType

GRACE_S = 10.0


class Terminated(KeyboardInterrupt):
    """SIGTERM came: from `kill`, a batch system's time limit or a shutdown."""


class Preempted(KeyboardInterrupt):
    """SIGUSR1 came: a batch system will soon end the job, which may go on later."""


SIGNALS: dict[int, type[KeyboardInterrupt]] = {signal.SIGTERM: Terminated, signal.SIGUSR1: Preempted}


class End:
    """A signal handler that raises what the signal means. What trains has written checkpoints all along."""

    def __init__(self) -> None:
        self.told = float("-inf")

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Raise, unless it did so a moment ago."""
        now = time.monotonic()
        if now - self.told > GRACE_S:
            self.told = now
            raise SIGNALS[signum]


def heed_signals() -> None:
    """Let each of `SIGNALS` raise its exception from now on, in the main thread, as SIGINT raises `KeyboardInterrupt`."""
    end = End()
    for signum in SIGNALS:
        signal.signal(signum, end)
