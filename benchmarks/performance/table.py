"""Rows as a Markdown table."""

from collections.abc import Sequence

from timing import Row

HEADS = ("benchmark", "fluid", "peer", "unit", "ratio (range)", "target", "holds")


def number(value: float | None) -> str:
    """Return a number with three digits that matter, thousands apart."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def ratio(row: Row) -> str:
    """Return the ratio and its range over repeats."""
    if row.get("ratio") is None:
        return "–"
    low, high = row.get("ratio_range") or (None, None)
    return number(row["ratio"]) + (f" ({number(low)}–{number(high)})" if low is not None else "")


def cells(row: Row) -> list[str]:
    """Return the cells of one row; a row that was not measured says why."""
    if row.get("reason"):
        why = str(row["reason"]).splitlines()[0][:120]
        return [row["name"], "–", "–", "–", "–", f"not measured: {why}", "**no**"]
    holds = "yes" if row["holds"] else "**no**"
    return [row["name"], number(row["ours"]), number(row["peer"]), row.get("unit", ""), ratio(row), row["target"], holds]


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the table."""
    return ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|", *("| " + " | ".join(cells(row)) + " |" for row in rows)]
