"""Weights & Biases: one run for a federation, and one in the same group for each training, wherever that happens.

All of them are written by one service, a child of the process that began the federation. A training in a worker process joins it, and
leaves a mark while it is open. If the worker is killed, the first process closes what has a mark.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import wandb
from wandb import env

from fluid.artifacts import hash_file, plain
from fluid.cli.tracking.tracking import Tracked, summary
from fluid.cli.tracking.training_run import TrainingRun, end_as_failed, generate_id, quiet_settings, wait_until_written
from fluid.errors import ConfigError
from fluid.reporting.page import figures_of
from fluid.reporting.report_data import ReportData
from fluid.runs.record import one_line

TABLES = ("scores", "companies", "stages", "contribution")
FILES = ("report.html", "metrics.csv", "metrics.json", "config.json")


def has_key() -> bool:
    """Return whether this user is logged in to W&B: by `WANDB_API_KEY`, or by `~/.netrc`."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai").hostname or ""
    with suppress(OSError, NetrcParseError):
        return netrc(os.environ.get("NETRC")).authenticators(host) is not None
    return False


def mode(offline: bool | str) -> str:
    """Return `online` or `offline`.

    Args:
        offline: `True`; `False`; or `auto`: online for whoever is logged in. `WANDB_MODE=offline` wins over all.

    Raises:
        ConfigError: `offline` is neither true, false nor auto, or it is false and nobody is logged in.
    """
    if offline not in (True, False, "auto"):
        raise ConfigError(f"logger.offline is {offline!r}", expected="true, false or auto")
    if offline is True or os.environ.get("WANDB_MODE") in ("offline", "dryrun", "disabled"):
        return "offline"
    if not has_key() and offline is False:
        raise ConfigError(
            "logger.offline is false, but nobody is logged in to W&B",
            remedy="Run: wandb login; or leave it offline and upload later with wandb sync.",
        )
    return "online" if has_key() else "offline"


class WandbRuns:
    """Tracks a run of fluid; the W&B run of a federation is begun at once, with all of its configuration.

    Args:
        settings: The `logger` group of the configuration.
        tracked: The run of fluid.
    """

    def __init__(self, settings: Mapping[str, Any], tracked: Tracked) -> None:
        self.tracked, self.marks = tracked, tracked.folder / "wandb" / ".open"
        self.run: Any = None
        self.folder, self.parent, self.service = str(tracked.folder.resolve()), "", ""
        self.init = {
            "project": settings["project"], "group": settings.get("group") or tracked.group, "mode": mode(settings["offline"]),
            "reinit": "create_new",
        }  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open run in its process."""
        return {**self.__dict__, "run": None}

    def begin(self) -> None:
        """Begin the run of a federation; a training alone has none above it.

        Raises:
            ConfigError: The server cannot be reached, or refuses.
        """
        self.marks.mkdir(parents=True, exist_ok=True)
        for mark in self.marks.iterdir():  # of a process that was killed
            mark.unlink()
        os.environ.setdefault(env.SILENT, "true")  # for processes that Lightning starts
        wandb.setup(wandb.Settings(silent=True))
        if self.tracked.verb != "simulate":
            return
        record, self.parent = plain(self.tracked.record(role="federation")), generate_id()
        what = {"id": self.parent, "dir": self.folder, "name": self.tracked.name, "job_type": "federation", "config": record}
        (self.marks / self.parent).touch()
        try:
            self.run = wandb.init(**self.init, **what, settings=quiet_settings())
        except wandb.Error as error:
            raise ConfigError(f"W&B: {' '.join(str(error).split())}", remedy="logger.offline=true needs no server.") from None
        self.service = os.environ[env.SERVICE]
        wait_until_written(self.run, len(str(record)))

    def __call__(self, name: str, role: str, company: str) -> TrainingRun:
        """Return the logger of one training."""
        config = plain(self.tracked.record(training=name, role=role, company=company, parent=self.parent))
        settings = quiet_settings(x_disable_stats=True, x_disable_meta=True, x_save_requirements=False)  # the federation's run has them
        what = {"name": name, "job_type": role, "config": config, "save_dir": self.folder, "settings": settings}
        return TrainingRun(self.service, self.marks, **self.init, **what)

    def results(self, data: ReportData, run: Path) -> None:
        """Keep scores and cost as the summary, tables as tables, and report and figures, for reading and as an artifact."""
        if self.run is None:
            return
        figures = figures_of((run / "report.html").read_text(encoding="utf-8"))
        with keep_data_beside(self.tracked.folder):
            shown = {f"figures/{name}": wandb.Html(svg, inject=False) for name, svg in figures.items()}
            tables = {name: wandb.Table(dataframe=getattr(data, name), allow_mixed_types=True) for name in TABLES}
            report = wandb.Html(str(run / "report.html"), inject=False)
            self.run.log({"report": report, **shown, **tables})
            artifact = wandb.Artifact(f"federation-{self.run.id}", type="federation", metadata={"report": hash_file(run / "report.html")})
            for name in FILES:
                if (run / name).is_file():
                    artifact.add_file(str(run / name))
            for name, svg in figures.items():
                with artifact.new_file(f"figures/{name}.svg") as stream:
                    stream.write(svg)
            self.run.log_artifact(artifact)
        self.run.summary.update(summary(data))

    def close(self, error: BaseException | None) -> None:
        """End the federation's run, and before it, as failed, what others left open."""
        if self.run is not None:
            (self.marks / self.parent).unlink(missing_ok=True)
        for mark in sorted(self.marks.glob("*")):
            end_as_failed(mark.name)
            mark.unlink()
        if self.run is not None:
            if error is not None:
                self.run.summary["error"] = one_line(error)
            self.run.finish(exit_code=0 if error is None else 1)
        if self.init["mode"] == "offline":
            print(f"W&B, offline; upload with: wandb sync {self.tracked.folder}/wandb/offline-run-*")


@contextmanager
def keep_data_beside(folder: Path) -> Iterator[None]:
    """Let W&B keep the files of artifacts beside its logs, where `wandb sync` will find them, and not in the user's home."""
    before = os.environ.get(env.DATA_DIR)
    os.environ[env.DATA_DIR] = str((folder / "wandb").resolve())
    try:
        yield
    finally:
        del os.environ[env.DATA_DIR]
        if before is not None:
            os.environ[env.DATA_DIR] = before
