"""What the cells of one column are, collected block by block in bounded memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from fluid.inspection.cells import BOUND, MISSING, NUMBER, NUMBERS, Cell, plain_numbers, read_cell
from fluid.inspection.sampling import DistinctCount, FewCounter, NumberSample, TextSample

VALUES, TEXTS, LONGEST = 10_000, 400, 2_001
WORDS, LONGEST_WORD, DIFFERENT_NUMBERS = 400, 80, 24
FIRST = 5
Example = tuple[int, str]


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column, summarised.

    Attributes:
        name: Its name.
        rows: Its cells.
        kinds: How many cells there are of each kind of `fluid.inspection.cells`.
        commas: Cells with decimals after a comma, bounds among them.
        sides: How many bounds there are, by the side on which the true value lies.
        distinct: Different texts among cells that say something; a good guess if there are many.
        words: Texts of cells that are neither numbers nor missing, cut off, with their counts, the most frequent first.
        more_words: Whether there are more of them than were counted.
        numbers: Different numbers with their counts, the most frequent first.
        more_numbers: Whether there are more of them than were counted.
        values: A fair sample of the numbers, ascending.
        low: The smallest number; infinite without any.
        high: The largest number.
        whole: Whether all numbers are whole.
        sample: A fair sample of the texts that are neither numbers nor missing.
        first: Row and text of the first cells of each kind.
    """

    name: str
    rows: int
    kinds: Mapping[str, int]
    commas: int
    sides: Mapping[int, int]
    distinct: int
    words: tuple[tuple[str, int], ...]
    more_words: bool
    numbers: tuple[tuple[float, int], ...]
    more_numbers: bool
    values: np.ndarray
    low: float
    high: float
    whole: bool
    sample: tuple[str, ...]
    first: Mapping[str, tuple[Example, ...]]

    def count(self, *kinds: str) -> int:
        """Return how many cells are of some kinds."""
        return sum(self.kinds.get(kind, 0) for kind in kinds)

    @property
    def filled(self) -> int:
        """Cells that say something."""
        return sum(count for kind, count in self.kinds.items() if kind != MISSING)


class ColumnCollector:
    """Collects what a `ColumnProfile` holds.

    Args:
        name: The column's name.
        number: Its place in the file; names the random streams of its samples.
    """

    def __init__(self, name: str, number: int) -> None:
        self.name, self.rows, self.commas, self.whole = name, 0, 0, True
        self.kinds: Counter[str] = Counter()
        self.sides: Counter[int] = Counter()
        self.first: dict[str, list[Example]] = {}
        self.words, self.numbers = FewCounter[str](WORDS), FewCounter[float](DIFFERENT_NUMBERS)
        self.distinct, self.values = DistinctCount(), NumberSample(VALUES, "values", number)
        self.sample = TextSample(TEXTS, LONGEST, "texts", number)

    def add(self, cells: Sequence[object], rows: Sequence[int]) -> None:
        """Take in the cells of some rows."""
        texts = [cell if type(cell) is str else as_text(cell) for cell in cells]
        self.rows += len(texts)
        values = plain_numbers(texts)
        if values is None:
            self._add_cells(texts, rows)
        else:
            self._add_plain(texts, values, rows)

    def _add_plain(self, texts: Sequence[str], values: np.ndarray, rows: Sequence[int]) -> None:
        """Take in cells that are all plain numbers, which is most of what is measured, in a tenth of the time."""
        self.kinds[NUMBER] += len(texts)
        self.distinct.add(set(texts))
        self.values.add(values)
        self.whole = self.whole and bool((values == np.floor(values)).all())
        if not self.numbers.more:
            for value, count in Counter(values.tolist()).items():
                self.numbers.add(value, count)
        self._add_first(texts, dict.fromkeys(texts[:FIRST], Cell(NUMBER)), rows)

    def _add_cells(self, texts: Sequence[str], rows: Sequence[int]) -> None:
        counts = Counter(texts)
        read = {text: read_cell(text) for text in counts}
        self.distinct.add([text for text, cell in read.items() if cell.kind != MISSING])
        self._add_kinds(counts, read)
        self._add_numbers(counts, read)
        self._add_words(texts, counts, read)
        self._add_first(texts, read, rows)

    def _add_kinds(self, counts: Mapping[str, int], read: Mapping[str, Cell]) -> None:
        for text, cell in read.items():
            self.kinds[cell.kind] += counts[text]
            if cell.comma:
                self.commas += counts[text]
            if cell.kind == BOUND:
                self.sides[cell.side] += counts[text]

    def _add_numbers(self, counts: Mapping[str, int], read: Mapping[str, Cell]) -> None:
        found = [(cell.value, counts[text]) for text, cell in read.items() if cell.kind in NUMBERS]
        if not found:
            return
        values, repeats = (np.array(part) for part in zip(*found, strict=True))
        self.values.add(np.repeat(values, repeats))
        self.whole = self.whole and bool((values == np.floor(values)).all())
        if not self.numbers.more or len(found) <= DIFFERENT_NUMBERS:
            for value, count in found:
                self.numbers.add(value, count)

    def _add_words(self, texts: Sequence[str], counts: Mapping[str, int], read: Mapping[str, Cell]) -> None:
        worded = {text: counts[text] for text, cell in read.items() if cell.kind not in NUMBERS and cell.kind != MISSING}
        if not worded:
            return
        self.sample.add(texts if len(worded) == len(read) else [text for text in texts if text in worded])
        for text, count in islice(worded.items(), WORDS):
            self.words.add(text.strip()[:LONGEST_WORD], count)
        self.words.more |= len(worded) > WORDS

    def _add_first(self, texts: Sequence[str], read: Mapping[str, Cell], rows: Sequence[int]) -> None:
        wanted = {kind for kind in {cell.kind for cell in read.values()} if len(self.first.get(kind, ())) < FIRST}
        for row, text in zip(rows, texts, strict=True) if wanted else ():
            kind = read[text].kind
            if kind in wanted:
                self.first.setdefault(kind, []).append((row, text[:LONGEST_WORD]))
                if len(self.first[kind]) == FIRST:
                    wanted.remove(kind)
                    if not wanted:
                        return

    def profile(self) -> ColumnProfile:
        """Return what was found."""
        return ColumnProfile(
            self.name, self.rows, dict(self.kinds), self.commas, dict(self.sides), self.distinct.count,
            self.words.common, self.words.more, self.numbers.common, self.numbers.more, self.values.values,
            self.values.low, self.values.high, self.whole, tuple(self.sample.texts),
            {kind: tuple(examples) for kind, examples in self.first.items()},
        )  # fmt: skip


def as_text(cell: object) -> str:
    """Return a cell as a text file would hold it; nothing for None and NaN."""
    if cell is None or cell != cell:
        return ""
    return cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)
