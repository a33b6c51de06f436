"""Additive models and copied heads against scikit-learn's fastest solver that comes as near to the optimum; counts against RDKit."""

import sys

from bench import Bench
from molecules import LABEL, embedded, transfer
from timing import Row, compared, rates
from worker import Worker, in_turns, seconds

THREADS = 1
NAMES = {
    "fit": ("additive: fitting log-odds to the same optimum", "fits/s", 1.0),
    "answers": ("additive: answers of known counts, ours with doubt", "molecules/s", 0.0),
    "counts": ("additive: counting substructures, RDKit's from SMILES", "molecules/s", 5.0),
    "copies": ("additive: copying eight heads at three strengths", "1/s", 1.0),
}
"""Of each row its name, unit and the least ratio; scikit-learn gives no doubt, so that answers are reported only."""


def additive(bench: Bench) -> list[Row]:
    """Measure fitting, answering, counting and copying, both sides in turns."""
    return [row_of(bench, what) for what in NAMES]


def row_of(bench: Bench, what: str) -> Row:
    """Measure one row; both sides must come as near to the optimum, which the peer's setting is chosen for."""
    pool = embedded("pool", bench.size(8019, 600))
    smiles = transfer(bench.size(18_000, 600)) if what in ("copies", "counts") else pool["smiles"].tolist()
    request = {"what": what, "smiles": smiles, "labels": pool[LABEL].tolist()}
    sides = {side: Worker(sys.executable, "additive", {**request, "side": side}, THREADS) for side in ("ours", "peer")}
    with sides["ours"], sides["peer"]:
        found = in_turns(sides, bench.repeats)
        facts = sides["peer"].facts
    count, (name, unit, least) = len(smiles) if what in ("answers", "counts") else 1, NAMES[what]
    own, theirs = (rates(count, seconds(found[side])) for side in ("ours", "peer"))
    row = compared(name, own, theirs, unit, least, threads=THREADS, size=len(smiles), **facts)
    return row if least else row | {"target": "reported only"}
