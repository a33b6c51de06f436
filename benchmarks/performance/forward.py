"""The forward pass against this machine's own rate of layer-sized float32 products, in one process with the same threads."""

import sys
from statistics import median
from typing import Any

from bench import CORES, Bench
from molecules import transfer
from timing import Row
from worker import Worker

SHARE, CHUNK = 0.6, 4096
CLOSE = 1e-5
ROUNDS = 5  # of each repeat, of which the median counts: one takes a tenth of a second


def forward(bench: Bench) -> list[Row]:
    """Measure the default network on one and on all cores, a chunk of molecules at a time as in `predict`."""
    smiles = transfer(bench.size(CHUNK, CHUNK // 4))
    return [row(bench, smiles, threads) for threads in (1, CORES)]


def row(bench: Bench, smiles: list[str], threads: int) -> Row:
    """Compare what the default path does per second, in products of matrices only, with what products alone reach."""
    with Worker(sys.executable, "fluid_forward", {"smiles": smiles, "threads": threads, "encoder": "gine"}, threads) as worker:
        facts, _ = worker.facts, worker.ask()
        answers = [worker.ask() for _ in range(ROUNDS * bench.repeats)]
        profile = {way: worker.ask(profile=way)["profile"] for way in ("distinct", "plain")}
    done = {way: [facts["flops"][way] / answer[way] / 1e9 for answer in answers] for way in ("distinct", "plain")}
    gemm = [answer["gemm_flops"] / 1e9 for answer in answers]
    shares = [own / limit for own, limit in zip(done["distinct"], gemm, strict=True)]
    ok = facts["largest_difference"] <= CLOSE
    return {
        "name": f"forward: share of GEMM rate, {threads} thread{'s' * (threads > 1)}",
        "ours": median(done["distinct"]),
        "peer": median(gemm),
        "unit": "GFLOP/s",
        "ratio": median(done["distinct"]) / median(gemm),
        "ratio_range": [min(shares), max(shares)],
        "target": f">= {SHARE:.0%} of it",
        "holds": bool(ok and median(done["distinct"]) / median(gemm) >= SHARE),
        "repeats": {"ours": len(answers), "peer": len(answers)},
        "ours_raw": done["distinct"],
        "peer_raw": gemm,
        "threads": threads,
        "equality": {"largest difference of both paths": facts["largest_difference"]},
        **details(facts, answers, len(smiles)),
        "profile": profile,
        "note": "products of matrices only; the rest is in the profile",
    }


def details(facts: dict[str, Any], answers: list[dict[str, float]], n: int) -> dict[str, Any]:
    """Return both paths in molecules per second and FLOPs per molecule."""
    return {
        "size": n,
        "molecules_per_s": {way: n / median(answer[way] for answer in answers) for way in ("distinct", "plain")},
        "flops_per_molecule": {way: value / n for way, value in facts["flops"].items()},
        "atoms_per_molecule": facts["atoms"] / n,
    }
