"""Processor time of this process and of all processes below it, dead or alive."""

import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class Process(NamedTuple):
    """One process: its parent, and the processor seconds of itself and of those of its children that have ended."""

    parent: int
    cpu_s: float


def read_process(stat: str, ticks: int) -> Process:
    """Read a line of `/proc/PID/stat` (see proc(5)): fields 4 (parent) and 14 to 17 (user, system, both of ended children)."""
    values = stat.rpartition(")")[2].split()
    return Process(int(values[1]), sum(map(int, values[11:15])) / ticks)


def all_processes(proc: Path = PROC) -> dict[int, Process]:
    """Return every process that can be seen, by its number; none where the system has no `/proc`."""
    ticks, found = os.sysconf("SC_CLK_TCK"), {}
    for place in proc.glob("[0-9]*/stat"):
        try:
            found[int(place.parent.name)] = read_process(place.read_text(encoding="utf-8", errors="replace"), ticks)
        except (OSError, IndexError, ValueError):  # ended meanwhile
            continue
    return found


def below(root: int, processes: Mapping[int, Process]) -> list[int]:
    """Return the numbers of all processes below one, at any depth."""
    children: dict[int, list[int]] = {}
    for number, process in processes.items():
        children.setdefault(process.parent, []).append(number)
    found, waiting = [], list(children.get(root, ()))
    while waiting:
        number = waiting.pop()
        found.append(number)
        waiting += children.get(number, ())
    return found


def own_cpu_s() -> float:
    """Return user and system seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def tree_cpu_s() -> float:
    """Return user and system seconds of this process and all that are or were below it.

    A child that ends hands its seconds to its parent: the sum does not change, so that differences of it count nothing twice.
    """
    processes = all_processes()
    return own_cpu_s() + sum(processes[number].cpu_s for number in below(os.getpid(), processes))


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process in MB (10⁶ bytes): where there is `/proc`, without that of a process it came from."""
    with suppress(OSError, StopIteration):
        lines = (PROC / "self" / "status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
