"""A table of molecules is shared out among simulated companies."""

import numpy as np

from fluid.companies.spec import CompanySpec
from fluid.companies.split import company_name, split_companies
from fluid.data.embedded import embedded_path
from fluid.data.intake import IntakeSpec, intake

table = intake(embedded_path("validation"), IntakeSpec(endpoints=("blocker",))).table  # part of the embedded hERG set
for method in ("size", "scaffold", "dirichlet"):
    companies = split_companies(table, CompanySpec(method=method, n=4, min_size=20, min_per_class=5), seed=0)
    sizes = [f"{company_name(index)} {count}" for index, count in enumerate(np.bincount(companies))]
    blockers = [f"{table.labels[companies == index, 0].mean():.2f}" for index in range(4)]
    print(f"{method:<10} sizes: {', '.join(sizes)}; share of blockers: {', '.join(blockers)}")
