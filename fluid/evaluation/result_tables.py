"""Tables of results as CSV: the names in them stay as they were written."""

from pathlib import Path

import pandas as pd

ENDPOINT = "endpoint"


def read_table(path: Path) -> pd.DataFrame:
    """Return a table of results; an endpoint may be called `NA`, `1e3` or `true`, an empty cell of any other column is missing.

    Companies are texts too.
    """
    names = pd.read_csv(path, nrows=0).columns
    missing = {name: [""] for name in names if name != ENDPOINT}
    return pd.read_csv(path, dtype={ENDPOINT: str, "company": str}, keep_default_na=False, na_values=missing)
