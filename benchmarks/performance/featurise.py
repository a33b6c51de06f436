"""SMILES to graphs on one core: against chemprop's featuriser, PyG's `from_smiles`, and RDKit's bare parser."""

import sys
from typing import Any

from bench import Bench
from molecules import transfer
from peers import peer_python
from timing import Row, compared, rates
from worker import Worker, in_turns, seconds

OURS, GRAPHS = "graphs and fingerprints", "graphs"
TARGET, PARSER_TARGET = 3.0, 0.8
Answers = dict[str, list[dict[str, Any]]]


def start(bench: Bench, smiles: list[str]) -> dict[str, Worker]:
    """Start all sides, each in a process with one thread on one core."""
    ways = (OURS, GRAPHS, "standardised, graphs and fingerprints", "parse")
    ours = {way: Worker(sys.executable, "fluid_featurise", {"smiles": smiles, "way": way}, threads=1) for way in ways}
    peer = peer_python(bench.peers)
    return ours | {name: Worker(peer, f"{name}_featurise", {"smiles": smiles}, threads=1) for name in ("chemprop", "pyg")}


def counts(answers: Answers, name: str) -> list[int]:
    """Return the numbers of atoms and directed bonds that a side found."""
    return [answers[name][0][key] for key in ("atoms", "directed_bonds")]


def row(name: str, peer: str, answers: Answers, n: int, at_least: float, own: str = OURS, **more: Any) -> Row:
    """Compare one side with ours, in molecules per second."""
    ours, theirs = (rates(n, seconds(answers[side])) for side in (own, peer))
    return compared(name, ours, theirs, "molecules/s", at_least, threads=1, size=n, **more)


def featurise(bench: Bench) -> list[Row]:
    """Measure all sides in turns on standardised SMILES of the embedded transfer set."""
    smiles = transfer(bench.size(4000, 400))
    workers = start(bench, smiles)
    try:
        answers = in_turns(workers, bench.repeats)
    finally:
        for worker in workers.values():
            worker.__exit__()
    versions = {name: worker.facts["rdkit"] for name, worker in workers.items()}
    n, rows = len(smiles), []
    for name, peer in (("featurise: chemprop featuriser", "chemprop"), ("featurise: PyG from_smiles", "pyg")):
        equal = counts(answers, OURS) == counts(answers, peer)
        evidence = {"atoms and directed bonds": {"ours": counts(answers, OURS), "peer": counts(answers, peer)}, "equal": equal}
        made = row(name, peer, answers, n, TARGET, ok=equal, equality=evidence, rdkit={"ours": versions[OURS], "peer": versions[peer]})
        made["note"] = "ours makes fingerprints too, the peer does not"
        rows.append(made)
    others = {way: rates(n, seconds(answers[way])) for way in list(workers)[1:3]}
    graphs = row("featurise: RDKit's parser alone, ours without fingerprints", "parse", answers, n, PARSER_TARGET, own=GRAPHS)
    both = row("featurise: RDKit's parser alone, ours with fingerprints", "parse", answers, n, 0.0, other_ways_raw=others)
    return [*rows, graphs, both | {"target": "told, not evaluated"}]
