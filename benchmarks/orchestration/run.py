"""What a rerun costs, and what a killed sweep loses: warm rerun, start-up, look-ups in the store, a sweep of 24 runs killed and resumed.

Example: `python benchmarks/orchestration/run.py --json orchestration.json`. `--quick` runs the experiment `smoke` instead of the demo.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import ROOT, Row, arguments, finish, put_between, write

from fluid.artifacts import MANIFEST, open_artifact, read_json
from fluid.pipeline.store import ArtifactStore
from fluid.runs.housekeeping import run_folders

SMALL = [
    "experiment=smoke", "data.pool=embedded:test_in_domain", "data.test_in_domain=", "data.validation=", "data.test_external=",
    "data.transfer=embedded:test_external", "companies.min_size=100",
]  # fmt: skip
GRID = ["consensus=mean,similarity,uncertainty", "seed=range(8)"]
RUNS = 24
LONGEST_S = 3600
WARM_S, HELP_S, LOOKUPS_S = 15.0, 1.5, 5.0
Made = dict[str, tuple[str, int]]


def environment() -> dict[str, str]:
    """Return the environment of what is started."""
    return {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}


def fluid(*arguments: str) -> list[str]:
    """Return a command of fluid."""
    return [sys.executable, "-m", "fluid", *arguments]


def seconds(command: list[str]) -> float:
    """Run a command to its end; return its wall time."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True, timeout=LONGEST_S)
    return time.perf_counter() - began


def limited(name: str, raw: list[float], limit: float, **more: object) -> Row:
    """Return the row of something that may take so many seconds."""
    took = statistics.median(raw)
    return {"name": name, "ours": took, "unit": "s", "target": f"<= {limit:g} s", "raw": raw, "holds": took <= limit, **more}


def rerun(folder: Path, experiment: str) -> list[Row]:
    """Run an experiment, then again with everything in the store, new reader and old; then look up what 200 such runs look up."""
    command = fluid("simulate", f"experiment={experiment}", "name=run", f"paths.runs={folder}", f"paths.artifacts={folder / 'store'}")
    cold = seconds(command)
    warm = [seconds(command) for _ in range(3)]
    needs, store = read_json(folder / "run" / "run.json")["needs"], ArtifactStore(folder / "store")
    began = time.perf_counter()
    found = sum(store.find(need["stage"], need["key"]) is not None for _ in range(200) for need in needs)
    took = time.perf_counter() - began
    return [
        limited(f"warm rerun of {experiment}, imports included", warm, WARM_S, cold_s=cold),
        limited("look-ups of 200 runs in the store", [took], LOOKUPS_S, lookups=200 * len(needs), found=found)
        | {"holds": took <= LOOKUPS_S and found == 200 * len(needs)},
    ]


def start_up(folder: Path, experiment: str) -> list[Row]:
    """Time the help texts."""
    commands = {"fluid --help": fluid("--help"), "fluid simulate --help": fluid("simulate", "--help")}
    return [limited(name, [seconds(command) for _ in range(5)], HELP_S) for name, command in commands.items()]


def made(store: Path) -> Made:
    """Return digest and time of making of every whole result, by stage and key."""
    places = [folder for _, folder in ArtifactStore(store).results() if (folder / MANIFEST).is_file()]
    return {f"{place.parent.name}/{place.name}": (open_artifact(place).digest, (place / MANIFEST).stat().st_mtime_ns) for place in places}


def done(runs: Path) -> int:
    """Return how many runs are done."""
    return sum(read_json(run / "run.json")["status"] == "done" for run in run_folders(runs))


def sweep(place: Path, until: Callable[[], bool] = lambda: False) -> tuple[int, str]:
    """Carry out the sweep, perhaps killing it with all its children when `until` says so; returns exit code and output."""
    command = fluid(
        "simulate", "-m", *SMALL, *GRID, "name=grid", f"paths.runs={place}", f"paths.artifacts={place / 'store'}", "logger=none"
    )
    log = place.with_suffix(".log")
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
        while process.poll() is None:
            if until():
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.1)
    return process.wait(LONGEST_S), log.read_text()


