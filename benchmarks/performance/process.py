"""Whole processes from start to end: wall time and peak memory of the process with all its children."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import CORES, bounded_environment

INTERVAL_S = 0.2
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """What a process took.

    Attributes:
        seconds: Wall time.
        tree_mb: Highest memory of the process and its children together, in MB (10⁶ bytes); 0 if not watched.
        largest_mb: Highest resident memory of any single process of them.
    """

    seconds: float
    tree_mb: float
    largest_mb: float


def descendants(pid: int) -> Iterator[int]:
    """Yield a process and all its children that are alive."""
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from descendants(int(child))
    except OSError:
        return


def rollup(pid: int) -> dict[str, int]:
    """Return the sums over all mappings of a process, in kB; empty if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def tree_mb(parts: Sequence[Mapping[str, int]]) -> float:
    """Return the memory of processes together, in MB: all that is their own, and mapped files once.

    Anonymous pages shared by n processes count 1/n in each. Files (libraries above all) are mapped by all of them; the process that
    maps most stands for them, whatever else runs on the machine.

    Args:
        parts: `rollup` of each process.
    """
    own = sum(part.get("Pss_Anon", 0) + part.get("Pss_Shmem", 0) for part in parts)
    files = max((part.get("Rss", 0) - part.get("Anonymous", 0) for part in parts), default=0)
    return (own + files) * 1024 / 1e6


class MemoryWatch(threading.Thread):
    """Samples the memory of a process tree until told to stop.

    Args:
        pid: Root of the tree.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0.0, threading.Event()

    def run(self) -> None:
        """Sample."""
        while not self.ended.wait(INTERVAL_S):
            self.peak = max(self.peak, tree_mb([rollup(pid) for pid in descendants(self.pid)]))


def run(command: Sequence[str | Path], log: Path, cwd: Path = ROOT, threads: int = CORES, watch: bool = False, path: str = "") -> Run:
    """Run a command to its end, with its output in a file.

    Args:
        command: Program and arguments.
        log: Where its output goes.
        cwd: Folder to run in.
        threads: Bound on threads of numerical libraries.
        watch: Whether the memory of the whole tree is sampled.
        path: `PYTHONPATH` of the process.

    Raises:
        RuntimeError: It failed; the end of its output is in the message.
    """
    environment = bounded_environment(threads) | ({"PYTHONPATH": path} if path else {})
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as stream:
        began = time.perf_counter()
        process = subprocess.Popen([*map(str, command)], cwd=cwd, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        watcher = MemoryWatch(process.pid)
        if watch:
            watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - began
        watcher.ended.set()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode} of {' '.join(map(str, command))}:\n{log.read_text()[-1500:]}")
    return Run(elapsed, watcher.peak, usage.ru_maxrss * 1024 / 1e6)


def fluid(verb: str, log: Path, *settings: str, watch: bool = False) -> Run:
    """Run a verb of `fluid`."""
    return run([sys.executable, "-m", "fluid", verb, *settings], log, watch=watch)
