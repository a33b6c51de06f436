"""Stage `split`: the consortium's pool is divided among simulated companies."""

from pathlib import Path

import numpy as np
import pandas as pd

from fluid.artifacts import Artifact
from fluid.companies.heterogeneity import describe, format_summary
from fluid.companies.spec import CompanySpec
from fluid.companies.split import company_name, split_companies
from fluid.federation.part import Part
from fluid.federation.stage import Stage, Work

COLUMNS = ["company", "n", "positives", "divergence", "separation"]


def split_stage(pool: Part, spec: CompanySpec, seed: int) -> Stage:
    """Describe the division of the pool."""

    def build(folder: Path, work: Work) -> None:
        company = split_companies(pool.table, spec, seed)
        np.save(folder / "company.npy", company, allow_pickle=False)
        summaries = describe(pool.table, company, seed=seed)
        (folder / "summary.txt").write_text(format_summary(summaries) + "\n", encoding="utf-8")
        rows = [(s.name, s.n, s.positives[0], s.divergence[0], s.separation) for s in summaries]
        pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "companies.csv", index=False)

    return Stage("split", "companies", {"pool": pool.digest, "spec": spec, "seed": seed}, build)


def read_split(artifact: Artifact, pool: Part) -> dict[str, Part]:
    """Return each company's private split, by name, largest first."""
    company = np.load(artifact / "company.npy", allow_pickle=False)
    return {company_name(i): pool.take(np.flatnonzero(company == i)) for i in range(int(company.max()) + 1)}
