"""Peak memory of `fluid predict` and `fluid annotate` with 10,000 and 100,000 rows: it must not grow with the rows.

Needs a larger molecule file: `python benchmarks/streaming/run.py --json streaming.json paths.data=../shared/data` with
`herg_central.parquet` in that folder.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import ROOT, Row, arguments, data_folder, finish, skip

SIZES = (10_000, 100_000)
ALLOWED = 0.1
THREADS = {"OMP_NUM_THREADS": "2"}


def measured(command: list[str]) -> tuple[float, float]:
    """Run `fluid` and return the peak memory in MB of its largest process, and the seconds it took."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "fluid", *command], cwd=ROOT, stdout=sys.stderr, env={**os.environ, **THREADS})
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: fluid {' '.join(command)}")
    return usage.ru_maxrss * 1024 / 1e6, time.perf_counter() - began


def small_teacher(folder: Path) -> Path:
    """Train a teacher to predict with."""
    pool = ROOT / "fluid" / "data" / "embedded" / "test_in_domain.parquet"
    quick = ["training=tiny", f"paths.artifacts={folder / 'store'}"]
    measured(["train-teacher", f"input={pool}", "company=T1", f"out={folder / 'teacher'}", *quick])
    return folder / "teacher"


def run(folder: Path, source: Path) -> list[Row]:
    """Measure both verbs with both sizes."""
    teacher, frame = small_teacher(folder), pd.read_parquet(source, columns=["smiles"])
    peaks: dict[str, list[float]] = {}
    for size in SIZES:
        file = folder / f"{size}.csv"
        frame.iloc[:size].to_csv(file, index=False)
        store = f"paths.artifacts={folder / f'store-{size}'}"
        for verb, arguments_ in (
            ("predict", [f"model_folder={teacher}", f"input={file}", f"out={folder / f'{size}-predictions.csv'}"]),
            ("annotate", [f"teacher={teacher}", f"transfer={file}", f"out={folder / f'{size}-annotations'}", store]),
        ):
            peak, seconds = measured([verb, *arguments_])
            peaks.setdefault(verb, []).append(peak)
            print(f"{verb} {size} rows: {peak:.0f} MB, {seconds:.0f} s, {size / seconds:.0f} rows/s")
    return [growth(verb, *values) for verb, values in peaks.items()]


def growth(verb: str, small: float, large: float) -> Row:
    """Compare the two peaks of one verb, in MB."""
    name = f"{verb}: peak memory, {SIZES[0]} to {SIZES[1]} rows"
    return {"name": name, "mb": [small, large], "target": f"at most {ALLOWED:.0%} more", "holds": large <= (1 + ALLOWED) * small}


def main() -> None:
    """Measure and write."""
    options = arguments(__doc__ or "").parse_args()
    data = data_folder(options.overrides)
    source = data / "herg_central.parquet" if data else None
    if source is None or not source.is_file():
        skip(f"needs paths.data=FOLDER with herg_central.parquet (given: {data})")
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = run(Path(folder), source.resolve())
    for row in rows:
        print(f"{row['name']}: {row['mb'][0]:.0f} → {row['mb'][1]:.0f} MB ({'holds' if row['holds'] else 'DOES NOT HOLD'})")
    finish(rows, options.json)


if __name__ == "__main__":
    main()
