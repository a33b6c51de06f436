"""Files that broke tools: is every row and every label used, or listed with its true reason?

Example: `python benchmarks/real_files/run.py --json real_files.json`. It writes files with one
trouble each, of which it knows what is in them, from the embedded data: `--variants` of each trouble, drawn with a fixed seed; `--quick`
draws fewer. With `paths.data=FOLDER` it also takes in every file below that folder, prints what became of each, and says whether one of
them ended in a traceback or left rows out of the account. `--against COMMIT` compares the speed with which clean files are taken in.
"""

import csv
import io
import os
import random
import re
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import cells
import labels
import names
import numpy as np
import records
import tables
from case import Case, molecules
from common import Row, arguments, data_folder, finish
from speed import against

from fluid.artifacts import read_json
from fluid.cli.main import main as fluid
from fluid.data.table import MoleculeTable

TROUBLES = (records, labels, tables, cells, names)
QUICK = [
    "model=forest",
    "model.n_trees=3",
    "intake.workers=0",
    "intake.quorum=3",
    "annotation.mc_samples=0",
    "logger=none",
    "paths.artifacts=store",
    "trainer.progress=false",
]
KINDS = {
    "A": "every label accounted for", "B": "names never clash", "D": "one cell, one molecule", "E": "one bad spot costs one row",
    "H": "names as they are", "I": "the key follows the stereo policy", "J": "what users have",
}  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, and what it printed."""

    code: int
    text: str


def call(*words: str) -> Ended:
    """Run a verb in this process; what is not caught counts as a traceback."""
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = fluid(list(words))
        except BaseException as error:
            text.write(f"Traceback: {type(error).__name__}: {error}")
            code = 99
    return Ended(code, text.getvalue())


def train(file: str, settings: list[str]) -> Ended:
    """Train a small teacher on a file."""
    return call("train-teacher", f"input={file}", "company=T1", "out=teacher", *QUICK, *settings)


def found_labels(store: Path) -> dict[str, dict[str, float]]:
    """Return the labels of the table that was taken in, by endpoint and standardised SMILES."""
    (place,) = store.glob("intake/*/table.parquet")
    table = MoleculeTable.load(place)
    by_endpoint = {}
    for column, endpoint in enumerate(table.endpoints):
        known = zip(table.smiles, table.labels[:, column].tolist(), strict=True)
        by_endpoint[endpoint.name] = {smiles: label for smiles, label in known if not np.isnan(label)}
    return by_endpoint


def by_smiles(case: Case, known: dict[int, float]) -> list[tuple[str, float]]:
    """Return the labels that a case must give, by standardised SMILES; rows that were added count by their labels only."""
    own = molecules()
    return sorted((own[row - 1] if row <= len(own) else "", round(label, 4)) for row, label in known.items())


def dropped(file: Path) -> tuple[set[int], set[tuple[int, str]]]:
    """Return the rows that are listed as a whole, and those of which a label is."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    whole = {int(row["row"]) for row in rows if not row["endpoint"]}
    return whole, {(int(row["row"]), row["endpoint"]) for row in rows if row["endpoint"]}


def faults(case: Case, ended: Ended) -> Iterator[str]:
    """Yield what is not as it must be."""
    if ended.code == 99 or "Traceback" in ended.text:
        yield f"a traceback: {ended.text.strip().splitlines()[-1][:200]}"
    elif case.refused:
        if ended.code == 0:
            yield "was taken in"
        elif not re.search(case.refused, ended.text):
            yield f"refused with other words: {ended.text.strip()[-200:]}"
    elif ended.code:
        yield f"refused: {ended.text.strip()[-300:]}"
    else:
        yield from differences(case)


def differences(case: Case) -> Iterator[str]:
    """Yield how labels and lists differ from what the file holds."""
    kept, own = found_labels(Path("store")), set(molecules())
    for name, known in case.labels.items():
        read = sorted((smiles if smiles in own else "", round(label, 4)) for smiles, label in kept.get(name, {}).items())
        if read != by_smiles(case, known):
            yield f"{len(read)} labels of {name} instead of {len(known)}, or others"
    rows, single = dropped(Path("teacher/dropped.csv"))
    if rows != case.listed:
        yield f"rows listed that should not be: {sorted(rows - case.listed)[:5]}, and not listed: {sorted(case.listed - rows)[:5]}"
    if single != case.listed_labels:
        wrong, missed = sorted(single - case.listed_labels)[:5], sorted(case.listed_labels - single)[:5]
        yield f"labels listed that should not be: {wrong}, and not listed: {missed}"


