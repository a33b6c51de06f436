"""Whether taking clean files in is as fast as it was at an earlier commit: both in turn, in processes of their own."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, Row

from fluid.data.embedded import embedded_path

SCRIPT = """
import sys, time
from pathlib import Path
from fluid.data.intake import IntakeSpec, intake
path, spec = Path(sys.argv[1]), IntakeSpec(workers=0)
began = time.process_time()
done = intake(path, spec)
print(len(done.table), time.process_time() - began)
"""
TARGET = 0.95


def seconds(tree: Path, file: Path) -> float:
    """Return the processor time of one intake by the code of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    made = subprocess.run([sys.executable, "-c", SCRIPT, str(file)], env=environment, check=True, capture_output=True, text=True, cwd=tree)
    return float(made.stdout.split()[1])


def clean_file(folder: Path, rows: int) -> Path:
    """Write embedded molecules as a CSV without trouble."""
    import pandas as pd

    table = pd.read_parquet(embedded_path("pool"))[["smiles", "blocker"]].head(rows)
    table.to_csv(folder / "clean.csv", index=False)
    return folder / "clean.csv"


def against(commit: str, rows: int, times: int) -> Row:
    """Return the rate of this checkout as a share of that of another commit: the median of pairs in turn, after one to warm up."""
    with tempfile.TemporaryDirectory() as folder:
        before, file = Path(folder) / "before", clean_file(Path(folder), rows)
        subprocess.run(["git", "worktree", "add", "--detach", str(before), commit], cwd=ROOT, check=True, capture_output=True)
        try:
            pairs = [(seconds(before, file), seconds(ROOT, file)) for _ in range(times + 1)][1:]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(before)], cwd=ROOT, check=True, capture_output=True)
    shares = [old / new for old, new in pairs]
    value = statistics.median(shares)
    print(f"intake of {rows} clean rows: {value:.3f} of the rate at {commit} (pairs: {', '.join(f'{share:.3f}' for share in shares)})")
    return {
        "name": f"intake of clean CSV, share of the rate at {commit}", "value": value, "target": TARGET, "holds": value >= TARGET,
        "pairs": shares, "rows": rows,
    }  # fmt: skip
