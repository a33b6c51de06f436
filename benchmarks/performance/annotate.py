"""From a CSV file of SMILES to the answers of eight teachers: one pass of ours against `chemprop predict` with eight models."""

import shutil
import sys
from pathlib import Path
from typing import Any

import chemprop
import numpy as np
import pandas as pd
from bench import CORES, Bench
from models import equal_accuracy, kept, predict_settings
from molecules import LABEL, embedded, transfer, write_smiles
from process import ROOT, Run, fluid, run
from timing import Row, compared, rates
from worker import TASKS

TEACHERS = 8
TARGET = 20.0


def teachers(bench: Bench) -> list[Path]:
    """Return eight teachers, each trained on its own eighth of the pool; made once per work folder."""
    folder = bench.folder("annotate")
    pool = embedded("pool", bench.size(8019, 800))
    made = [folder / f"T{number}" for number in range(1, TEACHERS + 1)]
    for number, out in enumerate(made):
        if not out.is_dir():
            pool.iloc[number::TEACHERS].to_csv(out.with_suffix(".csv"), index=False)
            where = [f"input={out.with_suffix('.csv')}", f"company={out.name}", f"out={out}", f"paths.artifacts={folder / 'training'}"]
            fluid("train-teacher", out.with_suffix(".log"), *where, "logger=none", *(["training.teacher.epochs=2"] if bench.quick else []))
    return made


def copies(bench: Bench, model: Path) -> list[Path]:
    """Return eight copies of the peer's model: what a forward pass costs does not depend on the weights."""
    folder = bench.folder("annotate")
    made = [folder / f"peer_{number}.pt" for number in range(TEACHERS)]
    for path in made:
        shutil.copyfile(model, path)
    return made


def ours_run(bench: Bench, own: list[Path], file: Path) -> Run:
    """Annotate with an empty store, so that nothing is reused."""
    store = bench.folder("annotate") / "store"
    shutil.rmtree(store, ignore_errors=True)
    return run([sys.executable, TASKS / "fluid_annotate.py", file, store, *own], store.with_suffix(".log"), cwd=ROOT)


def same_answers(bench: Bench, teacher: Path) -> dict[str, Any]:
    """Compare the last pass's answers of a teacher with `fluid predict` by that teacher alone, on up to 1,000 molecules."""
    folder = bench.folder("annotate")
    lines = (folder / "store.log").read_text().splitlines()
    place = next(Path(line.split(maxsplit=2)[2]) for line in lines if line.startswith(f"{teacher.name} "))
    together = pd.read_parquet(place / "annotations.parquet").iloc[:1000]
    smiles = transfer(len(together))
    out = folder / "alone.csv"
    fluid("predict", folder / "alone.log", *predict_settings(str(teacher), write_smiles(folder / "alone_in.csv", smiles), out))
    difference = float(np.abs(together[f"{LABEL}/prediction"].to_numpy() - pd.read_csv(out)[LABEL].to_numpy()).max())
    return {"largest difference to predict alone": difference, "molecules": len(together), "equal_to_1e-5": difference <= 1e-5}


def annotate(bench: Bench) -> list[Row]:
    """Measure both in turns; the peer gets fewer rows, rates are compared."""
    ours_model, peer_model = kept(bench, "fluid"), kept(bench, "chemprop")
    folder, own, theirs = bench.folder("annotate"), teachers(bench), copies(bench, Path(peer_model.path))
    sizes = {"ours": bench.size(40_000, 1500), "peer": bench.size(4000, 200)}
    files = {side: write_smiles(folder / f"{side}_rows.csv", transfer(size)) for side, size in sizes.items()}
    one = write_smiles(folder / "few_rows.csv", transfer(TEACHERS))
    start = {"ours": ours_run(bench, own, one).seconds, "peer": chemprop.predict(bench, one, theirs, folder / "out.csv").seconds}
    found: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(bench.repeats):
        found["peer"].append(chemprop.predict(bench, files["peer"], theirs, folder / "out.csv").seconds)
        found["ours"].append(ours_run(bench, own, files["ours"]).seconds)
    same = same_answers(bench, own[0])
    bare = {side: sizes[side] / max(min(found[side]) - start[side], 1e-9) for side in found}
    row = compared(
        "annotate: 8 teachers, from SMILES",
        *(rates(sizes[side], found[side]) for side in ("ours", "peer")),
        "molecules/s",
        TARGET,
        ok=bool(same["equal_to_1e-5"]) and ours_model.auroc >= peer_model.auroc,
        threads=CORES,
        size=sizes,
        equality=same | equal_accuracy(ours_model, peer_model),
        without_startup={**bare, "ratio": bare["ours"] / bare["peer"], "start_up_s": start},
        note="start-up counted on both sides; ours also makes keys, merges duplicates and scores domains, and writes eight sets",
    )
    return [row]
