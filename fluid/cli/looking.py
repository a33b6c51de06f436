"""The verbs that look at what there is: runs, the store, reports, tables. Nothing is trained."""

from pathlib import Path

from fluid.cli.at_work import last_line, store
from fluid.cli.compose import Config
from fluid.errors import ConfigError
from fluid.outputs import check_file, check_is_folder
from fluid.pipeline.store import HEADER


def run_report(config: Config) -> None:
    """Run `fluid report`."""
    from fluid.reporting.page import write_report
    from fluid.reporting.report_files import read_report_data
    from fluid.runs.audits import attach, renew_audits

    run = Path(config["run"])
    if run.is_dir():  # else there is nothing to draw, which is said when it is read
        check_file(run / "report.html")
    read_report_data(run)
    attach(run, [Path(one) for one in config["audit"]])
    renew_audits(run)
    write_report(read_report_data(run), run / "report.html")
    last_line("report", run / "report.html")


def run_status(config: Config) -> None:
    """Run `fluid status`."""
    from fluid.cli.tables import print_runs, print_store
    from fluid.runs.housekeeping import run_folders, run_status, stage_status

    place, runs = store(config), Path(config["paths"]["runs"])
    check_is_folder(runs)
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
    if not (place.root / HEADER).is_file():
        what = "this folder is no store of fluid" if place.root.is_dir() else "there is no store"
        raise ConfigError(what, where=str(place.root), remedy="Check paths.artifacts.")
    found = collect_garbage(place, Path(config["paths"]["runs"]), config["dry_run"])
    print_garbage(found)
    freed = sum(item.size for item in found) / 1e6
    last_line(f"{'could be' if config['dry_run'] else ''} removed {len(found)} things, {freed:.1f} MB".strip(), place.root)


def run_collect(config: Config) -> None:
    """Run `fluid collect`."""
    from fluid.reporting.comparison import write_comparison
    from fluid.reporting.experiments import experiment_figures
    from fluid.runs.collect import check_table, collect, write_tables
    from fluid.runs.figure_data import evidence_below

    folder = Path(config["folder"])
    out = Path(config["out"]) if config["out"] else folder / "collected.csv"
    check_table(out)
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
