"""One function per verb: typed settings in, one call of `fluid.federation`, the last line says where results are.

Each verb imports what it needs: a prediction should not wait for Lightning.
"""

import shlex
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from fluid.artifacts import atomic_file, hash_json
from fluid.cli.build import build
from fluid.cli.progress import showing_progress
from fluid.cli.specs import SURROUNDINGS, check_data_folder, federation_spec, without
from fluid.cli.suggest import check_known
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.requests import (
    AggregateRequest,
    AnnotateRequest,
    DistillRequest,
    EvaluateRequest,
    HybridRequest,
    PredictRequest,
    TeacherRequest,
)
from fluid.federation.spec import FederationSpec
from fluid.molecules.pool import bounded_workers
from fluid.pipeline.runner import MakeLogger, Runner, no_logger
from fluid.pipeline.store import ArtifactStore
from fluid.runs.record import target_folder

if TYPE_CHECKING:
    from fluid.cli.tracking import Tracked

Config = dict[str, Any]


def store(config: Config) -> ArtifactStore:
    """Return the artifact store that the configuration names."""
    return ArtifactStore(Path(config["paths"]["artifacts"]))


def whole_folder(config: Config) -> Path:
    """Return the folder of a whole run: by its name, or by its settings, so that equal settings share one; in a sweep always by both."""
    runs, name, sweep = Path(config["paths"]["runs"]), config["name"], config["sweep"]
    settings = hash_json(without(config, *SURROUNDINGS))[:10]
    return runs / sweep / f"{'run' if name in (None, sweep) else name}-{settings}" if sweep else runs / (name or f"run-{settings}")


def run_folder(config: Config) -> Path:
    """Return the run's folder: that of the whole run or, if only a `target` is made, the target's inside of it."""
    whole = whole_folder(config)
    return target_folder(whole, config["target"]) if config["target"] else whole


def tracked_run(config: Config) -> "Tracked":
    """Return a federation's run, or a part of it, as it is tracked: in the group of its sweep, else in that of the whole run."""
    from fluid.cli.tracking import Tracked

    whole, target = whole_folder(config).name, config["target"]
    return Tracked("simulate", f"{whole}-{target}" if target else whole, config["sweep"] or whole, run_folder(config) / "logs", config)


def last_line(what: str, where: Path) -> None:
    """Say where results are."""
    print(f"{what}: {where}")


def nothing(spec: FederationSpec, runner: Runner) -> None:
    """Do nothing before a federation."""


def run_simulate(config: Config, command: str, before: Callable[[FederationSpec, Runner], None] = nothing) -> None:
    """Run `fluid simulate`; `before` is called in its runner first, and may end it by an error."""
    from fluid.cli.loggers import tracking
    from fluid.federation.analyses import check_analyses
    from fluid.federation.consortium_data import check_files
    from fluid.federation.simulation import simulate
    from fluid.pipeline.cost import Rates
    from fluid.reporting.experiments import check_figure
    from fluid.reporting.report_files import read_report_data
    from fluid.reporting.tables import baseline_table, headline_table
    from fluid.runs.folder import clear_other_results, write_run
    from fluid.runs.record import recorded

    began, run, spec = time.perf_counter(), run_folder(config), federation_spec(config)
    rates = build(Rates, config["cost"], "cost")
    check_analyses(spec)
    check_figure(config["figure"], [Endpoint.parse(text).kind for text in spec.labelled_intake.endpoints])
    check_data_folder(config)
    check_files(spec.data)
    with recorded(run, config, without(config, *SURROUNDINGS), command) as record:
        clear_other_results(record)
        with atomic_file(run / "config.yaml") as temporary:
            temporary.write_text(OmegaConf.to_yaml(config))
        with tracking(config["logger"], tracked_run(config)) as tracker:
            with at_work(config, tracker, run) as runner:
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
    if config["open"] and sys.stdout.isatty():
        webbrowser.open((run / "report.html").resolve().as_uri())
    last_line("report", (run / "report.html").resolve())


