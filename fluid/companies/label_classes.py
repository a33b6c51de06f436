"""Labels as a few classes, so that their distribution can be skewed or compared."""

import numpy as np
from numpy.typing import NDArray

from fluid.data.table import MoleculeTable

REGRESSION_BINS = 4
MISSING = -1


def label_classes(table: MoleculeTable, endpoint: int, bins: int = REGRESSION_BINS) -> NDArray[np.int64]:
    """Return the class of each molecule's label: 0 or 1, or the quantile bin for regression; −1 where it is missing.

    Args:
        table: Molecules with labels.
        endpoint: Column of the endpoint.
        bins: Number of quantile bins of a regression endpoint; values that are equal fall in the same bin.

    Shapes:
        returns: (M,)
    """
    labels = table.labels[:, endpoint].astype(np.float64)
    measured = np.isfinite(labels)
    classes = np.full(len(labels), MISSING, dtype=np.int64)
    if table.endpoints[endpoint].kind == "classification":
        classes[measured] = labels[measured] > 0.5
    elif measured.any():
        edges = np.quantile(labels[measured], np.linspace(0, 1, bins + 1)[1:-1])
        classes[measured] = np.searchsorted(edges, labels[measured], side="right")
    return classes
