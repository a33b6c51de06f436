"""Training on the same file to the validation AUROC that chemprop ends with, whole processes on two cores."""

from statistics import median

import chemprop
from bench import CORES, Bench
from models import Trained, equal_accuracy, train_ours, train_peer
from timing import Row, compared

TARGET = 8.0
MOST_REPEATS = 3


def train(bench: Bench) -> list[Row]:
    """Train ours a few times and the peer once: its training takes many minutes."""
    peer, _ = train_peer(bench)
    runs = [train_ours(bench) for _ in range(min(bench.repeats, MOST_REPEATS))]
    ours = [trained for trained, _ in runs]
    seconds = [took.seconds for _, took in runs]
    accuracy = equal_accuracy(ours[-1], peer)
    row = compared(
        "train: to chemprop's final validation AUROC",
        [1 / value for value in seconds],
        [1 / peer.seconds],
        "1/s",
        TARGET,
        ok=bool(accuracy["ours_at_least_peer"]),
        equality=accuracy,
        threads=CORES,
        size=peer.molecules,
        epochs={"ours": ours[-1].epochs, "peer": peer.epochs},
        note="whole processes from CSV to model file; the peer chose its best epoch on the validation file, ours never saw it",
    )
    return [in_seconds(row, seconds, peer, bench), rate(ours, seconds, peer)]


def in_seconds(row: Row, seconds: list[float], peer: Trained, bench: Bench) -> Row:
    """Show the times themselves, and what they would be had the peer stopped when it first reached its final AUROC."""
    curve = chemprop.validation_curve(bench.folder("models") / "chemprop" / "out")
    reached = chemprop.epochs_to_reach(curve, peer.auroc)
    early = peer.seconds * reached / max(len(curve), 1)
    earlier = {"epochs": reached, "seconds": early, "ratio": early / median(seconds)}
    return row | {
        "ours": median(seconds),
        "peer": peer.seconds,
        "unit": "s",
        "ours_raw": seconds,
        "peer_raw": [peer.seconds],
        "peer_curve": curve,
        "peer_stopped_when_first_reached": earlier,
    }


def rate(ours: list[Trained], seconds: list[float], peer: Trained) -> Row:
    """Compare molecules per second: training molecules times epochs over the time of the whole process."""
    own = [trained.molecules * trained.epochs / value for trained, value in zip(ours, seconds, strict=True)]
    note = "molecules learnt from x epochs over whole processes, start-up included"
    theirs = [peer.molecules * peer.epochs / peer.seconds]
    return compared("train: molecules per second", own, theirs, "molecules/s", 1.0, threads=CORES, size=peer.molecules, note=note)