def resumed(folder: Path, experiment: str) -> list[Row]:
    """Kill a sweep of 24 runs about half-way, start it again, and compare with one that nobody killed."""
    half, moment = folder / "killed", random.Random(0).uniform(0, 4)
    reached: list[float] = []

    def until() -> bool:
        if not reached and half.is_dir() and done(half) >= RUNS // 2:
            reached.append(time.monotonic())
        return bool(reached) and time.monotonic() - reached[0] >= moment

    first_code, _ = sweep(half, until)
    before, runs_before = made(half / "store"), done(half)
    began = time.perf_counter()
    code, text = sweep(half)
    took, after = time.perf_counter() - began, made(half / "store")
    straight_code, _ = sweep(folder / "straight")
    expected = made(folder / "straight" / "store")
    again = [name for name in before if after.get(name) != before[name]]
    new = Counter(name.split("/")[0] for name in after if name not in before)
    same = {name: digest for name, (digest, _) in after.items()} == {name: digest for name, (digest, _) in expected.items()}
    holds = (first_code, code, straight_code) == (-signal.SIGKILL, 0, 0) and not again and same and f"{RUNS} done" in text
    return [
        {
            "name": f"a sweep of {RUNS} runs, killed and resumed", "runs_before": runs_before, "stages_before": len(before),
            "stages_made_second_time": dict(new), "made_again": again, "stages_in_all": len(after), "same_as_undisturbed": same,
            "second_s": took, "target": "none made again, same results", "ours": len(again), "unit": "stages made again", "holds": holds,
        }
    ]  # fmt: skip


def table(rows: list[Row]) -> list[str]:
    """Return the rows as a Markdown table."""
    lines = ["| what | measured | target | holds |", "|---|---|---|---|"]
    for row in rows:
        told = f"{row['ours']:.3g} {row['unit']}" + (f"; {details(row)}" if "runs_before" in row else "")
        lines.append(f"| {row['name']} | {told} | {row['target']} | {'yes' if row['holds'] else '**no**'} |")
    return lines


def details(row: Row) -> str:
    """Return the counts of the killed sweep in words."""
    made_then = ", ".join(f"{count} {stage}" for stage, count in sorted(row["stages_made_second_time"].items()))
    return (
        f"{row['runs_before']} runs and {row['stages_before']} of {row['stages_in_all']} stages were there; made the second time: "
        f"{made_then}; all digests as in an undisturbed sweep: {row['same_as_undisturbed']}"
    )


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--quick", action="store_true", help="the experiment smoke instead of demo")
    parser.add_argument("--docs", action="store_true", help="also put the table into docs/results/faults.md")
    parser.add_argument("--work", type=Path, default=None, metavar="DIR", help="where the runs go; default: a temporary folder")
    return parser


def main() -> None:
    """Measure everything."""
    options = parser().parse_args()
    folder = Path(options.work or tempfile.mkdtemp(prefix="fluid-orchestration-"))
    experiment = "smoke" if options.quick else "demo"
    rows: list[Row] = []
    for measure in (start_up, rerun, resumed):
        place = folder / measure.__name__
        place.mkdir(parents=True, exist_ok=True)
        rows += measure(place, experiment)
        for row in rows[-2:]:
            print({key: value for key, value in row.items() if key != "raw"}, flush=True)
        write(rows, options.json.with_suffix(".partial.json"), experiment=experiment)
    options.json.with_suffix(".partial.json").unlink()
    if options.docs:
        put_between(ROOT / "docs" / "results" / "faults.md", "orchestration", [*table(rows), "", f"Made by `python {' '.join(sys.argv)}`."])
    finish(rows, options.json, experiment=experiment)


if __name__ == "__main__":
    main()