def run_target(config: Config, command: str) -> None:
    """Run `fluid simulate target=...`: make a part of a federation, which a whole run finds in the store."""
    from fluid.cli.loggers import tracking
    from fluid.federation.consortium_data import check_files
    from fluid.federation.graph import check_target, drawing, federation_graph, make_target
    from fluid.runs.record import recorded

    run, spec = run_folder(config), federation_spec(config)
    check_data_folder(config)
    check_files(spec.data)
    graph = federation_graph(spec, Runner(store(config)))
    if config["target"] == "?":
        print(drawing(graph))
        return
    check_target(config["target"], graph)
    with (
        recorded(run, config, without(config, *SURROUNDINGS), command) as record,
        tracking(config["logger"], tracked_run(config)) as tracker,
        at_work(config, tracker, run) as runner,
    ):
        runner.needs = record.needs
        make_target(config["target"], spec, runner)
    last_line(f"{config['target']} is in the store", runner.store.root)


@contextmanager
def at_work(config: Config, logger: MakeLogger = no_logger, run: Path | None = None) -> Iterator[Runner]:
    """Yield a runner with progress and loggers; what the `run` needs is kept in the store."""
    place = store(config)
    with showing_progress(config.get("trainer", {}).get("progress", True)) as progress, place.used(run):
        yield Runner(place, progress, logger, workers=bounded_workers(config.get("workers", 1)))


@contextmanager
def training(verb: str, config: Config) -> Iterator[Runner]:
    """Yield a runner for a verb that trains one model; its logs go beside the result, which is sealed."""
    from fluid.cli.loggers import tracking
    from fluid.cli.tracking import Tracked

    out = Path(config["out"])
    tracked = Tracked(verb, out.name, out.name, out.with_name(out.name + "-logs"), config)
    with tracking(config["logger"], tracked) as tracker, at_work(config, tracker) as runner:
        yield runner


def run_train_teacher(config: Config) -> None:
    """Run `fluid train-teacher`."""
    from fluid.federation import consortium

    request = build(TeacherRequest, without(config, *SURROUNDINGS))
    with training("train-teacher", config) as runner:
        consortium.train_teacher(request, runner)
    last_line("teacher (keep it inside your company)", request.out)


def run_annotate(config: Config) -> None:
    """Run `fluid annotate`."""
    from fluid.federation import consortium

    request = build(AnnotateRequest, without(config, *SURROUNDINGS))
    with at_work(config) as runner:
        consortium.annotate(request, runner)
    last_line("annotation set (send this folder to the coordinator)", request.out / "annotation_set")


def run_aggregate(config: Config) -> None:
    """Run `fluid aggregate`."""
    from fluid.federation import consortium

    request = build(AggregateRequest, without(config, *SURROUNDINGS))
    with at_work(config) as runner:
        consortium.aggregate(request, runner)
    last_line("consensus", request.out)


def run_distill(config: Config) -> None:
    """Run `fluid distill`."""
    from fluid.federation import consortium

    request = build(DistillRequest, without(config, *SURROUNDINGS))
    with training("distill", config) as runner:
        consortium.distill(request, runner)
    last_line("student (give it to everybody)", request.out)


def run_hybrid(config: Config) -> None:
    """Run `fluid hybrid`."""
    from fluid.federation import consortium

    request = build(HybridRequest, without(config, *SURROUNDINGS))
    with training("hybrid", config) as runner:
        consortium.hybrid(request, runner)
    last_line("hybrid (keep it inside your company)", request.out)


def run_predict(config: Config) -> None:
    """Run `fluid predict`."""
    from fluid.federation.predict import predict_file

    request = build(PredictRequest, without(config, *SURROUNDINGS))
    with showing_progress() as progress:
        counts = predict_file(request, progress)
    last_line(f"predictions ({counts.answered} of {counts.rows} rows answered, {counts.rejected} marked as broken)", request.out)


