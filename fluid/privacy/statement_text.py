"""What a certificate or a ledger says, as plain text of at most 100 columns but for long cells: for a screen, a pipe or a log."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from fluid.inspection.text import warning_lines, wrapped
from fluid.inspection.wording import shown
from fluid.privacy.statement import Statement

COVERS, COVERS_NOT = "What that is about", "What it does not cover"


def render(found: Statement) -> str:
    """Return the whole text."""
    parts = [
        [shown(found.title)],
        warning_lines([shown(text) for text in found.warnings]),
        [line for text in found.says for line in wrapped(shown(text), "", "  ")],
        table_lines(found.heads, found.rows),
        listed(COVERS, found.covers),
        listed(COVERS_NOT, found.does_not_cover),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table whose columns stand below each other; nothing where it has no row."""
    if not rows:
        return []
    cells = [[shown(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(set_cell_size, row, widths)).rstrip() for row in cells]


def listed(title: str, items: Sequence[str]) -> list[str]:
    """Return items below a title; nothing where there are none."""
    return [f"{title}:", *(line for text in items for line in wrapped(shown(text), "- ", "  "))] if items else []
