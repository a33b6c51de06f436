"""Peak memory of predicting 10,000 and 300,000 rows: all processes together, against `chemprop predict`."""

from pathlib import Path

import chemprop
from bench import CORES, Bench
from models import kept, predict_settings
from molecules import large, write_smiles
from process import Run, fluid
from timing import Row

MOST_MB, MOST_GROWTH = 1000.0, 1.1


def ours(bench: Bench, file: Path) -> Run:
    """Predict with ours, watched."""
    out = file.with_suffix(".ours.csv")
    return fluid("predict", file.with_suffix(".log"), *predict_settings(kept(bench, "fluid").path, file, out), watch=True)


def theirs(bench: Bench, file: Path) -> Run:
    """Predict with the peer, watched."""
    return chemprop.predict(bench, file, [Path(kept(bench, "chemprop").path)], file.with_suffix(".peer.csv"), watch=True)


def memory(bench: Bench) -> list[Row]:
    """Measure each size once: peaks vary little between runs."""
    smiles = large(bench.data, bench.size(300_000, 3000))
    sizes = {"ours": (bench.size(10_000, 1000), len(smiles)), "peer": (bench.size(10_000, 300), bench.size(40_000, 1200))}
    folder = bench.folder("memory")
    found: dict[str, list[Run]] = {"ours": [], "peer": []}
    for side, watched in (("ours", ours), ("peer", theirs)):
        for size in sizes[side]:
            found[side].append(watched(bench, write_smiles(folder / f"{size}.csv", smiles[:size])))
    return [row(found, sizes)]


def row(found: dict[str, list[Run]], sizes: dict[str, tuple[int, int]]) -> Row:
    """Evaluate our peaks; the peer's larger size is smaller than ours, for the sake of time."""
    peaks = {side: [took.tree_mb for took in runs] for side, runs in found.items()}
    growth = {side: large_ / small for side, (small, large_) in peaks.items()}
    return {
        "name": "memory: predict, 10 k to 300 k rows",
        "ours": peaks["ours"][1],
        "peer": peaks["peer"][1],
        "unit": "MB",
        "ratio": peaks["peer"][1] / peaks["ours"][1],
        "target": f"<= {MOST_MB:,.0f} MB, flat within {MOST_GROWTH - 1:.0%}",
        "holds": peaks["ours"][1] <= MOST_MB and growth["ours"] <= MOST_GROWTH,
        "threads": CORES,
        "size": sizes,
        "tree_mb": peaks,
        "largest_process_mb": {side: [took.largest_mb for took in runs] for side, runs in found.items()},
        "growth": growth,
        "seconds": {side: [took.seconds for took in runs] for side, runs in found.items()},
        "repeats": {"ours": 1, "peer": 1},
        "note": f"all processes together, mapped files counted once; the peer's {sizes['peer'][1]:,} rows, our {sizes['ours'][1]:,}",
    }
