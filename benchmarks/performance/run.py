"""Speed and memory of `fluid` side by side with what users would pick instead, in one run.

Example: `python benchmarks/performance/run.py --json performance.json --docs paths.data=../shared/data`.
Peers are installed into their own environment the first time. `--quick` takes small sizes, to see that everything works.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from additive import additive
from aggregate import aggregate
from annotate import annotate
from batch import batch
from bench import Bench, Missing, bound_cores
from common import ROOT, Row, arguments, data_folder, finish, put_into, skip, write
from demo import demo
from featurise import featurise
from forward import forward
from growth import growth
from lightning_overhead import lightning_overhead
from losses import losses
from memory import memory
from peers import versions
from predict import predict
from table import table
from timing import unmeasured
from train import train

Benchmark = Callable[[Bench], list[Row]]
BENCHMARKS: dict[str, Benchmark] = {
    "featurise": featurise,
    "batch": batch,
    "train": train,
    "predict": predict,
    "annotate": annotate,
    "memory": memory,
    "forward": forward,
    "lightning_overhead": lightning_overhead,
    "demo": demo,
    "growth": growth,
    "aggregate": aggregate,
    "losses": losses,
    "additive": additive,
}
BASE = "6fbae73"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--only", choices=BENCHMARKS, action="append", help="carry out only this benchmark (may be given again)")
    made.add_argument("--repeats", type=int, default=5, help="measured repeats of each side, after a warm-up")
    made.add_argument("--quick", action="store_true", help="small sizes: to see that everything works, not to evaluate")
    made.add_argument("--peers", type=Path, default=ROOT / "benchmarks" / ".peers", metavar="DIR", help="environments of the peers")
    made.add_argument("--work", type=Path, default=ROOT / "runs" / "performance", metavar="DIR", help="files and models of the runs")
    made.add_argument("--base", default=BASE, metavar="COMMIT", help="commit that the demo is compared with")
    return made


def carry_out(name: str, bench: Bench) -> list[Row]:
    """Run one benchmark; what cannot be measured becomes a row that does not hold."""
    began = time.perf_counter()
    try:
        rows = BENCHMARKS[name](bench)
    except Missing as missing:
        rows = [unmeasured(name, f"skipped: {missing}")]
    except Exception as error:  # a benchmark that fails must not take the others with it
        traceback.print_exc()
        rows = [unmeasured(name, f"{type(error).__name__}: {error}"[:1500])]
    for row in rows:
        row |= {"benchmark": name, "quick": bench.quick, "benchmark_s": round(time.perf_counter() - began, 1)}
    return rows


def footnote(rows: list[Row], bench: Bench, cores: int) -> str:
    """Return what must be known of the table: sizes, cores, repeats, command."""
    fewer = sorted({row["benchmark"] for row in rows if min(row.get("repeats", {"": 1}).values()) < bench.repeats})
    said = f"{'Quick sizes' if bench.quick else 'Full sizes'}, {cores} cores ({processor()}), medians of {bench.repeats} repeats"
    return f"{said}{' (fewer: ' + ', '.join(fewer) + ')' if fewer else ''}; made by `python {' '.join(sys.argv)}`."


def processor() -> str:
    """Return the name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def main() -> None:
    """Measure, print, write."""
    options = parser().parse_args()
    cores = bound_cores()
    data = data_folder(options.overrides)
    work = options.work.resolve() / ("quick" if options.quick else "full")
    bench = Bench(work, options.peers.resolve(), options.repeats, options.quick, data.resolve() if data else None, options.base)
    rows: list[Row] = []
    partial = options.json.with_suffix(".partial.json")
    for name in options.only or BENCHMARKS:
        print(f"── {name}", flush=True)
        made = carry_out(name, bench)
        print("\n".join(table(made)), flush=True)
        rows += made
        write(rows, partial)  # what is measured is not lost if the run is stopped
    skipped = [row["reason"] for row in rows if str(row.get("reason", "")).startswith("skipped")]
    if len(skipped) == len(rows):
        partial.unlink()
        skip("; ".join(reason.removeprefix("skipped: ") for reason in skipped))
    if options.docs:
        put_into("docs/results/performance.md", "performance", [*table(rows), "", footnote(rows, bench, len(cores))])
    partial.unlink()
    finish(rows, options.json, cores=len(cores), processor=processor(), peers=versions(bench.peers / "chemprop" / "bin" / "python"))


if __name__ == "__main__":
    main()
