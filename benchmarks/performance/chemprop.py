"""chemprop's own command line, with its default settings, in the peers' environment."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from bench import Bench
from molecules import LABEL
from peers import peer_python
from process import Run, run

DEVICE = ("--accelerator", "cpu", "--devices", "1")


def program(bench: Bench) -> Path:
    """Return chemprop's program, installed if need be."""
    return peer_python(bench.peers).parent / "chemprop"


def train(bench: Bench, data: Path, validation: Path, out: Path, epochs: int | None) -> Run:
    """Train the default D-MPNN; the best epoch is chosen on the validation file, as chemprop does."""
    files = ("-i", data, validation, validation, "-s", "smiles", "--target-columns", LABEL, "-t", "classification", "-o", out)
    shorter = ("--epochs", str(epochs)) if epochs else ()
    return run([program(bench), "train", *files, *DEVICE, *shorter], out.with_suffix(".log"))


def predict(bench: Bench, data: Path, models: Sequence[Path], out: Path, watch: bool = False) -> Run:
    """Answer a CSV file of SMILES with one or several models."""
    files = ("-i", data, "-s", "smiles", "-o", out, "--drop-extra-columns", "--model-paths", *models)
    return run([program(bench), "predict", *files, *DEVICE], out.with_suffix(".log"), watch=watch)


def model_file(out: Path) -> Path:
    """Return the file of the best model of a training."""
    return out / "model_0" / "best.pt"


def validation_curve(out: Path) -> list[float]:
    """Return the validation AUROC after each epoch."""
    table = pd.read_csv(out / "model_0" / "trainer_logs" / "version_0" / "metrics.csv")
    return [float(value) for value in table["val/roc"].dropna()]


def epochs_to_reach(curve: Sequence[float], level: float) -> int:
    """Return after how many epochs a curve first reached a level; all of them if never."""
    return next((epoch for epoch, value in enumerate(curve, start=1) if value >= level), len(curve))
