"""A whole federation in one process, and the folder of its run."""

import webbrowser
from collections.abc import Iterator, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.api.door import door
from fluid.api.models import Model, open_as_its_kind
from fluid.api.place import folder_of
from fluid.api.released import Annotations, Consensus
from fluid.api.settings import Settings, configuration, overrides_of
from fluid.api.shell import run_whole
from fluid.api.show import Shown
from fluid.errors import ConfigError
from fluid.foreign import is_foreign
from fluid.reporting.report_data import ReportData
from fluid.reporting.report_files import read_report_data
from fluid.reporting.tables import headline_table


class Folders(Mapping[str, Any]):
    """What lies in folders of a run, opened when it is looked up.

    Args:
        place: Folder of the folders.
        kind: What to open each as.
    """

    def __init__(self, place: Path, kind: Any) -> None:
        self.place, self.kind = place, kind

    def __getitem__(self, name: str) -> Any:
        if name not in list(self):
            raise KeyError(name)
        return self.kind(self.place / name)

    def __iter__(self) -> Iterator[str]:
        folders = self.place.iterdir() if self.place.is_dir() else ()
        return iter(sorted(folder.name for folder in folders if folder.is_dir() and not is_foreign(folder.name)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class Run(Shown):
    """A finished federation.

    Args:
        folder: That `simulate` wrote.

    Attributes:
        folder: That folder.

    Raises:
        ArtifactError: The folder is missing, or holds no finished run.
    """

    @door
    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = folder_of(folder, "a run")
        self._data = read_report_data(self.folder)

    @property
    def content(self) -> ReportData:
        """All tables of the report."""
        return self._data

    @property
    def metrics(self) -> pd.DataFrame:
        """The scores of all models, a row per model, test, endpoint and metric, with bootstrap intervals."""
        return self._data.scores.copy()

    @property
    def headline(self) -> pd.DataFrame:
        """The scores that matter most, a row per model."""
        return headline_table(self._data.scores)

    @property
    def report(self) -> Path:
        """The report page."""
        return self.folder / "report.html"

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The models by name: `pooled`, `T1`, `student`, `H1`, ...; each is opened when it is looked up."""
        return Folders(self.folder / "models", open_as_its_kind)

    @cached_property
    def annotations(self) -> Mapping[str, Annotations]:
        """The annotation sets by teacher."""
        return Folders(self.folder / "annotations", Annotations)

    @property
    def consensus(self) -> Consensus:
        """The consensus."""
        return Consensus(self.folder / "consensus")

    def open(self) -> None:
        """Open the report in a browser."""
        webbrowser.open(self.report.as_uri())

    def facts(self) -> dict[str, object]:
        """Return what to show."""
        return {"name": self.folder.name, "models": ", ".join(self.models), "report": self.report}

    def _repr_html_(self) -> str:
        return super()._repr_html_() + str(self.headline.to_html(index=False, border=0))


@door
def simulate(settings: Settings = (), **keywords: Any) -> Run:
    """Run a whole federation in one process; a second call with the same settings finds everything done.

    Args:
        settings: Settings of the verb `simulate`, e.g. `["model=dmpnn", "companies=scaffold"]`.
        **keywords: Settings by name: `seed=3`, `name="first"`, `paths={"runs": "results"}`.

    Raises:
        ConfigError: A setting is wrong; says which one may be meant.
    """
    overrides = overrides_of(settings, keywords)
    config = configuration("simulate", overrides, {})
    if config["target"]:
        raise ConfigError("target makes a part of a run, for a later run to find", remedy="On the command line: fluid simulate target=...")
    return Run(run_whole(config, overrides))
