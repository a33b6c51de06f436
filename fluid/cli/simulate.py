"""`fluid simulate`: a whole federation, or a target of it, in the folder that its settings name."""

import shlex
import sys
import time
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from fluid.artifacts import atomic_file, hash_json
from fluid.cli.at_work import last_line, open_runner, store
from fluid.cli.build import build
from fluid.cli.compose import Config
from fluid.cli.specs import SURROUNDINGS, check_data_folder, federation_spec, leave_out
from fluid.federation.spec import FederationSpec
from fluid.file_names import check_file_name
from fluid.pipeline.runner import Runner
from fluid.runs.record import target_folder

if TYPE_CHECKING:
    from fluid.cli.tracking.tracking import Tracked

ASK = "?"
"""The target that asks which targets there are."""


def command_of(overrides: Sequence[str]) -> str:
    """Return the command that runs a simulation with these settings."""
    return shlex.join(["fluid", "simulate", *overrides])


def whole_folder(config: Config) -> Path:
    """Return the folder of a whole run: by its name, or by its settings, so that equal settings share one; in a sweep always by both.

    Raises:
        ConfigError: `name` or `sweep` is no name of a folder.
    """
    runs, name, sweep = Path(config["paths"]["runs"]), config["name"], config["sweep"]
    for setting in ("name", "sweep"):
        if config[setting] is not None:
            check_file_name(str(config[setting]), setting)
    settings = hash_json(leave_out(config, *SURROUNDINGS))[:10]
    return runs / sweep / f"{'run' if name in (None, sweep) else name}-{settings}" if sweep else runs / (name or f"run-{settings}")


def run_folder(config: Config) -> Path:
    """Return the run's folder: that of the whole run or, if only a `target` is made, the target's inside of it."""
    whole = whole_folder(config)
    return target_folder(whole, config["target"]) if config["target"] else whole


def tracked_run(config: Config) -> "Tracked":
    """Return a federation's run, or a part of it, as it is tracked: in the group of its sweep, else in that of the whole run."""
    from fluid.cli.tracking.tracking import Tracked

    whole, target = whole_folder(config).name, config["target"]
    return Tracked("simulate", f"{whole}-{target}" if target else whole, config["sweep"] or whole, run_folder(config) / "logs", config)


def do_nothing(spec: FederationSpec, runner: Runner) -> None:
    """Do nothing before a federation."""


def run_simulate(config: Config, command: str, before: Callable[[FederationSpec, Runner], None] = do_nothing) -> None:
    """Run `fluid simulate`; `before` is called in its runner first, and may end it by an error."""
    from fluid.cli.tracking.loggers import track_run
    from fluid.federation.analyses import check_analyses
    from fluid.federation.consortium_data import check_files
    from fluid.federation.simulation import simulate
    from fluid.pipeline.cost import Rates
    from fluid.reporting.experiments import check_figure
    from fluid.reporting.report_files import read_report_data
    from fluid.reporting.tables import baseline_table, headline_table
    from fluid.runs.folder import clear_other_results, write_run
    from fluid.runs.record import check_unused, record_run

    began, run, spec = time.perf_counter(), run_folder(config), federation_spec(config)
    rates = build(Rates, config["cost"], "cost")
    check_analyses(spec)
    check_figure(config["figure"], [one.kind for one in spec.labelled_intake.parsed_endpoints])
    check_unused(run)
    store(config)
    check_data_folder(config)
    check_files(spec.data)
    with record_run(run, config, leave_out(config, *SURROUNDINGS), command) as record:
        clear_other_results(record)
        with atomic_file(run / "config.yaml") as temporary:
            temporary.write_text(OmegaConf.to_yaml(config), encoding="utf-8", errors="backslashreplace")
        with track_run(config["logger"], tracked_run(config)) as tracker:
            with open_runner(config, tracker, run) as runner:
                runner.needs = record.needs
                before(spec, runner)
                federation = simulate(spec, runner)
            again = record.complete()
            data = read_report_data(run) if again else write_run(federation, runner.records, config, run.name, spec.seed, run, rates)
            tracker.results(data, run)
    print(headline_table(data.scores).to_string(index=False))
    if len(data.baselines):
        for endpoint in dict.fromkeys(data.scores["endpoint"]):
            print(f"\n{endpoint}\n{baseline_table(data.scores, data.baselines, endpoint).to_string(index=False)}")
    peak = max(record.cost.peak_mb for record in runner.records)
    print(f"total: {time.perf_counter() - began:.0f} s, peak memory {peak:.0f} MB in one process")
    if config["open"] and sys.stdout is not None and sys.stdout.isatty():
        webbrowser.open((run / "report.html").resolve().as_uri())
    last_line("report", (run / "report.html").resolve())


def run_target(config: Config, command: str) -> None:
    """Run `fluid simulate target=...`: make a part of a federation, which a whole run finds in the store; or draw them all."""
    from fluid.cli.tracking.loggers import track_run
    from fluid.federation.consortium_data import check_files
    from fluid.federation.graph import check_target, drawing, federation_graph, make_target
    from fluid.runs.record import record_run

    run, spec = run_folder(config), federation_spec(config)
    check_data_folder(config)
    check_files(spec.data)
    graph = federation_graph(spec, Runner(store(config)))
    if config["target"] == ASK:
        print(drawing(graph))
        return
    check_target(config["target"], graph)
    with (
        record_run(run, config, leave_out(config, *SURROUNDINGS), command) as record,
        track_run(config["logger"], tracked_run(config)) as tracker,
        open_runner(config, tracker, run) as runner,
    ):
        runner.needs = record.needs
        make_target(config["target"], spec, runner)
    last_line(f"{config['target']} is in the store", runner.store.root)
