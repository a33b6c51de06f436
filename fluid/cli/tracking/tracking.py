"""One run of fluid as it is tracked: what it is, and whoever tracks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lightning.pytorch.loggers import Logger

from fluid.reporting.report_data import ReportData
from fluid.runs.provenance import provenance


@dataclass(frozen=True, slots=True)
class Tracked:
    """A run of fluid.

    Attributes:
        verb: What it does (`simulate`).
        name: Its name.
        group: What it belongs to: its sweep, or itself.
        folder: Where its logs go.
        config: The whole resolved configuration.
    """

    verb: str
    name: str
    group: str
    folder: Path
    config: Mapping[str, Any]

    def record(self, **what: str) -> dict[str, Any]:
        """Return all that is known before anything is done: configuration, commit, versions, hardware, and `what` this is, as `run`."""
        return {**self.config, **provenance(), "run": {"name": self.name, "verb": self.verb, "group": self.group, **what}}


class Tracker(Protocol):
    """Tracks one run of fluid. It travels to worker processes with whatever is to be trained there."""

    def __call__(self, name: str, role: str, company: str) -> Logger | None:
        """Return the logger of one training, in whatever process that is; nothing is opened before the training begins."""

    def begin(self) -> None:
        """Begin to track."""

    def results(self, data: ReportData, run: Path) -> None:
        """Keep the results that lie in the run's folder."""

    def close(self, error: BaseException | None) -> None:
        """End everything that was opened, in this process or another, as failed if there was an error."""


class Untracked:
    """Tracks nothing."""

    def __call__(self, name: str, role: str, company: str) -> Logger | None:
        """Return no logger."""
        return None

    def begin(self) -> None:
        """Begin nothing."""

    def results(self, data: ReportData, run: Path) -> None:
        """Keep nothing: the run's folder has it."""

    def close(self, error: BaseException | None) -> None:
        """End nothing."""


def summary(data: ReportData) -> dict[str, float]:
    """Return the defined scores of what belongs to no single company, as `test/endpoint/model/metric`, and the cost, as `cost/...`."""
    from fluid.reporting.costs import total_cost

    shared = data.scores[(data.scores["company"] == "") & data.scores["value"].notna()]
    names = shared[["test", "endpoint", "model", "metric"]].agg("/".join, axis=1)
    costs = {f"cost/{name}": value for name, value in total_cost(data.stages).items() if isinstance(value, float)}
    return {**dict(zip(names, map(float, shared["value"]), strict=True)), **costs}
