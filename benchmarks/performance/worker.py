"""Long-lived worker processes, in our environment or a peer's, so that sides can be measured in turn and stay warm."""

import contextlib
import json
import os
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench import bounded_environment

TASKS = Path(__file__).parent / "tasks"


class Worker:
    """One script of `tasks/` in its own process; talks JSON, a line per question and answer.

    Args:
        python: Interpreter of the environment.
        task: Name of the script.
        request: What it prepares itself for.
        threads: Threads and cores that it may use.
    """

    def __init__(self, python: Path | str, task: str, request: Mapping[str, Any], threads: int) -> None:
        cores = sorted(os.sched_getaffinity(0))[:threads]
        self.task = task
        self.process = subprocess.Popen(
            [str(python), str(TASKS / f"{task}.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=bounded_environment(threads), preexec_fn=partial(os.sched_setaffinity, 0, cores),
        )  # fmt: skip
        self.facts = self.ask(**request)

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer.

        Raises:
            RuntimeError: The process ended.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(request) + "\n")
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"task {self.task} ended with code {self.process.wait()}; its last words stand above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> "Worker":
        """Return the worker."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def in_turns(workers: Mapping[str, Worker], repeats: int, **request: Any) -> dict[str, list[dict[str, Any]]]:
    """Ask each worker once to warm up, then all of them in turns; returns the answers of each."""
    for worker in workers.values():
        worker.ask(**request)
    rounds = [{name: worker.ask(**request) for name, worker in workers.items()} for _ in range(repeats)]
    return {name: [answers[name] for answers in rounds] for name in workers}


def seconds(answers: list[dict[str, Any]]) -> list[float]:
    """Return the times of some answers."""
    return [answer["seconds"] for answer in answers]
