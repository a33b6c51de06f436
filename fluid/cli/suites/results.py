"""What there is of a suite in its folder: gathered, compared with the golden numbers, and written as table and page."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fluid.cli.looking import run_collect
from fluid.cli.simulate import command_of
from fluid.cli.suites.request import SuiteRequest
from fluid.cli.suites.suites import TierExperiment, strays
from fluid.evaluation.golden import faults, narrowed, read_expected, read_results

if TYPE_CHECKING:
    from fluid.reporting.suite_data import SuiteData


def results_of(request: SuiteRequest) -> "SuiteData":
    """Return what there is of the suite in its folder."""
    from fluid.runs.provenance import provenance
    from fluid.runs.suite_results import WantedRun, gather, notes_on

    wanted = [
        WantedRun(part.name, one.setting, seed_of(settings), run, command_of(settings))
        for part in request.parts
        for one in part.series
        for run, settings in one.plan.jobs.items()
    ]
    data = gather(request.suite.name, request.tier, wanted, request.folder)
    made = provenance()
    return replace(
        data,
        title=request.suite.title,
        questions={part.name: part.question for part in request.parts},
        published=request.suite.published,
        notes=(*notes_on(data, made["git_commit"], made["versions"]["fluid"]), *stray_notes(request)),
        command=request.command,
    )


def seed_of(settings: Sequence[str]) -> int:
    """Return the seed among the settings of a run."""
    return next(int(text.removeprefix("seed=")) for text in settings if text.startswith("seed="))


def stray_notes(request: SuiteRequest) -> list[str]:
    """Name the run folders that lie among the suite's and are none of its."""
    from fluid.runs.housekeeping import run_folders

    found = [(part, folder) for part in request.parts for folder in strays(part, run_folders(part.whole.folder))]
    return [
        f"{folder} is no run of {part.name} as it is now: other settings, or another version of fluid. It is not in the figures; remove it."
        for part, folder in found
    ]


def compare_with_golden(request: SuiteRequest, data: "SuiteData") -> "SuiteData":
    """Return the results with what is not as the golden numbers expect it."""
    from fluid.reporting.suite_page import TABLE

    if request.check is None:
        return data
    expected = read_expected(request.check)
    if request.only:
        expected = narrowed(expected, request.only)
    if not len(data.scores):
        return replace(data, faults=("no run has results",))
    table = read_results(request.folder / TABLE)
    if request.only:
        table = table[table["experiment"] == request.only]
    return replace(data, faults=tuple(faults(table, expected)))


def write_results(request: SuiteRequest) -> "SuiteData":
    """Write table, facts and page of what there is; returns it."""
    from fluid.reporting.suite_page import write_scores, write_suite

    data = results_of(request)
    write_scores(data, request.folder)  # which is what is evaluated
    data = compare_with_golden(request, data)
    write_suite(data, request.folder)
    return data


def collect_part(part: TierExperiment) -> None:
    """Make the table and the page of one experiment, with the figures that are its own, if it has a finished run."""
    from fluid.runs.collect import finished_runs

    folder = part.whole.folder
    if finished_runs(folder)[0]:
        run_collect({"folder": folder, "out": None})
