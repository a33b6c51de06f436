"""A company's ledger: every noisy release, and how much all of them tell together of any one molecule. It never leaves the company.

A file of JSON lines. Each line holds the hash of the line before it, so that none can be changed, left out or put between without being
noticed; the last line's hash goes into the certificate of each release, and into a second place if there is one.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from fluid.artifacts import hash_json, read_json, write_json
from fluid.errors import ArtifactError, BudgetError, ConfigError
from fluid.privacy.accounting import Account
from fluid.privacy.mechanisms import Mechanism, described, mechanism_of

FORMAT = 1
OPENING = {"number", "format", "ledger", "company", "epsilon", "delta", "time", "hash"}
ENTRY = {"number", "previous", "release", "mechanisms", "time", "hash"}
WAIT_S = 30.0
RESTORE = "Put the newest copy back; what it does not hold was released all the same."
TORN = f"If it is the last line, no release followed it: delete it. Otherwise: {RESTORE[0].lower()}{RESTORE[1:]}"
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Ledger:
    """A ledger that was read and verified.

    Attributes:
        path: Its file.
        lines: Its lines: the opening, then one per release.
    """

    path: Path
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        """A random name by which copies of it are known."""
        return str(self.lines[0]["ledger"])

    @property
    def budget(self) -> tuple[float, float]:
        """ε and δ that all releases together may have."""
        return float(self.lines[0]["epsilon"]), float(self.lines[0]["delta"])

    @property
    def head(self) -> dict[str, Any]:
        """Which line is the last: what certificates and the second place say of the ledger."""
        return {"ledger": self.name, "number": self.lines[-1]["number"], "hash": self.lines[-1]["hash"]}

    @property
    def chain(self) -> tuple[str, ...]:
        """The hashes of the lines of all releases: a later certificate's chain begins with an earlier one's.

        The opening's is left out, since company, budget and time could be guessed from it.
        """
        return tuple(str(line["hash"]) for line in self.lines[1:])

    @cached_property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The mechanisms of all releases."""
        told = [(line["number"], one) for line in self.lines[1:] for one in line["mechanisms"]]
        return tuple(mechanism_of(one, f"{self.path}, line {number + 1}") for number, one in told)

    @property
    def spent(self) -> float:
        """ε of all releases together, at the ledger's δ."""
        return Account(self.mechanisms).epsilon(self.budget[1])

    def holds(self, release: str) -> bool:
        """Whether a release of this digest was counted."""
        return any(line["release"] == release for line in self.lines[1:])


def sealed(line: Line) -> dict[str, Any]:
    """Return a line with its hash."""
    return {**line, "hash": hash_json(line)}


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_ledger(path: Path) -> Ledger:
    """Read a ledger, and verify every line.

    Raises:
        ArtifactError: The file is missing, torn, or altered (the line is named).
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ArtifactError("file not found", where=str(path), expected="a ledger") from None
    except UnicodeDecodeError:
        raise ArtifactError("this is no ledger", where=str(path), remedy=RESTORE) from None
    texts = text.splitlines()
    if text and not text.endswith("\n"):
        raise ArtifactError("the line is torn: it does not end", where=f"{path}, line {len(texts)}", remedy=TORN)
    lines: list[Line] = []
    for number, text in enumerate(texts):
        lines.append(_read_line(text, number, lines[-1]["hash"] if lines else "", f"{path}, line {number + 1}"))
    if not lines:
        raise ArtifactError("the ledger is empty", where=str(path), remedy=RESTORE)
    return Ledger(path, tuple(lines))


def _read_line(text: str, number: int, previous: str, where: str) -> Line:
    try:
        line = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise ArtifactError("the line is torn or is no JSON", where=where, remedy=TORN) from None
    if not isinstance(line, dict) or set(line) != (ENTRY if number else OPENING):
        raise ArtifactError("this is no line of a ledger", where=where, expected=", ".join(sorted(ENTRY if number else OPENING)))
    if line["hash"] != hash_json({key: value for key, value in line.items() if key != "hash"}):
        raise ArtifactError("the line was altered", where=where, remedy=RESTORE)
    if line["number"] != number or (number and line["previous"] != previous):
        raise ArtifactError(
            "the chain is broken: a line before this one was altered, or is missing",
            where=where,
            expected=f"release {number}",
            remedy=RESTORE,
        )
    return line


@contextmanager
def open_ledger(path: Path, company: str, budget: tuple[float | None, float], witness: Path | None = None) -> Iterator[Ledger]:
    """Yield a company's ledger, begun now if there is none; until the end of the block no other process can count in it.

    Args:
        path: Its file.
        company: Whose it is.
        budget: ε, or `None` if the ledger knows it, and δ.
        witness: Folder in which the last line of each ledger is noted; or `None`.

    Raises:
        ConfigError: The ledger is another company's, or has another budget; or none is there, and no budget is given.
        ArtifactError: The ledger is altered, or is older than the second place knows.
        BudgetError: Another process holds the ledger.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=WAIT_S):
            ledger = read_ledger(path) if path.exists() else _begin(path, company, budget)
            check_owner(ledger, company, budget)
            check_witness(ledger, witness)
            yield ledger
    except Timeout:
        raise BudgetError("another process holds the ledger", where=str(path), remedy="Wait until it has finished.") from None


