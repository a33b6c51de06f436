"""The first look: every column of a file summarised, in one pass."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from fluid.data.rows import RawRow
from fluid.errors import InputError
from fluid.inspection.collector import Tally
from fluid.inspection.facts import ColumnFacts, FileFacts
from fluid.inspection.profile import ColumnCollector, ColumnProfile
from fluid.inspection.reading import Opened
from fluid.inspection.roles import (
    CATEGORY,
    CLASS,
    CONSTANT,
    IDENTIFIER,
    INCHI,
    INCHIKEY,
    NAMES,
    QUALIFIER,
    SMILES,
    SURROUNDED,
    TEXTS,
    UNIT,
    VALUES,
    Role,
)
from fluid.inspection.sampling import SMALLEST
from fluid.inspection.spread import spread_of
from fluid.inspection.wording import plural
from fluid.pipeline.progress import Progress

BLOCK = 8_192
SHOWN = 4


@dataclass(slots=True)
class Summary:
    """What one pass over a file tells of its columns.

    Attributes:
        profiles: By name.
        rows: Rows that were looked at.
        unreadable: Rows without cells, by reason.
        faulty: In how many rows a column cannot be read; only of those of which that is so.
    """

    profiles: Mapping[str, ColumnProfile]
    rows: int = 0
    unreadable: Tally = field(default_factory=Tally)
    faulty: Mapping[str, int] = field(default_factory=dict)


def blocks(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    """Yield rows in blocks."""
    while block := list(islice(rows, BLOCK)):
        yield block


def summarise(opened: Opened, most: int, progress: Progress) -> Summary:
    """Read a file once, and summarise each of its columns.

    Where cells of some columns cannot be read, the others are read once more without these: their rows are not at fault.

    Args:
        opened: The file.
        most: Rows to stop after; 0: none.
        progress: Told how far it is.

    Raises:
        InputError: The file is broken.
    """
    summary = _summarise(opened, opened.names, most, progress)
    faulty = {name: count for name in opened.names if (count := _faults_in(name, summary))}
    if not faulty or len(faulty) == len(opened.names):
        return summary
    others = _summarise(opened, [name for name in opened.names if name not in faulty], most, progress)
    profiles = {name: others.profiles.get(name, profile) for name, profile in summary.profiles.items()}
    return Summary(profiles, others.rows, others.unreadable, faulty)


def _faults_in(name: str, summary: Summary) -> int:
    """Return in how many rows a reader named a column as what cannot be read."""
    return sum(count for what, count in summary.unreadable.counts.items() if f"column {name!r}" in what)


def _summarise(opened: Opened, names: Sequence[str], most: int, progress: Progress) -> Summary:
    collectors = [ColumnCollector(name, opened.names.index(name)) for name in names]
    summary = Summary({})
    for block in blocks(opened.read("", names, most)):
        good = [row for row in block if not row.problem]
        for row in (row for row in block if row.problem):
            summary.unreadable.add(row.problem, row.row, row.smiles)
        numbers = [row.row for row in good]
        for collector, cells in zip(collectors, zip(*(row.values for row in good), strict=True), strict=False):
            collector.add(cells, numbers)
        summary.rows += len(block)
        progress.start("columns", f"{summary.rows:,} rows")
    summary.profiles = {collector.name: collector.profile() for collector in collectors}
    return summary


def file_facts(opened: Opened, summary: Summary, all_rows: bool) -> FileFacts:
    """Return the facts of the file as a whole."""
    unreadable = () if opened.structures else summary.unreadable.found
    size = Path(opened.path).stat().st_size
    return FileFacts(opened.shown, opened.form, size, summary.rows, all_rows, len(opened.names) + len(opened.repeated), unreadable)


def column_facts(profile: ColumnProfile, role: Role, setting: str, faults: int = 0) -> ColumnFacts:
    """Return what is said of a column; in `faults` rows it cannot be read."""
    unread = (f"cannot be read in {plural(faults, 'row')}: other bytes than those of the file's encoding",) if faults else ()
    numeric = role.name in (VALUES, SURROUNDED)
    spread = spread_of(profile.values, profile.low, profile.high) if numeric else None
    words = tuple(word for word, _ in (*profile.words, *((f"{value:g}", 0) for value, _ in profile.numbers)))
    missing = sum(count for word, count in profile.words if word in role.missing)
    return ColumnFacts(
        profile.name, role.name, said(profile, role), setting, profile.filled - missing, profile.rows - profile.filled + missing,
        profile.distinct, spread, (*unread, *role.remarks), words[:SHOWN],
    )  # fmt: skip


def said(profile: ColumnProfile, role: Role) -> str:
    """Return what was found in a column, in a line."""
    words = [f"{word} {count:,}" for word, count in profile.words]
    few = ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "")
    numbers = [f"{value:g} {count:,}" for value, count in profile.numbers]
    one = (profile.words[0][0] if profile.words else f"{profile.numbers[0][0]:g}") if profile.words or profile.numbers else ""
    different = f"{'about ' if profile.distinct >= SMALLEST else ''}{profile.distinct:,}"
    sayings = {
        SMILES: f"{role.likeness.share:.0%} of a sample of {len(profile.sample)} parse",
        INCHI: "structures as InChI, which no verb reads",
        INCHIKEY: "keys of structures, which cannot be turned into structures",
        CLASS: ", ".join([*words, *numbers][: SHOWN + 2]),
        VALUES: "numbers" + (f" in {role.unit}" if role.unit else ", unit not told"),
        SURROUNDED: "numbers with something around them",
        IDENTIFIER: f"{different} different",
        QUALIFIER: few,
        UNIT: few,
        NAMES: f"{len(words)} names: {few}",
        CATEGORY: f"{len(words)} different: {few}",
        CONSTANT: f"always {one}",
        TEXTS: f"{different} different texts",
    }
    return sayings.get(role.name, "no cell says anything")


def check_readable(opened: Opened) -> None:
    """Refuse a file without columns.

    Raises:
        InputError: The file has no column that can be read.
    """
    if not opened.names and not opened.structures:
        remedy = "Rename columns." if opened.repeated else "Export it again."
        raise InputError("the file has no column that can be read", where=str(opened.path), expected="named columns", remedy=remedy)
