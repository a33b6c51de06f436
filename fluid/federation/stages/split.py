"""Stage `split`: the consortium's pool is divided among simulated companies."""

from pathlib import Path

import numpy as np
import pandas as pd

from fluid.artifacts import Artifact
from fluid.companies.heterogeneity import describe, format_summary
from fluid.companies.measured import measured_endpoints
from fluid.companies.spec import CompanySpec
from fluid.companies.split import company_name, split_companies
from fluid.data.dataset import Dataset
from fluid.data.quorum import count_labels, shown
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/split.py"

NOBODY = -1
"""Company of a molecule of which its company measured nothing."""

LEFT_OUT = "left_out.csv"
COLUMNS = ["company", "n", "positives", "divergence", "separation"]


def split_stage(pool: Dataset, spec: CompanySpec, seed: int, quorum: int | None = None) -> Stage:
    """Describe the division of the pool.

    Args:
        pool: The labelled molecules.
        spec: How they are divided.
        seed: Seed of the random streams.
        quorum: Companies leave endpoints out of which they have fewer labels, as long as one is left; `None`: they are refused.
    """
    quorum = quorum if len(pool.endpoints) > 1 else None

    def build(folder: Path, work: Work) -> None:
        company = split_companies(pool.table, spec, seed, quorum is not None)
        measured = measured_endpoints(pool.table, company, spec, seed, quorum)
        left_out_frame(pool, company, measured, spec).to_csv(folder / LEFT_OUT, index=False)
        owned = owned_labels(pool, company, measured)
        if not measured.all():
            company[np.isnan(owned.labels).all(axis=1)] = NOBODY
        np.save(folder / "company.npy", company, allow_pickle=False)
        np.save(folder / "measured.npy", measured, allow_pickle=False)
        known = np.flatnonzero(company != NOBODY)
        summaries = describe(owned.table.take(known), company[known], seed=seed)
        (folder / "summary.txt").write_text(format_summary(summaries) + "\n", encoding="utf-8")
        rows = [(s.name, s.n, s.positives[0], s.divergence[0], s.separation) for s in summaries]
        pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "companies.csv", index=False)

    inputs = {"pool": pool.digest, "spec": spec, "seed": seed} | ({} if quorum is None else {"quorum": quorum})
    return Stage("split", "companies", inputs, build, module=MODULE)


def left_out_frame(pool: Dataset, company: np.ndarray, measured: np.ndarray, spec: CompanySpec) -> pd.DataFrame:
    """Return which endpoints companies leave out, and what they have of each: those with too few labels, where all measured all."""
    columns = zip(*np.nonzero(~measured), strict=True) if spec.endpoint_share == 1 else ()
    rows = [(company_name(i), count_labels(pool.labels[company == i, c], pool.endpoints[c])) for i, c in columns]
    return pd.DataFrame([(name, found.endpoint.name, found.text) for name, found in rows], columns=["company", "endpoint", "found"])


def left_out_notes(artifact: Artifact) -> tuple[str, ...]:
    """Say of each company in a sentence which endpoints it leaves out."""
    rows = pd.read_csv(artifact / LEFT_OUT, dtype=str, keep_default_na=False).to_numpy().tolist()
    listed = {name: shown([f"{endpoint!r} ({found})" for one, endpoint, found in rows if one == name]) for name, *_ in rows}
    return tuple(f"{name} has too few labels of {texts} and leaves them out." for name, texts in listed.items())


def read_split(artifact: Artifact, pool: Dataset) -> dict[str, Dataset]:
    """Return each company's private split, by name, largest first, with the endpoints that it measured."""
    company, measured = (np.load(artifact / f"{name}.npy", allow_pickle=False) for name in ("company", "measured"))
    parts = [pool.take(np.flatnonzero(company == i)) for i in range(len(measured))]
    return {company_name(i): part if measured[i].all() else _with_columns(part, measured[i]) for i, part in enumerate(parts)}


def read_owned(artifact: Artifact, pool: Dataset) -> Dataset:
    """Return the private data of all companies together: the pool, without labels that no company kept."""
    company, measured = (np.load(artifact / f"{name}.npy", allow_pickle=False) for name in ("company", "measured"))
    if measured.all():
        return pool
    owned = owned_labels(pool, company, measured).take(np.flatnonzero(company != NOBODY))
    return owned if measured.any(axis=0).all() else _with_columns(owned, measured.any(axis=0))


def owned_labels(pool: Dataset, company: np.ndarray, measured: np.ndarray) -> Dataset:
    """Return the pool without labels of endpoints that a molecule's company did not measure, `measured` being `(n, T)`."""
    owned = measured[company] & (company != NOBODY)[:, None]
    censored = None if pool.censored is None else np.where(owned, pool.censored, np.int8(0))
    return pool.with_labels(np.where(owned, pool.labels, np.float32(np.nan)), pool.endpoints, censored)


def _with_columns(dataset: Dataset, columns: np.ndarray) -> Dataset:
    endpoints = tuple(endpoint for endpoint, kept in zip(dataset.endpoints, columns, strict=True) if kept)
    censored = None if dataset.censored is None else dataset.censored[:, columns]
    return dataset.with_labels(dataset.labels[:, columns], endpoints, censored)
