"""Processor time of this process and of all processes below it, dead or alive, and its peak memory."""

import resource
from contextlib import suppress
from pathlib import Path

import psutil

STATUS = Path("/proc/self/status")


def process_cpu_s(process: psutil.Process) -> float:
    """Return user and system seconds of a process and of those of its children that have ended; 0 if it has ended itself."""
    with suppress(psutil.Error):  # ended meanwhile: its seconds are among those of its parent
        used = process.cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)
    return 0.0


def own_cpu_s() -> float:
    """Return user and system seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def tree_cpu_s() -> float:
    """Return user and system seconds of this process and all that are or were below it.

    A child that ends hands its seconds to its parent: the sum does not change, so that differences of it count nothing twice.
    """
    below = [process_cpu_s(process) for process in psutil.Process().children(recursive=True)]
    return own_cpu_s() + sum(below)


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process in MB (10⁶ bytes).

    Where there is `/proc` (psutil tells no peak there), it is without that of a process that it came from, which `getrusage` takes over.
    """
    with suppress(OSError, StopIteration):
        lines = STATUS.read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
