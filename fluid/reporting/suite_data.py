"""What the page of a suite is drawn from: plain tables."""

from dataclasses import dataclass, field

import pandas as pd

from fluid.reporting.columns import check_columns

PLACE = ("experiment", "setting", "run", "config", "seed")
COLUMNS = {
    "scores": (*PLACE, "model", "role", "company", "test", "endpoint", "metric", "value", "low", "high", "n"),
    "runs": ("experiment", "setting", "seed", "run", "status", "error", "command", "config", "commit", "version", "split"),
    "facts": (*PLACE, "model", "rounds", "bytes_up", "bytes_down", "leaves"),
}


@dataclass(frozen=True, slots=True)
class SuiteData:
    """A suite's results; each table has the columns of `COLUMNS` (checked).

    Attributes:
        suite: Name of the suite.
        tier: Its tier.
        scores: One row per finished run, model, test, endpoint and metric; `run` is the run's folder, relative to the suite's.
        runs: One row per run that belongs to the suite, in its order, finished or not.
        facts: What each way of working together costs a company, of the runs that say so.
        title: Heading.
        questions: What each experiment asks, by its name.
        published: Whether the paper's figures are shown beside.
        notes: What a reader should know.
        faults: What is not as the golden numbers expect it; `None` if nobody looked.
        command: What made it.
    """

    suite: str
    tier: str
    scores: pd.DataFrame
    runs: pd.DataFrame
    facts: pd.DataFrame
    title: str = ""
    questions: dict[str, str] = field(default_factory=dict)
    published: bool = False
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] | None = None
    command: str = ""

    def __post_init__(self) -> None:
        """Check the columns of every table.

        Raises:
            ShapeError: A column is missing.
        """
        check_columns(self, COLUMNS)

    def of(self, experiment: str) -> "Experiment":
        """Return one experiment's part of it."""
        tables = [table[table["experiment"] == experiment] for table in (self.scores, self.runs, self.facts)]
        return Experiment(experiment, *tables)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment's rows of the tables of a suite."""

    name: str
    scores: pd.DataFrame
    runs: pd.DataFrame
    facts: pd.DataFrame

    @property
    def settings(self) -> list[str]:
        """Its settings, in order."""
        return list(dict.fromkeys(self.runs["setting"]))

    @property
    def seeds(self) -> list[int]:
        """Its seeds, in order."""
        return list(dict.fromkeys(self.runs["seed"]))

    def anchor(self, setting: str) -> str:
        """Return the place on the page where the runs of a setting are listed."""
        return f"runs-{self.name}-{self.settings.index(setting)}"
