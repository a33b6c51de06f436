"""Trained models of both sides on the embedded pool, with how they were made; kept in the work folder."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import chemprop
import pandas as pd
from bench import Bench
from molecules import auroc, embedded
from process import Run, fluid

CONFIG = {
    "training.teacher.validation_share": 0.05,
    "training.teacher.epochs": 25,
    "training.teacher.patience": 25,
    "training.teacher.threads": 0,
}
"""Chosen on the validation file; one model alone may use both cores."""
QUICK = ("training.teacher.epochs=2",)
PEER_EPOCHS_QUICK = 3


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        path: The model, as its own `predict` takes it.
        seconds: Wall time of the whole training process.
        auroc: AUROC on the validation file, of answers by its own `predict`.
        epochs: Passes over the training molecules.
        molecules: Molecules that it learnt from.
    """

    path: str
    seconds: float
    auroc: float
    epochs: int
    molecules: int


def files(bench: Bench) -> tuple[Path, Path, pd.DataFrame]:
    """Write the pool and the validation part as CSV; returns both files and the validation table."""
    folder = bench.folder("data")
    pool, validation = embedded("pool", bench.size(8019, 500)), embedded("validation", bench.size(1000, 200))
    pool.to_csv(folder / "pool.csv", index=False)
    validation.to_csv(folder / "validation.csv", index=False)
    return folder / "pool.csv", folder / "validation.csv", validation


def settings(bench: Bench) -> list[str]:
    """Return the settings of our training."""
    return [*(QUICK if bench.quick else ()), *(f"{name}={value}" for name, value in CONFIG.items()), "logger=none"]


def predict_settings(model: str, data: Path, out: Path) -> list[str]:
    """Return the settings of `fluid predict`."""
    return [f"model_folder={model}", f"input={data}", f"out={out}", "overwrite=true"]


def train_ours(bench: Bench) -> tuple[Trained, Run]:
    """Train `fluid`'s default network by the command line, with nothing in its store."""
    pool, validation, truth = files(bench)
    folder = bench.folder("models") / "fluid"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    where = [f"input={pool}", "company=T0", f"out={folder / 'teacher'}", f"paths.artifacts={folder / 'store'}"]
    took = fluid("train-teacher", folder / "train.log", *where, *settings(bench))
    fluid("predict", folder / "predict.log", *predict_settings(str(folder / "teacher"), validation, folder / "validation.csv"))
    epochs = pd.read_csv(folder / "teacher" / "curve.csv")["epoch"].nunique()
    learnt = round(len(pd.read_csv(pool)) * (1 - CONFIG["training.teacher.validation_share"]))
    return keep(folder, Trained(str(folder / "teacher"), took.seconds, auroc(folder / "validation.csv", truth), epochs, learnt)), took


def train_peer(bench: Bench) -> tuple[Trained, Run]:
    """Train chemprop's default D-MPNN by its command line."""
    pool, validation, truth = files(bench)
    folder = bench.folder("models") / "chemprop"
    shutil.rmtree(folder, ignore_errors=True)
    took = chemprop.train(bench, pool, validation, folder / "out", PEER_EPOCHS_QUICK if bench.quick else None)
    best = chemprop.model_file(folder / "out")
    chemprop.predict(bench, validation, [best], folder / "validation.csv")
    epochs = len(chemprop.validation_curve(folder / "out"))
    return keep(folder, Trained(str(best), took.seconds, auroc(folder / "validation.csv", truth), epochs, len(pd.read_csv(pool)))), took


def keep(folder: Path, trained: Trained) -> Trained:
    """Note beside a model how it was made."""
    (folder / "trained.json").write_text(json.dumps(asdict(trained)))
    return trained


def kept(bench: Bench, side: str) -> Trained:
    """Return a side's model of an earlier benchmark of this work folder, or train it now."""
    note = bench.folder("models") / side / "trained.json"
    if note.is_file():
        return Trained(**json.loads(note.read_text()))
    return (train_ours if side == "fluid" else train_peer)(bench)[0]


def equal_accuracy(ours: Trained, peer: Trained) -> dict[str, float | bool]:
    """Return the evidence that a comparison is at equal accuracy."""
    return {"auroc_ours": ours.auroc, "auroc_peer": peer.auroc, "ours_at_least_peer": ours.auroc >= peer.auroc}
