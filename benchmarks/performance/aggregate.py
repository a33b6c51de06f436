"""Every consensus method on the answers of eight teachers: seconds at 347,717 molecules, memory at a million with four endpoints."""

import sys
from statistics import median

from bench import CORES, Bench
from timing import Row
from worker import Worker

KINDS = ("classification", "regression")
CLOSED_S, ITERATIVE_S, MOST_MB = 0.1, 2.0, 4000.0


def aggregate(bench: Bench) -> list[Row]:
    """Measure all methods on either kind of endpoint, in one process with the same threads."""
    with Worker(sys.executable, "fluid_consensus", {"threads": CORES}, CORES) as worker:
        iterative, size = worker.facts["iterative"], {"molecules": bench.size(347_717, 20_000), "endpoints": 1}
        seconds: dict[str, list[float]] = {}
        for kind in KINDS:
            for method in iterative:
                worker.ask(method=method, kind=kind, **size)
                seconds[f"{method}, {kind}"] = [worker.ask(method=method, kind=kind, **size)["seconds"] for _ in range(bench.repeats)]
    rows = [
        speed(name, {who: took for who, took in seconds.items() if iterative[who.split(",")[0]] == learns}, limit, size["molecules"])
        for name, learns, limit in (("closed form", False, CLOSED_S), ("iterative", True, ITERATIVE_S))
    ]
    return [*rows, memory(bench, list(iterative))]


def speed(name: str, seconds: dict[str, list[float]], limit: float, molecules: int) -> Row:
    """Evaluate the slowest method of a group by its median."""
    medians = {who: median(took) for who, took in seconds.items()}
    slowest = max(medians, key=lambda who: medians[who])
    took = seconds[slowest]
    return {
        "name": f"aggregate: slowest {name} ({slowest})",
        "ours": 1000 * medians[slowest],
        "peer": 1000 * limit,
        "unit": "ms",
        "ratio": medians[slowest] / limit,
        "ratio_range": [min(took) / limit, max(took) / limit],
        "target": f"<= {1000 * limit:,.0f} ms",
        "holds": medians[slowest] <= limit,
        "repeats": {"ours": len(took)},
        "size": molecules,
        "threads": CORES,
        "ours_raw": [1000 * value for value in took],
        "peer_raw": [],
        "milliseconds": {who: round(1000 * value, 1) for who, value in medians.items()},
        "note": "peer: the most that is allowed",
    }


def memory(bench: Bench, methods: list[str]) -> Row:
    """Evaluate the peak of one process that carries out all methods on a million molecules with four endpoints."""
    size = {"molecules": bench.size(1_000_000, 20_000), "endpoints": 4}
    with Worker(sys.executable, "fluid_consensus", {"threads": CORES}, CORES) as worker:
        answers = {f"{method}, {kind}": worker.ask(method=method, kind=kind, **size) for kind in KINDS for method in methods}
    peak = max(answer["peak_mb"] for answer in answers.values())
    return {
        "name": "aggregate: peak memory, a million molecules, 4 endpoints",
        "ours": peak,
        "peer": MOST_MB,
        "unit": "MB",
        "ratio": peak / MOST_MB,
        "target": f"<= {MOST_MB:,.0f} MB",
        "holds": peak <= MOST_MB,
        "repeats": {"ours": 1},
        "size": size["molecules"],
        "threads": CORES,
        "peak_mb_so_far": {who: round(answer["peak_mb"]) for who, answer in answers.items()},
        "seconds": {who: round(answer["seconds"], 3) for who, answer in answers.items()},
        "note": "peer: the most that is allowed; the answers themselves take 0.4 GB",
    }
