"""Batches for training on two cores: against PyG's `DataLoader` over `Data` objects, with and without its worker processes."""

import sys
from statistics import median
from typing import Any

from bench import CORES, Bench
from molecules import transfer
from peers import peer_python
from timing import Row, compared, rates
from worker import Worker, in_turns, seconds

BATCH_SIZE = 128
LEAST_RATE = 150_000
PEERS = {"PyG": 0, "PyG, 2 workers": CORES}
OURS = {"whole graphs": False, "distinct environments": True}
TARGETS = {"whole graphs": 6.0, "distinct environments": 1.0}  # the peer does nothing that compares with the second


def start(bench: Bench, smiles: list[str]) -> dict[str, Worker]:
    """Start all sides with two threads each."""
    request = {"smiles": smiles, "batch_size": BATCH_SIZE}
    ours = {name: Worker(sys.executable, "fluid_batch", request | {"distinct": distinct}, CORES) for name, distinct in OURS.items()}
    python = peer_python(bench.peers)
    return ours | {name: Worker(python, "pyg_batch", request | {"workers": count}, CORES) for name, count in PEERS.items()}


def batch(bench: Bench) -> list[Row]:
    """Measure epochs in turns; the peer's better way counts."""
    smiles = transfer(bench.size(12_000, 1500))
    workers = start(bench, smiles)
    try:
        answers = in_turns(workers, bench.repeats)
    finally:
        for worker in workers.values():
            worker.__exit__()
    found = {name: rates(len(smiles), seconds(own)) for name, own in answers.items()}
    best = max(PEERS, key=lambda name: median(found[name]))
    size: dict[str, Any] = {
        "size": len(smiles),
        "batch_size": BATCH_SIZE,
        "threads": CORES,
        "peer_raw_all": {name: found[name] for name in PEERS},
    }
    return [row(ours, best, found, answers, size) for ours in OURS]


def row(ours: str, best: str, found: dict[str, list[float]], answers: dict[str, list[dict[str, Any]]], size: dict[str, Any]) -> Row:
    """Compare one of our ways with the peer's better one; all atoms must be there."""
    counts = {name: [answers[name][0][key] for key in ("atoms", "molecules")] for name in (ours, best)}
    fast = median(found[ours]) >= LEAST_RATE
    made = compared(
        f"batch: {ours}", found[ours], found[best], "graphs/s", TARGETS[ours], ok=fast and counts[ours] == counts[best],
        equality={"atoms and molecules": counts}, note=f"peer: {best}", **size,
    )  # fmt: skip
    made["target"] += f" and >= {LEAST_RATE:,} graphs/s"
    return made
