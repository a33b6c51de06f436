"""`fluid inspect` of a certified release or of a ledger: what was promised, and what is left of a budget."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.artifacts import open_artifact, write_json
from fluid.cli.at_work import last_line
from fluid.errors import ArtifactError, ConfigError, InputError
from fluid.file_names import at_home
from fluid.inspection.request import InspectRequest
from fluid.privacy.certificate import FILE, FOLDER

if TYPE_CHECKING:  # a look at a molecule file should not wait for them
    from fluid.privacy.statement import Statement

ENDINGS = (".json", ".jsonl")


def is_promise(name: str) -> bool:
    """Return whether a name is that of a release, a certificate or a ledger, and not of a molecule file."""
    place = at_home(name)
    if place.is_dir():
        return is_consensus(place) or any(
            (folder / file).is_file() for folder in (place, place / FOLDER) for file in (FILE, "manifest.json")
        )
    return place.is_file() and (place.suffix.lower() in ENDINGS or begins_as_json(place))


def is_consensus(place: Path) -> bool:
    """Return whether a folder holds a consensus."""
    return (place / "consensus.json").is_file()


def begins_as_json(place: Path) -> bool:
    """Return whether the first byte of a file opens an object."""
    with place.open("rb") as stream:
        return stream.read(1) == b"{"


def is_ledger(place: Path) -> bool:
    """Return whether a file is a ledger rather than a certificate, which is one object."""
    try:
        told = json.loads(place.read_bytes())
    except (ValueError, RecursionError):
        return place.name != FILE
    return not isinstance(told, dict) or "mechanisms" not in told


def stated(request: InspectRequest) -> "Statement":
    """Return what a release's certificate or a ledger says, after it was compared with others, and a ledger with its second place.

    Raises:
        ArtifactError: Something is damaged, or does not agree.
    """
    from fluid.privacy.forks import check_forks
    from fluid.privacy.ledger import check_head, check_witness, read_ledger
    from fluid.privacy.sent import read_sent
    from fluid.privacy.statement import of_certificate, of_ledger

    place, others = at_home(request.input), [at_home(name) for name in request.against]
    if is_consensus(place):
        return consensus_stated(place, others)
    if place.is_dir() or not is_ledger(place):
        sent, more = read_sent(place), [read_sent(other) for other in others]
        check_forks([sent, *more])
        return of_certificate(sent, more)
    ledger = read_ledger(place)
    check_witness(ledger, request.witness)
    for other in others:
        found = read_sent(other)
        if not found.is_counted:
            raise ArtifactError(
                "no ledger counts this release", where=str(other), expected=f"one of {ledger.lines[0]['company']}, certified"
            )
        check_head(ledger, found.certificate["ledger"], str(other))
    return of_ledger(ledger, request.witness, others)


def consensus_stated(place: Path, others: Sequence[Path]) -> "Statement":
    """Return what is promised of a consensus.

    Raises:
        ArtifactError: The consensus is damaged.
        ConfigError: Others are given, with which a consensus cannot be compared.
    """
    from fluid.federation.consensus_table import read_consensus
    from fluid.privacy.statement import of_consensus

    if others:
        raise ConfigError("against= is about releases of companies", where=str(place), expected="none for a consensus")
    table = read_consensus(open_artifact(place))
    return of_consensus(table.companies, table.promised)


def show_statement(request: InspectRequest, places: Mapping[str, Path]) -> None:
    """Print what is promised, and write the page and the facts that are asked for.

    Raises:
        InputError: Settings of molecule files are given.
    """
    from fluid.privacy.statement_text import render

    if request.rows or not request.molecules:
        raise InputError("rows and molecules are about molecule files", where=request.input, expected="neither of a release or a ledger")
    found = stated(request)
    write_statement(found, places)
    print(render(found), end="")
    for what, place in (("page", places.get("out")), ("facts", places.get("json"))):
        if place:
            last_line(what, place)


def write_statement(found: "Statement", places: Mapping[str, Path]) -> None:
    """Write the page and the facts that are asked for, each as a whole or not at all."""
    if "out" in places:
        from fluid.reporting.statement_page import write_page

        write_page(found, places["out"])
    if "json" in places:
        facts: dict[str, Any] = {"title": found.title, "says": list(found.says), "warnings": list(found.warnings), **found.facts}
        write_json(places["json"], {**facts, "covers": list(found.covers), "does_not_cover": list(found.does_not_cover)})
