"""Progress for people: a live bar on a terminal, one line per stage in a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from fluid.pipeline.progress import Progress

WORDS = {
    "intake": "read and standardise",
    "spanning": "choose molecules by their substructures",
    "split": "divide among companies",
    "teacher": "train teacher",
    "annotate": "annotate transfer set",
    "consensus": "combine annotations",
    "student": "distil student",
    "hybrid": "train hybrid",
    "evaluate": "evaluate",
}


class LineProgress:
    """One line when a stage ends."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def start(self, stage: str, name: str) -> None:
        """Show nothing yet."""

    def advance(self, share: float) -> None:
        """Show nothing."""

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        """Print the stage, its name and how long it took."""
        self.console.print(f"  {WORDS.get(stage, stage)}: {name}", "(already done)" if reused else f"({seconds:.1f} s)", highlight=False)

    def note(self, text: str) -> None:
        """Print the text, indented."""
        self.console.print("\n".join(f"    {line}" for line in text.splitlines()), highlight=False, markup=False)


class BarProgress(LineProgress):
    """A live bar for the stage at work, above it the lines of those that ended."""

    def __init__(self, console: Console, progress: RichProgress) -> None:
        super().__init__(console)
        self.progress = progress
        self.task = progress.add_task("", total=1.0, visible=False)

    def start(self, stage: str, name: str) -> None:
        """Begin the bar again for this stage."""
        self.progress.reset(self.task, total=1.0, description=f"{WORDS.get(stage, stage)}: {name}", visible=True)

    def advance(self, share: float) -> None:
        """Move the bar."""
        self.progress.update(self.task, completed=share)

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        """Hide the bar and print the line."""
        self.progress.update(self.task, visible=False)
        super().done(stage, name, seconds, reused)


@contextmanager
def show_progress(show_bar: bool = True) -> Iterator[Progress]:
    """Yield the progress that fits where the output goes."""
    console = Console(file=sys.stdout, soft_wrap=True, force_jupyter=False)  # lines, also in a notebook
    if not (show_bar and console.is_terminal and sys.stdout.isatty()):
        yield LineProgress(console)
        return
    with RichProgress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        yield BarProgress(console, progress)
