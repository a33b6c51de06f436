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
from fluid.cli.specs import SURROUNDINGS, check_data_folder, federation_spec, without
from fluid.cli.suggest import check_known
from fluid.cli.watch import watching
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.orders import AggregateOrder, AnnotateOrder, DistillOrder, EvaluateOrder, HybridOrder, PredictOrder, TeacherOrder
from fluid.federation.run_record import portion_folder
from fluid.federation.spec import FederationSpec
from fluid.federation.workshop import MakeLogger, Workshop, no_logger
from fluid.molecules.pool import bounded_workers
from fluid.store import ArtifactStore

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
    """Return the run's folder: that of the whole run or, if `only` a part is made, the part's inside of it."""
    whole = whole_folder(config)
    return portion_folder(whole, config["only"]) if config["only"] else whole


def tracked_run(config: Config) -> "Tracked":
    """Return a federation's run, or a part of it, as it is tracked: in the group of its sweep, else in that of the whole run."""
    from fluid.cli.tracking import Tracked

    whole, only = whole_folder(config).name, config["only"]
    return Tracked("simulate", f"{whole}-{only}" if only else whole, config["sweep"] or whole, run_folder(config) / "logs", config)


def last_line(what: str, where: Path) -> None:
    """Say where results are."""
    print(f"{what}: {where}")


def nothing(spec: FederationSpec, workshop: Workshop) -> None:
    """Do nothing before a federation."""


def run_simulate(config: Config, command: str, before: Callable[[FederationSpec, Workshop], None] = nothing) -> None:
    """Run `fluid simulate`; `before` is called in its workshop first, and may end it by an error."""
    from fluid.cli.loggers import tracking
    from fluid.federation.analyses import analyse, check_analyses
    from fluid.federation.consortium_data import check_files
    from fluid.federation.cost import Rates
    from fluid.federation.run_folder import clear_other_results, write_run
    from fluid.federation.run_record import recorded
    from fluid.federation.simulation import simulate
    from fluid.reporting.experiments import check_figure
    from fluid.reporting.report_files import read_report_data
    from fluid.reporting.tables import baseline_table, headline_table

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
            with at_work(config, tracker, run) as workshop:
                workshop.needs = record.needs
                before(spec, workshop)
                federation = analyse(simulate(spec, workshop), spec, workshop)
            again = record.complete()
            data = read_report_data(run) if again else write_run(federation, workshop.records, config, run.name, spec.seed, run, rates)
            tracker.results(data, run)
    print(headline_table(data.scores).to_string(index=False))
    if len(data.baselines):
        for endpoint in dict.fromkeys(data.scores["endpoint"]):
            print(f"\n{endpoint}\n{baseline_table(data.scores, data.baselines, endpoint).to_string(index=False)}")
    peak = max(record.cost.peak_mb for record in workshop.records)
    print(f"total: {time.perf_counter() - began:.0f} s, peak memory {peak:.0f} MB in one process")
    if config["open"] and sys.stdout.isatty():
        webbrowser.open((run / "report.html").resolve().as_uri())
    last_line("report", (run / "report.html").resolve())


def run_portion(config: Config, command: str) -> None:
    """Run `fluid simulate only=...`: make a part of a federation, which a whole run finds in the store."""
    from fluid.cli.loggers import tracking
    from fluid.federation.consortium_data import check_files
    from fluid.federation.portion import check_portion, make_portion
    from fluid.federation.run_record import recorded

    run, spec = run_folder(config), federation_spec(config)
    check_portion(config["only"], spec)
    check_data_folder(config)
    check_files(spec.data)
    with (
        recorded(run, config, without(config, *SURROUNDINGS), command) as record,
        tracking(config["logger"], tracked_run(config)) as tracker,
        at_work(config, tracker, run) as workshop,
    ):
        workshop.needs = record.needs
        make_portion(config["only"], spec, workshop)
    last_line(f"{config['only']} is in the store", workshop.store.root)


@contextmanager
def at_work(config: Config, logger: MakeLogger = no_logger, run: Path | None = None) -> Iterator[Workshop]:
    """Yield a workshop with progress and loggers; what the `run` needs is kept in the store."""
    place = store(config)
    with watching(config.get("trainer", {}).get("progress", True)) as watch, place.used(run):
        yield Workshop(place, watch, logger, workers=bounded_workers(config.get("workers", 1)))


