"""Speed and memory of `fluid` side by side with what users would pick instead, in one run.

Example: `python benchmarks/performance/run.py --json performance.json --readme paths.data=../shared/data`.
Peers are installed into their own environment the first time. `--quick` takes small sizes, to see that everything works.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from annotate import annotate
from batch import batch
from bench import Bench, Missing, bound_cores
from common import ROOT, Row, arguments, data_folder, finish, put_into_readme, skip
from demo import demo
from featurise import featurise
from forward import forward
from growth import growth
from lightning_overhead import lightning_overhead
from memory import memory
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
}
BASE = "6fbae73"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--only", choices=BENCHMARKS, action="append", help="carry out only this benchmark (may be given again)")
    made.add_argument("--repeats", type=int, default=5, help="measured repeats of each side, after a warm-up")
    made.add_argument("--quick", action="store_true", help="small sizes: to see that everything works, not to judge")
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


def main() -> None:
    """Measure, print, write."""
    options = parser().parse_args()
    cores = bound_cores()
    data = data_folder(options.overrides)
    sizes = ("quick" if options.quick else "full", f"{len(cores)} cores")
    work = options.work.resolve() / sizes[0]
    bench = Bench(work, options.peers.resolve(), options.repeats, options.quick, data.resolve() if data else None, options.base)
    rows: list[Row] = []
    for name in options.only or BENCHMARKS:
        print(f"── {name}", flush=True)
        made = carry_out(name, bench)
        print("\n".join(table(made)), flush=True)
        rows += made
    skipped = [row["reason"] for row in rows if str(row.get("reason", "")).startswith("skipped")]
    if len(skipped) == len(rows):
        skip("; ".join(skipped))
    if options.readme:
        put_into_readme("performance", [*table(rows), "", f"{', '.join(sizes)}; made by `python {' '.join(sys.argv)}`."])
    finish(rows, options.json)


if __name__ == "__main__":
    main()
