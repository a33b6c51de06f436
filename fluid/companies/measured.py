"""Companies that measured different endpoints: which ones each keeps of a common table."""

import numpy as np
from numpy.typing import NDArray

from fluid.companies.quorum import enough_labels
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.seeding import numpy_stream


def measured_endpoints(
    table: MoleculeTable, company: NDArray[np.int64], spec: CompanySpec, seed: int, quorum: int | None = None
) -> NDArray[np.bool_]:
    """Return which endpoints each company measured.

    With an `endpoint_share` of 1 all did all. Below that, a company keeps this share of the endpoints (rounded, at least one), drawn by
    the seed, without those of which it has too few labels; it keeps one of those it has enough of if the draw left none. An endpoint that
    no company drew goes to the company with the fewest endpoints that has enough of its labels, if there is one.

    Args:
        table: The pool.
        company: Company of each molecule, 0 to `spec.n` − 1.
        spec: `n`, `endpoint_share` and `min_per_class` are read.
        seed: Seed of the draw.
        quorum: Fewest labels that a teacher learns from: with it, companies leave out what is below it or `min_per_class`, also with an
            `endpoint_share` of 1; `None`: a teacher with too few is refused.

    Shapes:
        company: (M,)
        returns: (n, T)
    """
    size = len(table.endpoints)
    if spec.endpoint_share == 1 and quorum is None:
        return np.ones((spec.n, size), dtype=bool)
    enough = enough_labels(table, company, spec, 0 if quorum is None else max(quorum, 1))
    if spec.endpoint_share == 1:
        return enough
    kept = np.zeros_like(enough)
    wanted = max(1, round(spec.endpoint_share * size))
    for index in range(spec.n):
        order = numpy_stream(seed, "companies", "endpoints", index).permutation(size)
        drawn = [column for column in order[:wanted] if enough[index, column]] or [column for column in order if enough[index, column]][:1]
        kept[index, drawn] = True
    for column in np.flatnonzero(~kept.any(axis=0) & enough.any(axis=0)):
        able = np.flatnonzero(enough[:, column])
        kept[able[np.argmin(kept[able].sum(axis=1))], column] = True
    return kept
