"""`fluid benchmark`: a suite of experiments as sweeps that share one store; one table, one page, golden numbers."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fluid.artifacts import write_json
from fluid.cli.at_work import last_line
from fluid.cli.suites.request import SuiteRequest, check_inputs, request_of
from fluid.cli.suites.results import collect_part, write_results
from fluid.cli.suites.suites import check_folder
from fluid.cli.sweeps.sweep import SweepFailed, carry_out_all
from fluid.errors import FluidError
from fluid.evaluation.golden import read_expected

if TYPE_CHECKING:
    from fluid.reporting.suite_data import SuiteData

SUITE = "suite.json"


class SuiteFailed(FluidError):
    """Runs of a suite did not end well, or its numbers are not the golden ones; each was named."""


def carry_out(request: SuiteRequest) -> None:
    """Carry out the chosen experiments, one after the other; a failed run stops none of the others."""
    for number, part in enumerate(request.chosen):
        if number:
            write_results(replace(request, check=None))
        print(f"{part.name}: {part.question}", flush=True)
        try:
            carry_out_all(part.whole, request.command)
        except SweepFailed as error:
            print(f"fluid: {part.name}: {error}", file=sys.stderr, flush=True)
        collect_part(part)


def tell(request: SuiteRequest, data: "SuiteData") -> None:
    """Say what was found, and where it lies.

    Raises:
        SuiteFailed: Runs are missing, or numbers are not the golden ones.
    """
    from fluid.reporting.suite_page import PAGE, TABLE
    from fluid.runs.record import DONE

    for note in data.notes:
        print(f"note: {note}")
    for fault in data.faults or ():
        print(f"FAULT {fault}", file=sys.stderr)
    own = data.runs[data.runs["experiment"] == request.only] if request.only else data.runs
    missing = own[own["status"] != DONE]
    for run in missing.to_dict("records"):
        print(f"{run['status']}: {request.folder / run['run']}: {run['error']}\n    again: {run['command']}", file=sys.stderr)
    print(f"suite {data.suite}, tier {data.tier}: {len(own) - len(missing)} of {len(own)} runs done")
    if data.faults is not None:
        print(f"golden numbers {request.check}: {f'{len(data.faults)} faults' if data.faults else 'all well'}")
    last_line("table", request.folder / TABLE)
    last_line("page", (request.folder / PAGE).resolve())
    problems = [f"{len(missing)} of {len(own)} runs are not done; the same command goes on with them"] if len(missing) else []
    problems += [f"{len(data.faults)} numbers are not as expected"] if data.faults else []
    if problems:
        raise SuiteFailed(f"suite {data.suite}, tier {data.tier}: {'; '.join(problems)}.")


def run_benchmark(arguments: Sequence[str]) -> None:
    """Run `fluid benchmark`.

    Raises:
        SuiteFailed: A run failed, or a number is not as the golden ones expect it; all else was done.
        ConfigError: The suite cannot be carried out as asked, or its folder holds other runs.
    """
    from fluid.reporting.suite_page import check_page, put_into, suite_lines
    from fluid.runs.record import alone

    request = request_of(arguments)
    check_inputs(request)
    if request.check:
        read_expected(request.check)
    if request.readme:
        check_page(request.readme)
    for part in request.parts:
        check_folder(part)
    with alone(request.folder):
        write_json(request.folder / SUITE, {"suite": request.suite.name, "tier": request.tier, "command": request.command})
        carry_out(request)
        data = write_results(request)
    if request.readme:
        put_into(request.readme, suite_lines(data))
        last_line("put into", request.readme)
    tell(request, data)
