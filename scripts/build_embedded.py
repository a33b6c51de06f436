"""Build the embedded hERG set from hERG Central: `python scripts/build_embedded.py herg_central.parquet`.

Seeded and repeatable: the same source file and library versions give the same Parquet files. See
`fluid/data/embedded/README.md` for what the parts are and where they come from.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import MiniBatchKMeans

from fluid.artifacts import atomic_file, hash_file
from fluid.data.intake import IntakeSpec, intake
from fluid.data.table import MoleculeTable
from fluid.molecules.fingerprints import morgan_bits
from fluid.seeding import derive_seed, numpy_stream

SEED = 2025
BLOCKERS, NON_BLOCKERS, TRANSFER = 4_700, 7_700, 42_000
EXTERNAL, TEST, VALIDATION = 1_600, 1_600, 1_000
CLUSTERS = 60
FOLDER = Path(__file__).parents[1] / "fluid" / "data" / "embedded"


def sample_source(path: Path, scratch: Path) -> Path:
    """Draw more rows than are needed from the source, so that standardising all 300,000 is not necessary."""
    rng = numpy_stream(SEED, "embedded", "source")
    frame = pd.read_parquet(path, columns=["smiles", "blocker"])
    positive, negative = (np.flatnonzero(frame["blocker"] == label) for label in (1, 0))
    rows = np.concatenate([rng.permutation(positive)[: BLOCKERS + 1_350], rng.permutation(negative)[: NON_BLOCKERS + TRANSFER + 3_500]])
    frame.iloc[np.sort(rows)].to_parquet(scratch, index=False)
    return scratch


def draw_labelled(labels: np.ndarray) -> np.ndarray:
    """Mark the molecules that keep their label: 38 % blockers."""
    rng = numpy_stream(SEED, "embedded", "labelled")
    chosen = np.zeros(len(labels), dtype=bool)
    for label, count in ((1, BLOCKERS), (0, NON_BLOCKERS)):
        chosen[rng.choice(np.flatnonzero(labels == label), count, replace=False)] = True
    return chosen


def hold_out_clusters(table: MoleculeTable) -> np.ndarray:
    """Mark whole k-means clusters (FCFP4) of middling size and class balance until `EXTERNAL` molecules are held out."""
    bits = np.unpackbits(morgan_bits(table.smiles, features=True), axis=1).astype(np.float32)
    seed = derive_seed(SEED, "embedded", "clusters") % 2**32
    cluster = MiniBatchKMeans(CLUSTERS, random_state=seed, n_init=5, batch_size=4096).fit_predict(bits)
    sizes = np.bincount(cluster, minlength=CLUSTERS)
    share = np.bincount(cluster, table.labels[:, 0], CLUSTERS) / np.maximum(sizes, 1)
    middling = np.flatnonzero((sizes >= 100) & (sizes <= 400) & (share >= 0.15) & (share <= 0.75))
    held_out = np.zeros(len(table), dtype=bool)
    for candidate in numpy_stream(SEED, "embedded", "held out").permutation(middling):
        if held_out.sum() >= EXTERNAL:
            break
        held_out |= cluster == candidate
    return held_out


def split_parts(labelled: MoleculeTable, rest: MoleculeTable) -> dict[str, MoleculeTable]:
    """Divide into pool, validation, two tests and the transfer set; rows are shuffled within each part."""
    rng = numpy_stream(SEED, "embedded", "parts")
    external = hold_out_clusters(labelled)
    inside = rng.permutation(np.flatnonzero(~external))
    cuts = {"test_in_domain": inside[:TEST], "validation": inside[TEST : TEST + VALIDATION], "pool": inside[TEST + VALIDATION :]}
    parts = {name: labelled.take(rows) for name, rows in cuts.items()}
    parts["test_external"] = labelled.take(rng.permutation(np.flatnonzero(external)))
    parts["transfer"] = rest.take(rng.permutation(len(rest))[:TRANSFER])
    return parts


def write_dataset(name: str, table: MoleculeTable) -> None:
    """Write one part as a small Parquet file: `smiles`, and `blocker` unless it is the transfer set."""
    columns: dict[str, object] = {"smiles": list(table.smiles)}
    if name != "transfer":
        columns["blocker"] = table.labels[:, 0].astype(np.int8)
    path = FOLDER / f"{name}.parquet"
    with atomic_file(path) as temporary:
        pd.DataFrame(columns).to_parquet(temporary, index=False, compression="zstd", compression_level=19)
    blockers = f", {table.labels[:, 0].mean():.1%} blockers" if name != "transfer" else ""
    print(f"{path.name}: {len(table)} molecules{blockers}, {path.stat().st_size / 1e3:.0f} kB, sha256 {hash_file(path)[:16]}")


def main() -> None:
    """Read the source, standardise, split and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="herg_central.parquet with the columns smiles and blocker")
    source = parser.parse_args().source
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        table = intake(sample_source(source, Path(scratch) / "sample.parquet"), IntakeSpec(endpoints=("blocker",))).table
    chosen = draw_labelled(table.labels[:, 0])
    for name, part in split_parts(table.take(np.flatnonzero(chosen)), table.take(np.flatnonzero(~chosen))).items():
        write_dataset(name, part)


if __name__ == "__main__":
    main()
