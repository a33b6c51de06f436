"""Signals of a batch system: heard once, and left to the parent by workers."""

import os
import signal

import pytest

from fluid.cli.signals import GRACE_S, SIGNALS, End, Preempted, Terminated
from fluid.pipeline.workers import LEFT_TO_PARENT, leave_signals_to, side_by_side


def test_a_signal_that_comes_twice_ends_a_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("fluid.cli.signals.time.monotonic", lambda: now[0])
    end = End()
    with pytest.raises(Preempted):
        end(signal.SIGUSR1, None)
    end(signal.SIGTERM, None)
    now[0] += GRACE_S + 1
    with pytest.raises(Terminated):
        end(signal.SIGTERM, None)


def test_workers_leave_the_signals_of_a_batch_system_to_their_parent() -> None:
    assert set(LEFT_TO_PARENT) == set(SIGNALS)
    before = {signum: signal.getsignal(signum) for signum in LEFT_TO_PARENT}
    leave_signals_to(os.getpid())
    assert {signum: signal.getsignal(signum) for signum in LEFT_TO_PARENT} == before
    outcomes = list(side_by_side({"a": survives, "b": survives}, 2))
    assert sorted(outcome.name for outcome in outcomes) == ["a", "b"]


def survives() -> None:
    """Come back in a process that these signals do not end."""
    for signum in LEFT_TO_PARENT:
        os.kill(os.getpid(), signum)
