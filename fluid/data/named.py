"""Whether a file with one measurement per row names the endpoints that are asked of it."""

import difflib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.data.readers import read_rows
from fluid.data.source import Source
from fluid.errors import InputError

SHOWN = 3


def check_named(path: Path, spec: IntakeSpec, source: Source) -> None:
    """Read the rows of a file with one measurement per row until each asked endpoint was named; do nothing with another file.

    Raises:
        InputError: An endpoint is named by no row; tells the nearest that are.
    """
    layout = spec.layout
    if not layout.is_long(source):
        return
    name_of, left_out, seen = layout.namer(source), layout.selector(source), Counter[str]()
    for row in read_rows(path, source.smiles_column, layout.columns(source), spec.file):
        if not row.problem and not left_out(row.values):
            seen[name_of(row.values)] += 1
        if seen.keys() >= set(source.label_columns):
            return
    missing = [name for name in source.label_columns if name not in seen]
    raise _unnamed(missing, {name: count for name, count in seen.most_common() if name}, layout, path)


def _unnamed(missing: list[str], seen: Mapping[str, int], layout: Layout, path: Path) -> InputError:
    columns = ", ".join(map(repr, layout.endpoint_columns))
    found = f"no row names endpoint {missing[0]!r}" + (f", nor {', '.join(map(repr, missing[1:]))}" if missing[1:] else "")
    lowered = {name.lower(): name for name in seen}
    nearest = [lowered[name] for name in difflib.get_close_matches(missing[0].lower(), list(lowered), n=SHOWN)]
    shown = nearest or list(seen)[:SHOWN]
    more = f" and {len(seen) - len(shown)} more" if len(seen) > len(shown) else ""
    expected = f"an endpoint that columns {columns} name: {', '.join(map(repr, shown))}{more}" if seen else "rows that name endpoints"
    remedy = f"Did you mean {nearest[0]!r}?" if nearest else "Check intake.endpoints and intake.layout."
    return InputError(found, where=str(path), expected=expected, remedy=remedy)