def answers_fit(case: Case) -> Iterator[str]:
    """Yield what is wrong with the answers of the teacher for its own file: a class probability per row, in the endpoint's own column."""
    ended = call("predict", "model_folder=teacher", f"input={case.file}", "out=answers.csv", "intake.workers=0",
                 *[text for text in case.settings if text.startswith("intake.smiles_column")])  # fmt: skip
    if ended.code:
        yield f"predict: {ended.text.strip()[-200:]}"
        return
    with Path("answers.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    if len(set(header)) < len(header) or len(rows) != len(molecules()):
        yield f"answers have the columns {header} and {len(rows)} rows"
    probs = [float(row[3]) for row in rows]
    if not any(0 < prob < 1 for prob in probs):
        yield "answers are cut to whole numbers"


def tried(case: Case) -> list[str]:
    """Try a case in an empty folder; returns what is not as it must be."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path(case.file).write_bytes(case.content)
        ended = train(case.file, case.settings)
        found = list(faults(case, ended))
        return found or (list(answers_fit(case)) if case.kind == "B" else [])


def own_files(variants: int) -> list[Row]:
    """Try all troubles; returns a row per kind."""
    failed: dict[str, list[str]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    for number in range(variants):
        for trouble in TROUBLES:
            for case in trouble.cases(random.Random(f"{number}-{trouble.__name__}")):
                count[case.kind] += 1
                for fault in tried(case):
                    failed[case.kind].append(f"{case.name}: {fault}")
                    print(f"{case.kind} {case.name}: {fault}", flush=True)
    return [
        {
            "name": f"{kind}: {KINDS[kind]}",
            "value": tries - len(set(failed[kind])),
            "target": tries,
            "holds": not failed[kind],
            "failed": failed[kind],
        }
        for kind, tries in sorted(count.items())
    ]


def guess(file: Path) -> list[str]:
    """Return the settings by which a file below the folder of cases is asked for its first endpoint."""
    named = {
        "c03": ['intake.endpoints=["\\"Standard Value\\" [nM]"]', "intake.smiles_column=Smiles"],
        "c38": ["intake.endpoints=[Y]", "intake.smiles_column=Drug"],
    }
    return next((settings for start, settings in named.items() if file.name.startswith(start)), ["intake.endpoints=[blocker]"])


def foreign_files(folder: Path) -> Row:
    """Take in every file below a folder, and print what became of it."""
    bad = []
    files = [file.resolve() for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix not in (".md", ".py")]
    for file in files:
        with tempfile.TemporaryDirectory() as place, chdir(place):
            ended = train(str(file), guess(file))
            counts = [read_json(found) for found in Path("store").glob("intake/*/counts.json")]
            said = f"{counts[0]}" if counts else ended.text.strip().splitlines()[-1]
        print(f"{file.parent.name}/{file.name}\n    {ended.code} {said}", flush=True)
        unsaid = [one for one in counts if one["rows"] != one["kept"] + one["dropped"] + one["merged"]]
        if ended.code == 99 or "Traceback" in ended.text or unsaid:
            bad.append(file.name)
    return {
        "name": "files of a folder: no traceback, every row in the account",
        "value": len(files) - len(bad),
        "target": len(files),
        "holds": not bad,
        "failed": bad,
    }


def run() -> None:
    """Try all."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--variants", type=int, default=20, help="how often each trouble is drawn")
    parser.add_argument("--against", metavar="COMMIT", default="", help="also compare the rate of clean files with that of a commit")
    parser.add_argument("--quick", action="store_true", help="two variants of each")
    options = parser.parse_args()
    os.environ.pop("FLUID_STORE", None)
    rows = own_files(2 if options.quick else options.variants)
    folder = data_folder(options.overrides)
    if folder:
        rows.append(foreign_files(folder))
    if options.against:
        rows.append(against(options.against, 1500 if options.quick else 6000, 3 if options.quick else 7))
    for row in rows:
        print(f"{row['value']} of {row['target']}  {row['name']}")
    finish(rows, options.json)


if __name__ == "__main__":
    run()
