"""The whole demo against the same demo at an earlier commit, with the metrics of both side by side."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from bench import CORES, Bench, Missing
from process import ROOT, run
from timing import Row, compared

TARGET = 2.0
MODELS = ("pooled", "student", "consensus")
ROLES = ("teacher", "hybrid")
METRICS = ("auroc", "mcc")


def worktree(bench: Bench) -> Path:
    """Return a checkout of the earlier commit.

    Raises:
        Missing: The commit is not there (a shallow clone, say).
    """
    place = bench.folder("demo") / f"base-{bench.base}"
    if not (place / "fluid").is_dir():
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=False)
        made = subprocess.run(
            ["git", "worktree", "add", "--detach", place, bench.base], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise Missing(f"commit {bench.base} cannot be checked out ({made.stderr.strip()})")
    return place


def remove(place: Path) -> None:
    """Remove the checkout."""
    subprocess.run(["git", "worktree", "remove", "--force", place], cwd=ROOT, capture_output=True, check=False)


def simulate(bench: Bench, side: str, code: Path) -> tuple[float, pd.DataFrame]:
    """Run the demo of a checkout with an empty store; returns its wall time in seconds and its metrics."""
    folder = bench.folder("demo") / side
    shutil.rmtree(folder, ignore_errors=True)
    experiment = "smoke" if bench.quick else "demo"
    places = [f"paths.runs={folder}", f"paths.artifacts={folder / 'store'}", "name=run"]
    command = [sys.executable, "-m", "fluid", "simulate", f"experiment={experiment}", *places]
    took = run(command, folder.with_suffix(".log"), cwd=code, path=str(code))
    if not (folder / "run" / "metrics.csv").is_file():
        raise RuntimeError(f"the demo of {side} ended without its metrics, as if stopped: see {folder.with_suffix('.log')}")
    return took.seconds, pd.read_csv(folder / "run" / "metrics.csv")


def summary(metrics: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the value and the half width of its bootstrap interval per model, test and metric; teachers and hybrids as means."""
    found = {}
    chosen = metrics[metrics["metric"].isin(METRICS)].assign(half=lambda table: (table["high"] - table["low"]) / 2)
    for (test, metric), part in chosen.groupby(["test", "metric"]):
        groups = {name: part[part["model"] == name] for name in MODELS} | {f"{role} mean": part[part["role"] == role] for role in ROLES}
        found |= {
            f"{name}, {test} {metric}": (float(own["value"].mean()), float(own["half"].mean())) for name, own in groups.items() if len(own)
        }
    return found


def within_noise(ours: dict[str, tuple[float, float]], base: dict[str, tuple[float, float]]) -> list[dict[str, Any]]:
    """Return each metric of both, and whether ours is below the base's by no more than both bootstrap intervals together allow."""
    pairs = ((name, ours[name], base[name]) for name in sorted(base) if name in ours)
    return [
        {"metric": name, "ours": a, "base": b, "allowed": (half_a**2 + half_b**2) ** 0.5, "holds": a >= b - (half_a**2 + half_b**2) ** 0.5}
        for name, (a, half_a), (b, half_b) in pairs
    ]


def demo(bench: Bench) -> list[Row]:
    """Run both once each, the base first (it takes minutes)."""
    place = worktree(bench)
    try:
        base_seconds, base = simulate(bench, "base", place)
    finally:
        remove(place)
    seconds, ours = simulate(bench, "ours", ROOT)
    metrics = within_noise(summary(ours), summary(base))
    print("\n".join(f"{one['metric']}: {one['ours']:.3f}, before {one['base']:.3f} (±{one['allowed']:.3f})" for one in metrics), flush=True)
    same = bool(metrics) and all(one["holds"] for one in metrics)
    row = compared(
        "demo: whole federation", [1 / seconds], [1 / base_seconds], "1/s", TARGET, ok=same, threads=CORES, metrics=metrics,
        note=f"peer: commit {bench.base}; quality no worse within bootstrap noise: {same}",
    )  # fmt: skip
    return [row | {"ours": seconds, "peer": base_seconds, "unit": "s", "ours_raw": [seconds], "peer_raw": [base_seconds]}]
