"""Cells that hold no label: counted over the whole file before a run stops, with the remedy that fits what stands in them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fluid.data.label_remedies import remedies
from fluid.data.labels import LabelReader
from fluid.data.wording import counted
from fluid.errors import InputError

BAD_POLICIES = ("refuse", "drop")
SHOWN, KNOWN, LONGEST = 5, 200, 40


class BadLabels:
    """The cells of a file that hold no label.

    Args:
        readers: One per endpoint.

    Attributes:
        cells: How many.
        rows: In how many rows.
    """

    def __init__(self, readers: Sequence[LabelReader]) -> None:
        self.readers, self.cells, self.rows, self._last = tuple(readers), 0, 0, 0
        self._first: list[str] = []
        self._reasons: dict[str, None] = {}
        self._texts: dict[int, Counter[str]] = {}

    def add(self, row: int, place: int, cell: str, reason: str) -> None:
        """Note a cell of the endpoint at `place`; rows come in order."""
        self.cells += 1
        self.rows += row != self._last
        self._last = row
        self._reasons[reason] = None
        if len(self._first) < SHOWN:
            self._first.append(f"row {row}: {short(cell)!r}")
        texts = self._texts.setdefault(place, Counter())
        if cell in texts or len(texts) < KNOWN:
            texts[cell] += 1

    def refuse(self, path: Path) -> None:
        """Stop if there are any.

        Raises:
            InputError: The file has such cells; says how many, where the first are, and what to do.
        """
        if not self.cells:
            return
        bad = [self.readers[place] for place in sorted(self._texts)]
        columns = "column" + "s" * (len(bad) > 1) + " " + ", ".join(repr(reader.endpoint.column) for reader in bad)
        first = ", ".join(self._first) + ", ..." * (self.cells > len(self._first))
        what = f"{counted(self.cells, 'label')} in {counted(self.rows, 'row')} of {columns} cannot be used: {' or '.join(self._reasons)}"
        advice = [text for place, texts in sorted(self._texts.items()) for text in remedies(self.readers[place], list(texts))]
        remedy = " ".join([*dict.fromkeys(advice), "Or list and leave them out: intake.bad_labels=drop."])
        expected = " or ".join(dict.fromkeys(reader.expected for reader in bad))
        raise InputError(f"{what} ({first})", where=str(path), expected=expected, remedy=remedy)


def short(text: str) -> str:
    """Return a text that is not too long for a message."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
