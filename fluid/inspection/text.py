"""What a look at a file found, as plain text of at most 100 columns: for a screen, a pipe or a log."""

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.cells import cell_len, set_cell_size

from fluid.inspection.facts import ColumnFacts, Counted, EndpointFacts, FileFacts, Inspection, MoleculeFacts, OverlapFacts, Spread
from fluid.inspection.wording import number_text, plural, shown

WIDTH = 100
BARS = "▁▂▃▄▅▆▇█"
FIRST = 3


def render(found: Inspection, command: str) -> str:
    """Return the whole text.

    Args:
        found: What was found.
        command: The command that would use the file; empty without one.
    """
    parts = [
        file_lines(found.file),
        warning_lines(found.warnings),
        column_lines(found.columns, with_spread=not found.endpoints),
        molecule_lines(found.molecules) if found.molecules else [],
        endpoint_lines(found.endpoints),
        overlap_lines(found.overlaps),
        [COMMAND_TITLES[found.verb], *command.splitlines()] if command else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


COMMAND_TITLES = {"": "", "train-teacher": "To learn from it:", "predict": "It has nothing to learn from. To predict it:"}


def file_lines(file: FileFacts) -> list[str]:
    """Return what the file is."""
    rows = f"{file.rows:,} rows" if file.all_rows else f"the first {file.rows:,} rows"
    return wrapped(
        f"{shown(file.name)}: {', '.join(file.form)}; {size_text(file.size)}, {rows}, {plural(file.columns, 'column')}", "", "  "
    )


def warning_lines(warnings: Sequence[str]) -> list[str]:
    """Return the warnings, wrapped."""
    return [line for text in warnings for line in wrapped(text, "! ", "  ")]


def column_lines(columns: Sequence[ColumnFacts], with_spread: bool) -> list[str]:
    """Return a table of the columns: what each could be, how it would be used, and the spread of its numbers if asked for, or not used."""
    return [line for column in columns for line in _column(column, with_spread or not column.setting)]


def _column(column: ColumnFacts, with_spread: bool) -> Iterator[str]:
    filled = f"{column.filled:,} filled" if column.filled else ""
    yield fit(f"{fit(shown(column.name) or '(no name)', 26)}  {fit(column.role, 14)}  {fit(filled, 16)}  {shown(column.says)}", WIDTH)
    if column.spread and with_spread:
        yield fit(f"{'':28}{bars(column.spread.counts)}  {spread_text(column.spread)}", WIDTH)
    for remark in column.remarks:
        yield from wrapped(shown(remark), " " * 28, " " * 28)
    if column.setting:
        yield from wrapped(shown(column.setting), " " * 28 + "-> ", " " * 31)


def molecule_lines(molecules: MoleculeFacts) -> list[str]:
    """Return what became of the rows."""
    lines = [
        f"Molecules: {molecules.usable:,} of {molecules.rows:,} rows usable, {molecules.molecules:,} different, "
        f"{plural(molecules.doubles, 'row')} repeat one"
    ]
    lines += [line for reason in molecules.rejected for line in _counted(reason, "not usable: ")]
    lines += [line for note in molecules.notes for line in _counted(note, "taken so: ")]
    near = molecules.near
    drawn = "" if near.all_molecules else f", among {near.looked_at:,} molecules drawn at random with a fixed seed"
    lines += wrapped(f"{near.with_neighbour:,} have a near duplicate (Tanimoto from 0.95, Morgan radius 2){drawn}", "  ", "    ")
    lines += [fit(f"    rows {pair.rows[0]} and {pair.rows[1]}: {pair.similarity:.2f}", WIDTH) for pair in near.first[:FIRST]]
    return lines


def _counted(one: Counted, before: str) -> Iterator[str]:
    yield fit(f"  {one.count:>9,} {before}{shown(one.what)}", WIDTH)
    for row, text in one.examples[:FIRST]:
        yield fit(f"{'':12}row {row}: {shown(text)}", WIDTH)


def endpoint_lines(endpoints: Sequence[EndpointFacts]) -> list[str]:
    """Return what could be learnt."""
    return [line for one in endpoints for line in _endpoint(one)]


def _endpoint(one: EndpointFacts) -> Iterator[str]:
    yield fit(f"Endpoint {shown(one.text)}: {one.labels:,} labels, {one.missing:,} missing, {one.molecules:,} molecules", WIDTH)
    if one.kind == "classification":
        share = f" ({one.ones / (one.ones + one.zeros):.1%} of class 1)" if one.ones + one.zeros else ""
        yield f"  molecules: {one.zeros:,} of class 0, {one.ones:,} of class 1{share}"
    if one.spread:
        yield fit(f"  {bars(one.spread.counts)}  {spread_text(one.spread)}", WIDTH)
    if one.below or one.above:
        yield f"  bounds: the true value is below {one.below:,}, above {one.above:,} of them"
    for reason in one.unused:
        yield from _counted(reason, "no label: ")
    if one.repeated:
        yield from _repeated(one)
    if not one.enough:
        yield "  fewer labels than the quorum"


def _repeated(one: EndpointFacts) -> Iterator[str]:
    yield f"  measured several times: {plural(one.repeated, 'molecule')}, {one.conflicts:,} of them {difference_text(one)}"
    for conflict in one.first_conflicts[:FIRST]:
        pairs = ", ".join(f"row {row}: {value}" for row, value in zip(conflict.rows, conflict.values, strict=True))
        yield fit(f"    {pairs}", WIDTH)


def difference_text(one: EndpointFacts) -> str:
    """Return how the measurements of one molecule differ."""
    if one.kind == "classification":
        return "in both classes"
    return "with different values" + (f", up to {number_text(one.largest_difference)} apart" if one.conflicts else "")


def overlap_lines(overlaps: Sequence[OverlapFacts]) -> list[str]:
    """Return how the file stands to others."""
    return [line for one in overlaps for line in _overlap(one)]


def _overlap(one: OverlapFacts) -> Iterator[str]:
    yield fit(f"Against {shown(one.name)}: {one.rows:,} rows, {one.molecules:,} different molecules", WIDTH)
    yield f"  {one.same:,} of {one.of:,} molecules are there too{share_text(one.same, one.of)}"
    whole = "all" if one.looked_at == one.of else f"{one.looked_at:,} drawn at random with a fixed seed"
    yield fit(f"  of {whole}, {one.near:,} more have a near duplicate there{share_text(one.near, one.looked_at)}", WIDTH)
    if not math.isnan(one.quartiles[1]):
        low, middle, high = one.quartiles
        yield f"  the rest: Tanimoto to the nearest {middle:.2f} (quartiles {low:.2f} and {high:.2f})"


def share_text(part: int, whole: int) -> str:
    """Return a share in brackets; nothing of nothing."""
    return f" ({part / whole:.1%})" if whole else ""


def spread_text(spread: Spread) -> str:
    """Return range and quartiles."""
    low, middle, high = (number_text(value) for value in spread.quartiles)
    return f"{number_text(spread.low)} to {number_text(spread.high)}, median {middle} (quartiles {low} and {high})"


def bars(counts: Sequence[int]) -> str:
    """Return a histogram in one line; a bin with anything in it is seen."""
    most = max(counts, default=0)
    return "".join(BARS[math.ceil(count / most * (len(BARS) - 1))] if count else " " for count in counts)


def size_text(size: int) -> str:
    """Return bytes in kB or MB."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"


def fit(text: str, width: int) -> str:
    """Return a text that takes at most so many columns, and in a table exactly as many."""
    if cell_len(text) <= width:
        return text if width == WIDTH else set_cell_size(text, width)
    return set_cell_size(text, width - 1).rstrip() + "…"


def wrapped(text: str, first: str, other: str) -> list[str]:
    """Return a text in lines that are wide enough."""
    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=other, break_on_hyphens=False) or []
