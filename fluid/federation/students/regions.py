"""One additive expert per public region of chemistry, mixed of the copies of all teachers by their evidence there.

No head and no count of a single company is in the student; what its experts tell nevertheless stands in `regions.csv`.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from fluid.federation.expert_heads import FIDELITY
from fluid.federation.regions import REGIONS, Regional, blend, companies_in, divide, mix, regional_shares, told
from fluid.federation.stages.student_spec import Teaching
from fluid.federation.students import experts
from fluid.federation.students.experts import Copied, copy_teachers, single
from fluid.models.familiarity import familiarity
from fluid.models.regions import RegionsPredictor, region_names
from fluid.training.kinds.kind import Fitted


def fit(teaching: Teaching) -> Fitted:
    """Copy every teacher, and mix the copies region by region.

    Raises:
        ConfigError: There are fewer different transfer molecules than regions.
    """
    student, copied = teaching.student, copy_teachers(teaching)
    endpoints, n = copied.annotations.endpoints, student.regions.n
    region = divide(copied.features, n, teaching.fitting.seed)
    mixed, tables = zip(*(regions_of(copied, place, region, teaching) for place in range(len(endpoints))), strict=True)
    planes = {name: np.stack([getattr(one, name) for one in mixed], axis=1) for name in Regional._fields}
    everywhere = np.ones((n, len(endpoints)), dtype=bool)
    said = single({**copied.planes, **planes})
    predictor = RegionsPredictor(region_names(n), endpoints, everywhere, copied.dictionary, spec=student.experts, **said)
    return Fitted(predictor, tables={FIDELITY: copied.fidelity, REGIONS: pd.concat(tables, ignore_index=True)})


def regions_of(copied: Copied, place: int, region: np.ndarray, teaching: Teaching) -> tuple[Regional, pd.DataFrame]:
    """Return the experts of all regions for one endpoint, mixed of those companies that answer it, and what they tell of these."""
    spec, asked = teaching.student.experts, teaching.student.regions
    known = copied.answered[:, place]
    heads = Regional(*(copied.planes[name][known, place] for name in Regional._fields))
    share = regional_shares(familiarity(copied.features, heads.counts, spec.floor), region, asked.n, asked.contrast)
    share = blend(share, heads, spec.floor, asked.companies)
    mixed = mix(heads, share, spec.floor)
    return mixed, told(heads, mixed, companies_in(share, heads, spec.floor), region, copied.annotations.endpoints[place])


MODE = replace(experts.MODE, fit=fit)
