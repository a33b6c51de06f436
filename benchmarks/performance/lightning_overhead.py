"""A training step under Lightning against the same step in a bare loop."""

import sys
from statistics import median

from bench import Bench
from molecules import transfer
from timing import Row, compared
from worker import Worker

MOST, THREADS = 0.05, 1  # as teachers are trained
CLOSE = 1e-5


def lightning_overhead(bench: Bench) -> list[Row]:
    """Measure both in turns in one process, at the batch size of teachers; the best epoch after the first counts."""
    smiles = transfer(bench.size(6400, 1280))
    request = {"smiles": smiles, "threads": THREADS, "epochs": 4, "batch_size": 64}
    with Worker(sys.executable, "fluid_step", request, THREADS) as worker:
        worker.ask()
        answers = [worker.ask() for _ in range(bench.repeats)]
    ours, bare = ([1 / answer[way] for answer in answers] for way in ("lightning", "bare"))
    difference = max(answer["largest_difference"] for answer in answers)
    row = compared(
        "lightning_overhead: steps per second", ours, bare, "steps/s", 1 / (1 + MOST), ok=difference <= CLOSE, threads=THREADS,
        size=len(smiles), batch_size=64, equality={"largest difference of weights": difference}, note="peer: the same step in a bare loop",
    )  # fmt: skip
    over = median(bare) / median(ours) - 1
    return [row | {"target": f"< {MOST:.0%} longer", "overhead": over, "holds": bool(over < MOST and difference <= CLOSE)}]
