"""`fluid inspect`: a look at a file before a run, or at a certificate or ledger; the screen, a page and JSON show the same facts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluid.artifacts import write_json
from fluid.cli.at_work import last_line
from fluid.cli.build import build
from fluid.cli.command_line import command_line
from fluid.cli.compose import Config
from fluid.cli.progress import show_progress
from fluid.cli.specs import SURROUNDINGS, leave_out
from fluid.errors import ConfigError
from fluid.federation.apart import check_apart
from fluid.inspection.facts import Inspection, as_json
from fluid.inspection.request import InspectRequest
from fluid.outputs import check_new_file

SUFFIXES = {"out": ".html", "json": ".json"}


def inspect_request(config: Mapping[str, Any]) -> InspectRequest:
    """Return the typed request of a configuration; `against` may be one file or a list."""
    against = config["against"]
    files = [against] if isinstance(against, str) and against else against or []
    return build(InspectRequest, {**leave_out(config, *SURROUNDINGS), "against": files})


def targets(request: InspectRequest) -> dict[str, Path]:
    """Return the files that are to be written, by setting, after a check that they may be.

    Raises:
        ConfigError: A target has another ending, exists and is not to be replaced, is what is read, or cannot be written.
    """
    named = {"out": request.out, "json": request.json}
    places = {setting: place for setting, place in named.items() if place}
    for setting, place in places.items():
        if place.suffix.lower() != SUFFIXES[setting]:
            raise ConfigError(f"{setting} is {str(place)!r}", expected=f"a file name that ends in {SUFFIXES[setting]}")
        check_apart(place, request.input, *request.against)
        check_new_file(place, request.overwrite, setting)
    return places


def command_of(found: Inspection) -> str:
    """Return the command that would use the file; empty without one."""
    return command_line(found.verb, found.settings) if found.verb else ""


def write_targets(found: Inspection, command: str, places: Mapping[str, Path]) -> None:
    """Write the page and the facts that are asked for, each as a whole or not at all."""
    if "out" in places:
        from fluid.reporting.inspection_page import write_page

        write_page(found, command, places["out"])
    if "json" in places:
        write_json(places["json"], {**as_json(found), "command": command})


def run_inspect(config: Config) -> None:
    """Run `fluid inspect`."""
    from fluid.cli.inspect_promise import is_promise, show_statement
    from fluid.inspection.look import inspect_file
    from fluid.inspection.text import render

    request = inspect_request(config)
    places = targets(request)
    if is_promise(request.input):
        show_statement(request, places)
        return
    with show_progress() as progress:
        found = inspect_file(request, progress)
    command = command_of(found)
    write_targets(found, command, places)
    print(render(found, command), end="")
    for what, place in (("page", places.get("out")), ("facts", places.get("json"))):
        if place:
            last_line(what, place)
