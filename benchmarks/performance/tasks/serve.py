"""The worker's side of a measurement: read a JSON line, answer with a JSON line. Needs nothing but the standard library."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]
Measure = Callable[[Answer], Answer]


def serve(prepare: Callable[[Answer], tuple[Answer, Measure]]) -> None:
    """Prepare for the first request, then answer one measurement per line until the input ends.

    Args:
        prepare: Takes the first request; returns what to say of it, and a function that measures.
    """
    with os.fdopen(os.dup(1), "w", buffering=1) as out:
        os.dup2(2, 1)  # what libraries print must not get between the answers
        facts, measure = prepare(json.loads(sys.stdin.readline()))
        out.write(json.dumps(facts) + "\n")
        for line in sys.stdin:
            out.write(json.dumps(measure(json.loads(line))) + "\n")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the wall time in seconds and the result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
