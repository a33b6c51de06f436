"""What the loss costs of a student's training step."""

import sys
from statistics import median

from bench import Bench
from molecules import transfer
from timing import Row
from worker import Worker

MOST, THREADS, BATCH = 0.05, 1, 128  # as students are trained


def losses(bench: Bench) -> list[Row]:
    """Measure every loss, forward and backward, and the rest of a step, in turns in one process; evaluate the dearest."""
    request = {"smiles": transfer(bench.size(6400, 1280)), "threads": THREADS, "batch_size": BATCH}
    with Worker(sys.executable, "fluid_losses", request, THREADS) as worker:
        worker.ask()
        answers = [worker.ask() for _ in range(bench.repeats)]
    microseconds = {name: 1e6 * median(answer["losses"][name] for answer in answers) for name in answers[0]["losses"]}
    dearest = max(microseconds, key=lambda name: microseconds[name])
    ours = [1e6 * answer["losses"][dearest] for answer in answers]
    rest = [1e6 * (answer["step"] - answer["losses"]["soft_bce"]) for answer in answers]
    ratios = [own / other for own, other in zip(ours, rest, strict=True)]
    share = median(ours) / median(rest)
    return [
        {
            "name": f"losses: dearest, forward and backward ({dearest})",
            "ours": median(ours),
            "peer": median(rest),
            "unit": "µs",
            "ratio": share,
            "ratio_range": [min(ratios), max(ratios)],
            "target": f"<= {MOST:.0%} of the rest of a step",
            "holds": share <= MOST,
            "repeats": {"ours": len(ours)},
            "size": BATCH,
            "threads": THREADS,
            "ours_raw": ours,
            "peer_raw": rest,
            "microseconds": {name: round(took) for name, took in microseconds.items()},
            "note": "peer: the rest of a step",
        }
    ]
