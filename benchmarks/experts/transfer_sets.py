"""How small may a transfer set be for a student of experts, drawn by chance or chosen such that it spans?

Additive teachers, eight companies by k-means, the same teachers with every transfer set. Example:
`python benchmarks/experts/transfer_sets.py --json transfer_sets.json paths.data=../shared/data`. The smaller sets are chosen from all
public molecules, before anybody annotates; what is compared is the student's AUROC with that of the largest set by chance.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import pandas as pd
from common import Row, arguments, finish, made_by, put_into, write
from study import TESTS, VARIANTS, carried_out, datasets, interval

from fluid.data.embedded import embedded_path
from fluid.pipeline.store import ArtifactStore

SIZES = (300, 1000, 3000, 10000, 30000)
QUICK_SIZES = (150, 500, 1400)
CHOICES = ("random", "spanning")
MOST_LOST = 0.01
"""Of the student's AUROC in-domain, by a tenth of the largest set that spans, at most."""


def settings_of(size: int, choice: str) -> list[str]:
    """Return the settings of a transfer set."""
    return [*VARIANTS["additive > experts"], "companies=kmeans", f"data.transfer_n={size}", f"data.transfer_choice={choice}"]


def by_files(settings: list[str]) -> list[str]:
    """Return the settings of a data set; the embedded one, of which the transfer set cannot be chosen, by its files."""
    if any(text.startswith("data=") for text in settings):
        return settings
    parts = ("pool", "validation", "test_in_domain", "test_external", "transfer")
    return [*settings, "data=files", "intake.endpoints=[blocker]", *(f"data.{part}={embedded_path(part)}" for part in parts)]


def told(measured: list[dict[str, Any]]) -> dict[str, float]:
    """Return what is shown of a federation: the student's AUROC on each test, and the heads' mean fidelity and mean share spanned."""
    table = pd.DataFrame(measured)
    student = table[(table["role"] == "student") & table["test"].isin(TESTS)].set_index("test")["auroc"]
    heads = table[table["role"] == "fidelity"]
    return {**student, "fidelity": heads["fidelity"].mean(), "spanned": heads["spanned"].mean()}


def judged(raw: pd.DataFrame, sizes: tuple[int, ...]) -> Iterator[Row]:
    """Yield per data set, choice and size the levels, and what is lost to the largest set by chance."""
    for dataset, table in raw.groupby("dataset", sort=False):
        by = {key: part.set_index("seed") for key, part in table.groupby(["choice", "size"])}
        most = by["random", sizes[-1]]
        for choice, size in product(CHOICES, sizes):
            part, start = by[choice, size], f"{dataset}, {size} by {choice}"
            for test in TESTS:
                mean, half = interval(part[test] - most[test])
                target = -MOST_LOST if (choice, size, test) == ("spanning", SIZES[-3], TESTS[0]) else None
                levels = {name: interval(part[name]) for name in (test, "fidelity", "spanned")}
                name, holds = f"{start}: AUROC less that of {sizes[-1]} by chance, {test}", target is None or mean >= target
                yield {"name": name, "value": mean, "half": half, "target": target, "holds": holds, **levels}


def markdown(rows: list[Row]) -> list[str]:
    """Return the rows as a table: a line per data set, choice and size."""
    shown = ["AUROC in-domain", "less the largest by chance", "external", "less the largest by chance", "fidelity", "spanned"]
    lines = ["| data, transfer molecules | " + " | ".join(shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for inside, outside in zip(rows[::2], rows[1::2], strict=True):
        cells = [inside["in-domain"], (inside["value"], inside["half"]), outside["external"], (outside["value"], outside["half"])]
        cells += [inside["fidelity"], inside["spanned"]]
        lines.append(f"| {inside['name'].split(':')[0]} | " + " | ".join(f"{mean:.3f} ± {half:.3f}" for mean, half in cells) + " |")
    return lines


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--quick", action="store_true", help="the same rows in minutes: one seed, small sets, a part of the embedded set")
    made.add_argument("--seeds", type=int, default=5, help="divisions into companies")
    made.add_argument("--dataset", choices=("embedded", "herg_chembl"), action="append", help="only this one (may be given again)")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="store of stages, kept: a second run goes on")
    return made


def main() -> None:
    """Carry out the comparison; what is measured is on disk after every federation."""
    options = parser().parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-transfer-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    store, rows = ArtifactStore(work / "store"), []
    sizes = QUICK_SIZES if options.quick else SIZES
    partial = options.json.with_suffix(".partial.json")
    for dataset, settings in datasets(options, work).items():
        for seed, size, choice in product(range(1 if options.quick else options.seeds), sizes, CHOICES):
            about = {"dataset": dataset, "seed": seed, "size": size, "choice": choice}
            rows.append(about | told(list(carried_out([*by_files(settings), *settings_of(size, choice)], seed, store))))
            print(*rows[-1].values(), flush=True)
            write(rows, partial)
    found = list(judged(pd.DataFrame(rows), sizes))
    for row in found:
        print(f"{row['name']}: {row['value']:+.3f} ± {row['half']:.3f}")
    if options.docs:
        put_into("docs/results/experts.md", "transfer sets", [*markdown(found), "", made_by()])
    partial.unlink()
    finish(found, options.json, raw=rows)


if __name__ == "__main__":
    main()
