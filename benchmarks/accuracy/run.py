"""Accuracy of the default federation on the embedded data over several seeds, with intervals and paired differences.

Example: `python benchmarks/accuracy/run.py --json accuracy.json --seeds 5` (about 4 minutes per seed on 2 cores).
"""

import math
import subprocess
import sys
from pathlib import Path

import pandas as pd
from scipy.stats import t

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import ROOT, Row, arguments, finish, put_into

METRICS = ("auroc", "mcc")
MODELS = ("pooled", "forest", "teacher mean", "consensus", "student", "hybrid mean")
CLAIMS = [
    ("pooled", "forest", "auroc", "in-domain", ">="),
    *(("student", "teacher mean", metric, test, ">") for metric in METRICS for test in ("in-domain", "external")),
]


def interval(values: pd.Series) -> tuple[float, float]:
    """Return mean and half width of the 95 % t interval over seeds."""
    n = len(values)
    return float(values.mean()), float(t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan


def simulate(seed: int, runs: Path, overrides: list[str]) -> pd.DataFrame:
    """Run the federation with one seed and return its score table."""
    name = f"accuracy-{seed}"
    command = [sys.executable, "-m", "fluid", "simulate", f"seed={seed}", f"name={name}", f"paths.runs={runs}", *overrides]
    subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr)
    return pd.read_csv(runs / name / "metrics.csv").assign(seed=seed)


def table(scores: pd.DataFrame) -> list[str]:
    """Return the Markdown table: mean ± half width of the interval over seeds."""
    tests = list(dict.fromkeys(scores["test"]))
    heads = [f"{test} {metric.upper()}" for test in tests for metric in METRICS] + [f"{test} gap closed" for test in tests]
    lines = ["| model | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for model in MODELS:
        cells = []
        for metric in (*METRICS, "gap_closed:auroc"):
            for test in tests:
                own = scores[(scores["model"] == model) & (scores["test"] == test) & (scores["metric"] == metric)]["value"]
                mean, half = interval(own) if len(own) else (math.nan, math.nan)
                scale, digits, unit = (100, 0, " %") if metric.startswith("gap") else (1, 3, "")
                cells.append((test, metric, f"{scale * mean:.{digits}f} ± {scale * half:.{digits}f}{unit}" if len(own) else "–"))
        order = [(test, metric) for test in tests for metric in METRICS] + [(test, "gap_closed:auroc") for test in tests]
        lookup = {(test, metric): text for test, metric, text in cells}
        lines.append(f"| {model} | " + " | ".join(lookup[place] for place in order) + " |")
    return lines


def claims(scores: pd.DataFrame) -> list[Row]:
    """Return one row per claim: the paired difference over seeds with its interval."""
    rows = []
    for better, worse, metric, test, relation in CLAIMS:
        wide = scores[(scores["metric"] == metric) & (scores["test"] == test)].pivot(index="seed", columns="model", values="value")
        difference = wide[better] - wide[worse]
        mean, half = interval(difference)
        holds = len(difference) >= 3 and difference.notna().all() and (mean - half > 0 if relation == ">" else mean + half >= 0)
        rows.append(
            {
                "name": f"{better} {relation} {worse}, {test} {metric}",
                "difference": mean,
                "half_width": half,
                "seeds": len(difference),
                "holds": bool(holds),
            }
        )
    return rows


def main() -> None:
    """Run, print, write."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs")
    options = parser.parse_args()
    scores = pd.concat([simulate(seed, options.runs.resolve(), options.overrides) for seed in range(options.seeds)], ignore_index=True)
    lines = table(scores)
    print("\n".join(lines))
    rows = claims(scores)
    for row in rows:
        print(f"{row['name']}: {row['difference']:+.3f} ± {row['half_width']:.3f} ({'holds' if row['holds'] else 'DOES NOT HOLD'})")
    if options.docs:
        made = f"Mean ± half width of the 95 % interval over {options.seeds} seeds; made by `python {' '.join(sys.argv)}`."
        for page in ("README.md", "docs/results/accuracy.md"):
            put_into(page, "accuracy", [*lines, "", made])
    finish(rows, options.json)


if __name__ == "__main__":
    main()