def _begin(path: Path, company: str, budget: tuple[float | None, float]) -> Ledger:
    if budget[0] is None:
        raise ConfigError("there is no ledger yet, and no budget to begin one with", where=str(path), expected="privacy.budget=EPSILON")
    opening = {"number": 0, "format": FORMAT, "ledger": secrets.token_hex(16), "company": company, "time": now()}
    line = sealed({**opening, "epsilon": budget[0], "delta": budget[1]})
    _append(path, line)
    return Ledger(path, (line,))


def check_owner(ledger: Ledger, company: str, budget: tuple[float | None, float]) -> None:
    """Refuse a ledger of another format, company or budget.

    Raises:
        ArtifactError: The format is of another version.
        ConfigError: The company or the budget is another.
    """
    opening, where = ledger.lines[0], str(ledger.path)
    if opening["format"] != FORMAT:
        raise ArtifactError(f"the ledger has format {opening['format']!r}", where=where, expected=f"format {FORMAT}")
    if opening["company"] != company:
        raise ConfigError(
            f"the ledger is of {opening['company']!r}, and the release of {company!r}", where=where, expected="its own ledger"
        )
    epsilon, delta = ledger.budget
    if budget[0] not in (None, epsilon) or budget[1] != delta:
        told = f"privacy.budget={budget[0]} privacy.delta={budget[1]:g}"
        raise ConfigError(
            f"{told} disagrees with the ledger", where=where, expected=f"{epsilon:g} and {delta:g}, decided when it was begun"
        )


def check_witness(ledger: Ledger, witness: Path | None) -> None:
    """Refuse a ledger that is not at least as long as a second place says it was, or went on otherwise.

    Raises:
        ArtifactError: The ledger was put back from a copy, or there are two of it.
    """
    if place := noted(ledger, witness):
        check_head(ledger, read_json(place), str(place))


def noted(ledger: Ledger, witness: Path | None) -> Path | None:
    """Return the file of the second place that knows a ledger; `None` where there is none."""
    place = None if witness is None else witness / f"{ledger.name}.json"
    return place if place is not None and place.is_file() else None


def check_head(ledger: Ledger, head: Any, where: str) -> None:
    """Refuse a ledger that does not hold the line which somebody saw last: a certificate, or the second place.

    Args:
        ledger: The ledger.
        head: What `Ledger.head` was.
        where: Who saw it.

    Raises:
        ArtifactError: The ledger is another, lacks the line, or has another one in its place.
    """
    if not isinstance(head, Mapping) or set(head) != {"ledger", "number", "hash"} or head["ledger"] != ledger.name:
        raise ArtifactError(f"this is not about the ledger {ledger.path}", where=where, expected=f"ledger {ledger.name}")
    number, last = head["number"], ledger.lines[-1]["number"]
    if type(number) is not int or number > last:
        raise ArtifactError(
            f"the ledger ends with release {last}, and release {number} was made: it is an old copy", where=where, remedy=RESTORE
        )
    if ledger.lines[number]["hash"] != head["hash"]:
        raise ArtifactError(f"two ledgers disagree on release {number}", where=where, remedy="Two copies of it were used: find the other.")


def check_budget(ledger: Ledger, mechanisms: Sequence[Mechanism]) -> float:
    """Return the ε of all releases and one more.

    Raises:
        BudgetError: The ε of all of them is more than the budget.
    """
    epsilon, delta = ledger.budget
    total = Account((*ledger.mechanisms, *mechanisms)).epsilon(delta)
    if total > epsilon:
        raise BudgetError(
            f"with this release ε would be {total:.3f} ({ledger.spent:.3f} is spent by {len(ledger.lines) - 1} releases, δ {delta:g})",
            where=str(ledger.path),
            expected=f"{epsilon:g} at most, the budget",
            remedy="Nothing was released. Ask for a smaller privacy.epsilon, or send an earlier release again: that costs nothing.",
        )
    return total


def charge(ledger: Ledger, mechanisms: Sequence[Mechanism], release: str, witness: Path | None = None) -> Ledger:
    """Return an open ledger with one more release, which is on disk when this returns; one that was counted is not counted again.

    Args:
        ledger: As `open_ledger` yields it.
        mechanisms: How the release was made.
        release: Digest of what leaves.
        witness: As in `open_ledger`.

    Raises:
        BudgetError: The budget is too small; nothing is written.
    """
    if ledger.holds(release):
        return ledger
    check_budget(ledger, mechanisms)
    head = {"number": ledger.lines[-1]["number"] + 1, "previous": ledger.lines[-1]["hash"]}
    line = sealed({**head, "release": release, "mechanisms": [described(one) for one in mechanisms], "time": now()})
    _append(ledger.path, line)
    longer = Ledger(ledger.path, (*ledger.lines, line))
    if witness is not None:
        write_json(witness / f"{ledger.name}.json", longer.head)
    return longer


def _append(path: Path, line: Line) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, sort_keys=True, allow_nan=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