@contextmanager
def training(verb: str, config: Config) -> Iterator[Workshop]:
    """Yield a workshop for a verb that trains one model; its logs go beside the result, which is sealed."""
    from fluid.cli.loggers import tracking
    from fluid.cli.tracking import Tracked

    out = Path(config["out"])
    tracked = Tracked(verb, out.name, out.name, out.with_name(out.name + "-logs"), config)
    with tracking(config["logger"], tracked) as tracker, at_work(config, tracker) as workshop:
        yield workshop


def run_train_teacher(config: Config) -> None:
    """Run `fluid train-teacher`."""
    from fluid.federation import consortium

    order = build(TeacherOrder, without(config, *SURROUNDINGS))
    with training("train-teacher", config) as workshop:
        consortium.train_teacher(order, workshop)
    last_line("teacher (keep it inside your company)", order.out)


def run_annotate(config: Config) -> None:
    """Run `fluid annotate`."""
    from fluid.federation import consortium

    order = build(AnnotateOrder, without(config, *SURROUNDINGS))
    with at_work(config) as workshop:
        consortium.annotate(order, workshop)
    last_line("annotation set (send this folder to the coordinator)", order.out / "annotation_set")


def run_aggregate(config: Config) -> None:
    """Run `fluid aggregate`."""
    from fluid.federation import consortium

    order = build(AggregateOrder, without(config, *SURROUNDINGS))
    with at_work(config) as workshop:
        consortium.aggregate(order, workshop)
    last_line("consensus", order.out)


def run_distill(config: Config) -> None:
    """Run `fluid distill`."""
    from fluid.federation import consortium

    order = build(DistillOrder, without(config, *SURROUNDINGS))
    with training("distill", config) as workshop:
        consortium.distill(order, workshop)
    last_line("student (give it to everybody)", order.out)


def run_hybrid(config: Config) -> None:
    """Run `fluid hybrid`."""
    from fluid.federation import consortium

    order = build(HybridOrder, without(config, *SURROUNDINGS))
    with training("hybrid", config) as workshop:
        consortium.hybrid(order, workshop)
    last_line("hybrid (keep it inside your company)", order.out)


def run_predict(config: Config) -> None:
    """Run `fluid predict`."""
    from fluid.federation.predict import predict_file

    order = build(PredictOrder, without(config, *SURROUNDINGS))
    with watching() as watch:
        counts = predict_file(order, watch)
    last_line(f"predictions ({counts.answered} of {counts.rows} rows answered, {counts.rejected} marked as broken)", order.out)


def run_evaluate(config: Config) -> None:
    """Run `fluid evaluate`."""
    from fluid.federation import consortium

    order = build(EvaluateOrder, without(config, *SURROUNDINGS))
    with at_work(config) as workshop:
        scores = consortium.evaluate(order, workshop)
    print(scores[["endpoint", "metric", "value", "low", "high", "n"]].to_string(index=False))
    last_line("scores", order.out)


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
    from fluid.federation.housekeeping import run_folders, run_status, stage_status

    place, runs = store(config), Path(config["paths"]["runs"])
    if not runs.is_dir() and not place.root.is_dir():
        raise ConfigError("there are no runs and no store", where=str(runs), remedy="Check paths.runs and paths.artifacts.")
    print_runs([run_status(folder, place) for folder in run_folders(runs)], runs)
    print_store(stage_status(place), place.root)
    last_line("runs", runs)


def run_gc(config: Config) -> None:
    """Run `fluid gc`."""
    from fluid.cli.tables import print_garbage
    from fluid.federation.housekeeping import collect_garbage

    place = store(config)
    if not place.root.is_dir():
        raise ConfigError("there is no store", where=str(place.root), remedy="Check paths.artifacts.")
    found = collect_garbage(place, Path(config["paths"]["runs"]), config["dry_run"])
    print_garbage(found)
    freed = sum(item.size for item in found) / 1e6
    last_line(f"{'could be' if config['dry_run'] else ''} removed {len(found)} things, {freed:.1f} MB".strip(), place.root)


def run_collect(config: Config) -> None:
    """Run `fluid collect`."""
    from fluid.federation.collect import collect, write_tables
    from fluid.federation.evidence import evidence_below
    from fluid.reporting.comparison import write_comparison
    from fluid.reporting.experiments import experiment_figures

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
        (run_portion if values["only"] else run_simulate)(values, command_of(overrides))
    else:
        RUNNERS[name](values)
