"""Tables on the terminal: runs, store, garbage."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fluid.runs.housekeeping import Garbage, RunStatus, StageStatus

STEPS = (("d", 86_400), ("h", 3600), ("min", 60))
WIDE = 160
SHOWN = 40


def span(seconds: float) -> str:
    """Return a time span in its largest unit."""
    unit, size = next(((unit, size) for unit, size in STEPS if seconds >= size), ("s", 1))
    return f"{seconds / size:.0f} {unit}"


def amount(size: int) -> str:
    """Return bytes in MB."""
    return f"{size / 1e6:,.1f} MB"


def show(table: Table) -> None:
    """Print a table; in a file or pipe it is wide enough for whole paths."""
    console = Console()
    (console if console.is_terminal else Console(width=WIDE)).print(table)


def print_runs(runs: Sequence[RunStatus], root: Path) -> None:
    """Print one line per run, and what stopped those that are not done."""
    table = Table("run", "status", "last change", "stages made", "size", box=None, title=f"runs in {root}", title_justify="left")
    for run in runs:
        place = run.folder.relative_to(root) if run.folder.is_relative_to(root) else run.folder
        made = f"{run.made} of {run.needed}" + ("" if run.status == "done" else " known")
        table.add_row(escape(str(place)), run.status, f"{span(run.age_s)} ago", made, amount(run.size))
    show(table)
    for run in runs:
        if run.error:
            print(f"{run.status}: {run.folder}: {run.error}\n    again: {run.command}")


def print_store(stages: Sequence[StageStatus], root: Path) -> None:
    """Print one line per kind of stage, and a total."""
    table = Table("stage", "results", "size", "oldest", "newest", box=None, title=f"store {root}", title_justify="left")
    for stage in stages:
        table.add_row(stage.stage, str(stage.count), amount(stage.size), span(stage.oldest_s), span(stage.newest_s))
    table.add_row("all", str(sum(stage.count for stage in stages)), amount(sum(stage.size for stage in stages)), "", "")
    show(table)


def print_garbage(found: Sequence[Garbage]) -> None:
    """Print what is removed: each place, or only counts if there are many."""
    for item in found[:SHOWN]:
        print(f"  {item.what}: {item.place} ({amount(item.size)})")
    if len(found) > SHOWN:
        rest = Counter(item.what for item in found[SHOWN:])
        print("  and " + ", ".join(f"{count} of {what}" for what, count in sorted(rest.items())))
