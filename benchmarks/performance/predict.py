"""From a CSV file of SMILES to a file of answers with one model: `fluid predict` against `chemprop predict`, whole processes."""

from pathlib import Path
from typing import Any

import chemprop
from bench import CORES, Bench
from models import Trained, equal_accuracy, kept, predict_settings
from molecules import repeated, transfer, write_smiles
from process import Run, fluid
from timing import Row, compared, rates

TARGET = 10.0


def predict(bench: Bench) -> list[Row]:
    """Measure both in turns; each gets the rows that it answers in half a minute, so that start-up weighs alike, and rates are compared."""
    ours, peer = kept(bench, "fluid"), kept(bench, "chemprop")
    sizes = {"ours": bench.size(160_000, 1500), "peer": bench.size(20_000, 400)}
    found = measure(bench, ours, peer, sizes)
    own, theirs = (rates(sizes[side], [took.seconds for took in found[side]]) for side in ("ours", "peer"))
    row = compared(
        "predict: one model, from SMILES", own, theirs, "molecules/s", TARGET, ok=ours.auroc >= peer.auroc,
        threads=CORES, size=sizes, equality=equal_accuracy(ours, peer), without_startup=without_startup(found, sizes),
        note="start-up counted on both sides; ours also standardises, scores the domain and gives uncertainties",
    )  # fmt: skip
    return [row]


def measure(bench: Bench, ours: Trained, peer: Trained, sizes: dict[str, int]) -> dict[str, list[Run]]:
    """Return the runs of both sides, and of both with a single row (which also warms up the disk's cache)."""
    folder = bench.folder("predict")
    files = {side: write_smiles(folder / f"{side}.csv", repeated(size)) for side, size in sizes.items()}
    one = write_smiles(folder / "one.csv", transfer(1))

    def own(file: Path) -> Run:
        return fluid("predict", folder / "ours.log", *predict_settings(ours.path, file, folder / "ours_out.csv"))

    def theirs(file: Path) -> Run:
        return chemprop.predict(bench, file, [Path(peer.path)], folder / "peer_out.csv")

    own(one), theirs(one)
    found: dict[str, list[Run]] = {"ours": [], "peer": [], "ours start-up": [own(one)], "peer start-up": [theirs(one)]}
    for _ in range(bench.repeats):
        found["ours"].append(own(files["ours"]))
        found["peer"].append(theirs(files["peer"]))
    return found


def without_startup(found: dict[str, list[Run]], sizes: dict[str, int]) -> dict[str, Any]:
    """Return rates and their ratio with the time of a run of a single row taken off."""
    best = {side: min(took.seconds for took in runs) for side, runs in found.items()}
    own, theirs = (sizes[side] / max(best[side] - best[f"{side} start-up"], 1e-9) for side in ("ours", "peer"))
    return {
        "ours": own, "peer": theirs, "ratio": own / theirs,
        "start_up_s": {"ours": best["ours start-up"], "peer": best["peer start-up"]},
    }  # fmt: skip