def run_evaluate(config: Config) -> None:
    """Run `fluid evaluate`."""
    from fluid.federation import consortium

    request = build(EvaluateRequest, without(config, *SURROUNDINGS))
    with at_work(config) as runner:
        scores = consortium.evaluate(request, runner)
    print(scores[["endpoint", "metric", "value", "low", "high", "n"]].to_string(index=False))
    last_line("scores", request.out)


def run_report(config: Config) -> None:
    """Run `fluid report`."""
    from fluid.reporting.page import write_report
    from fluid.reporting.report_files import read_report_data

    run = Path(config["run"])
    write_report(read_report_data(run), run / "report.html")
    last_line("report", run / "report.html")


def run_status(config: Config) -> None:
    """Run `fluid status`."""
    from fluid.cli.tables import print_runs, print_store
    from fluid.runs.housekeeping import run_folders, run_status, stage_status

    place, runs = store(config), Path(config["paths"]["runs"])
    if not runs.is_dir() and not place.root.is_dir():
        raise ConfigError("there are no runs and no store", where=str(runs), remedy="Check paths.runs and paths.artifacts.")
    print_runs([run_status(folder, place) for folder in run_folders(runs)], runs)
    print_store(stage_status(place), place.root)
    last_line("runs", runs)


def run_gc(config: Config) -> None:
    """Run `fluid gc`."""
    from fluid.cli.tables import print_garbage
    from fluid.runs.housekeeping import collect_garbage

    place = store(config)
    if not place.root.is_dir():
        raise ConfigError("there is no store", where=str(place.root), remedy="Check paths.artifacts.")
    found = collect_garbage(place, Path(config["paths"]["runs"]), config["dry_run"])
    print_garbage(found)
    freed = sum(item.size for item in found) / 1e6
    last_line(f"{'could be' if config['dry_run'] else ''} removed {len(found)} things, {freed:.1f} MB".strip(), place.root)


def run_collect(config: Config) -> None:
    """Run `fluid collect`."""
    from fluid.reporting.comparison import write_comparison
    from fluid.reporting.experiments import experiment_figures
    from fluid.runs.collect import collect, write_tables
    from fluid.runs.figure_data import evidence_below

    folder = Path(config["folder"])
    out = Path(config["out"]) if config["out"] else folder / "collected.csv"
    collected = collect(folder)
    files = write_tables(collected, out)
    figures = experiment_figures(evidence_below(folder))
    write_comparison(collected.table, collected.settings, collected.unfinished, folder.name, out.with_suffix(".html"), figures)
    for line in collected.unfinished:
        print(f"  not in the table: {line}")
    print(f"{collected.runs} runs, {len(collected.table)} rows, settings that differ: {', '.join(collected.settings) or 'none'}")
    for file in files[1:]:
        last_line("analysis", file)
    last_line("table", out)
    last_line("comparison", out.with_suffix(".html"))


RUNNERS: Mapping[str, Callable[[Config], None]] = {
    "status": run_status,
    "gc": run_gc,
    "collect": run_collect,
    "train_teacher": run_train_teacher,
    "annotate": run_annotate,
    "aggregate": run_aggregate,
    "distill": run_distill,
    "hybrid": run_hybrid,
    "predict": run_predict,
    "evaluate": run_evaluate,
    "report": run_report,
}


def plain_values(config: DictConfig) -> Config:
    """Return a configuration as plain values."""
    return OmegaConf.to_container(config, resolve=True, throw_on_missing=True)  # type: ignore[return-value]


def command_of(overrides: Sequence[str]) -> str:
    """Return the command that runs a simulation with these settings."""
    return shlex.join(["fluid", "simulate", *overrides])


def run_verb(name: str, config: DictConfig, overrides: Sequence[str] = ()) -> None:
    """Resolve the configuration to plain values and run the verb.

    Args:
        name: The verb, with `_` for `-`.
        config: Its composed configuration.
        overrides: The settings by which it was composed; kept with the results.
    """
    values = plain_values(config)
    check_known(name, values)
    if name == "simulate":
        (run_target if values["target"] else run_simulate)(values, command_of(overrides))
    else:
        RUNNERS[name](values)
