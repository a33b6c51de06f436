"""How the cost of each stage grows from 10³ to 3·10⁵ molecules: exponents fitted in log-log, and a plot."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from bench import CORES, Bench, Missing
from molecules import many
from process import ROOT
from timing import Row, exponent
from worker import Worker

SIZES, QUICK_SIZES = (1_000, 3_000, 10_000, 30_000, 50_000, 100_000, 300_000), (300, 600, 1_200)
EMBEDDED_SIZES = SIZES[:5]
STAGES = ("featurise", "annotate", "aggregate", "train")
MOST = 1.1
SHORT = 10_000
FIGURE = ROOT / "docs" / "figures" / "growth.png"


def measure(bench: Bench, sizes: Sequence[int]) -> dict[str, list[float]]:
    """Return the seconds of each stage at each size; the best of a few runs where these are short."""
    found: dict[str, list[float]] = {stage: [] for stage in STAGES}
    with Worker(sys.executable, "fluid_growth", {"threads": CORES}, CORES) as worker:
        worker.ask(smiles=many(sizes[0], bench.data))
        for size in sizes:
            smiles = many(size, bench.data)
            answers = [worker.ask(smiles=smiles)["seconds"] for _ in range(min(bench.repeats, 3) if size <= SHORT else 1)]
            for stage in STAGES:
                found[stage].append(min(answer[stage] for answer in answers))
            print(size, {stage: round(found[stage][-1], 3) for stage in STAGES}, flush=True)
    return found


def plot(sizes: Sequence[int], found: Mapping[str, Sequence[float]], path: Path) -> None:
    """Draw seconds against molecules, both logarithmic, with the fitted exponents."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for stage, seconds in found.items():
        axes.loglog(sizes, seconds, marker="o", label=f"{stage} (exponent {exponent(sizes, seconds):.2f})")
    axes.set(xlabel="molecules", ylabel=f"seconds on {CORES} cores")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def growth(bench: Bench) -> list[Row]:
    """Measure all sizes that there are data for; without the larger file the row does not hold."""
    sizes, complete = (QUICK_SIZES if bench.quick else SIZES), True
    try:
        many(sizes[-1], bench.data)
    except Missing as missing:
        print(f"growth stops at {EMBEDDED_SIZES[-1]:,}: {missing}", file=sys.stderr)
        sizes, complete = EMBEDDED_SIZES, False
    found = measure(bench, sizes)
    plot(sizes, found, bench.folder("growth") / "growth.png" if bench.quick else FIGURE)
    return [row(stage, sizes, seconds, complete) for stage, seconds in found.items()]


def row(stage: str, sizes: Sequence[int], seconds: Sequence[float], complete: bool) -> Row:
    """Evaluate the exponent of one stage: 1 is proportional."""
    power = exponent(sizes, seconds)
    note = "peer: proportional" if complete else f"only up to {sizes[-1]:,} molecules: the larger file was not given"
    return {
        "name": f"growth: {stage}, exponent",
        "ours": power,
        "peer": 1.0,
        "unit": "log s / log molecules",
        "ratio": power,
        "target": f"<= {MOST:g}",
        "holds": bool(complete and power <= MOST),
        "size": list(sizes),
        "ours_raw": list(seconds),
        "peer_raw": [],
        "threads": CORES,
        "microseconds_per_molecule": [1e6 * value / size for value, size in zip(seconds, sizes, strict=True)],
        "note": note,
    }
