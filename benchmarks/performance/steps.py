"""What each step from a SMILES string to an answer costs on one core, and what the steps together would allow.

Example: `python benchmarks/performance/steps.py --json steps.json --docs`. The steps are those of `fluid predict` and of annotating;
reading and writing files, passing molecules between processes and starting up come on top of them. What follows on parsing is measured
with it, and the parsing is taken off.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench import CORES, bound_cores
from common import ROOT, Row, arguments, put_between, write
from molecules import embedded, transfer

MOLECULES, REFERENCES, CHUNK = 8192, 8019, 512
TEACHERS = 8
PREDICT = {name: 1 for name in ("parse", "canonical SMILES", "fingerprint", "features", "network", "domain score, 8,019 molecules")}
ANNOTATE = {name: 1 for name in ("parse", "canonical SMILES", "InChIKey", "fingerprint", "features")}
ANNOTATE |= {"network": TEACHERS, "domain score, 1,002 molecules": TEACHERS}
RDKIT_ALONE = "RDKit's alone"
RDKIT = ("parse", "canonical SMILES", "InChIKey", "fingerprint")


def groups(things: Sequence, size: int) -> Iterator[Sequence]:
    """Yield consecutive things, `size` at a time."""
    return (things[start : start + size] for start in range(0, len(things), size))


def micros(work: Callable[[], object], molecules: int, repeats: int) -> float:
    """Return the processor's time per molecule in microseconds, the median of some repeats after a warm-up."""
    work()
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append((time.process_time() - began) / molecules * 1e6)
    return median(found)


def steps(n: int, repeats: int, references: int = REFERENCES) -> dict[str, float]:
    """Measure each step on `n` molecules, as many at a time as `fluid` takes through it; domains have so many references, or an eighth."""
    import numpy as np
    import torch
    from rdkit import Chem

    from fluid.annotation.domain import DomainScorer
    from fluid.data.endpoints import Endpoint
    from fluid.models.ensemble import GraphEnsemble
    from fluid.models.network import Network
    from fluid.models.predictor import NetworkSpec
    from fluid.molecules.binary import form_of
    from fluid.molecules.featurize import GROUP
    from fluid.molecules.fingerprints import bytes_of, generator, morgan_bits
    from fluid.molecules.molecule_set import MoleculeSet
    from fluid.molecules.packed import PackedGraphs
    from fluid.molecules.parse import parse_group
    from fluid.molecules.prepare import prepare_chunk
    from fluid.molecules.standardize import StandardizeSpec

    torch.set_num_threads(1)
    smiles = transfer(n)
    make, bits, spec = generator(), morgan_bits(smiles), StandardizeSpec()
    molecules = MoleculeSet(tuple(smiles), ("",) * n, PackedGraphs.from_smiles(smiles), bits)
    one, zero = np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.float32)
    endpoints = (Endpoint("y"),)
    model = GraphEnsemble((Network(NetworkSpec(), endpoints).eval(),), endpoints, one, zero, one)
    pool = morgan_bits(embedded("pool", references)["smiles"].tolist())
    domain, eighth = DomainScorer(pool), DomainScorer(pool[: references // TEACHERS])

    def forms_of(mols: Sequence[Chem.Mol]) -> list[bytes]:
        return [form_of(mol) for mol in mols]

    def featurized(forms: Iterator[list[bytes]]) -> None:
        stream = (form for part in forms for form in part)
        while part := list(islice(stream, CHUNK)):
            PackedGraphs.from_forms(part)

    def parsed_and(step: Callable[[list[Chem.Mol]], object]) -> float:
        return micros(lambda: [step(parse_group(group)) and None for group in groups(smiles, GROUP)], n, repeats)

    parse = parsed_and(len)
    found = {
        "parse": parse,
        "canonical SMILES": parsed_and(lambda mols: [Chem.MolToSmiles(mol) for mol in mols]) - parse,
        "InChIKey": parsed_and(lambda mols: [Chem.MolToInchiKey(mol) for mol in mols]) - parse,
        "fingerprint": parsed_and(lambda mols: [bytes_of(make, mol) for mol in mols]) - parse,
        "features": micros(lambda: featurized(map(forms_of, map(parse_group, groups(smiles, GROUP)))), n, repeats) - parse,
        "network": micros(lambda: model.predict(molecules), n, repeats),
        "domain score, 8,019 molecules": micros(lambda: domain.bins(bits), n, repeats),
        "domain score, 1,002 molecules": micros(lambda: eighth.bins(bits), n, repeats),
    }
    for name, with_key in (("all before the network, without key", False), ("all before the network, with key", True)):
        found[name] = micros(
            lambda with_key=with_key: [prepare_chunk(spec, with_key, part) and None for part in groups(smiles, CHUNK)], n, 1
        )
    return found


def allowed(found: dict[str, float], wanted: dict[str, int], cores: int) -> dict[str, float]:
    """Return molecules per second of `cores` that do nothing but the wanted steps, and of such that do RDKit's alone."""
    whole = sum(found[name] * times for name, times in wanted.items())
    rdkit = sum(found[name] * times for name, times in wanted.items() if name in RDKIT)
    return {"all steps": cores * 1e6 / whole, RDKIT_ALONE: cores * 1e6 / rdkit}


def page(found: dict[str, float], bounds: dict[str, dict[str, float]]) -> list[str]:
    """Return the lines for the documentation."""
    lines = ["| step | µs per molecule and core |", "|---|---|", *(f"| {name} | {value:.0f} |" for name, value in found.items())]
    told = [
        f"{verb}: {rate['all steps']:,.0f} molecules/s of {CORES} cores that do only these steps, {rate[RDKIT_ALONE]:,.0f} with RDKit's"
        for verb, rate in bounds.items()
    ]
    return [*lines, "", "; ".join(told) + "."]


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--docs", action="store_true", help="also put the table into docs/results/performance.md")
    parser.add_argument("--molecules", type=int, default=MOLECULES)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    bound_cores()
    found = steps(options.molecules, options.repeats)
    bounds = {"predict": allowed(found, PREDICT, CORES), "annotate, eight teachers": allowed(found, ANNOTATE, CORES)}
    lines = page(found, bounds)
    print("\n".join(lines))
    if options.docs:
        put_between(ROOT / "docs" / "results" / "performance.md", "steps", lines)
    rows: list[Row] = [{"name": name, "ours": value, "unit": "us"} for name, value in found.items()]
    rows += [{"name": verb, "ours": rate["all steps"], "unit": "molecules/s", **rate} for verb, rate in bounds.items()]
    write(rows, options.json)
    print(f"results: {options.json}")


if __name__ == "__main__":
    main()
