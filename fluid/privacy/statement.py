"""What a certificate or a ledger says, in plain words and in numbers: the same on a screen, on a page and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fluid.privacy.accounting import Account
from fluid.privacy.certificate import COVERS, COVERS_NOT, bounds, caught_text, in_words
from fluid.privacy.ledger import Ledger, noted
from fluid.privacy.mechanisms import Gaussian, Mechanism, Perturbation, mechanism_of
from fluid.privacy.policy import FPR, LOW_FPR
from fluid.privacy.release_plan import PARTS
from fluid.privacy.sent import Sent
from fluid.privacy.sum_plan import PARTS as OF_SUMS

DIGITS = 12
"""Digits of a digest that are shown."""
NOTHING = "It has no certificate: nothing is promised of what it tells. An audit measures attacks that are known."
EACH = "Each certificate is about its own company's molecules; whoever combined the releases has read them."
ADDED = "What is left is the budget less what is spent. Releases are not added but computed together, so that a little more may fit."


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one or several releases.

    Attributes:
        title: What it is, and whose.
        says: Sentences, the most important first.
        warnings: What to know before all else.
        heads: Columns of the table.
        rows: Its rows, as text.
        covers: What the numbers are about; empty where nothing is promised.
        does_not_cover: What they are not about.
        facts: All of it for programs.
    """

    title: str
    says: tuple[str, ...]
    warnings: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    covers: tuple[str, ...]
    does_not_cover: tuple[str, ...]
    facts: Mapping[str, Any]


def of_certificate(sent: Sent, others: Sequence[Sent] = ()) -> Statement:
    """Return what is promised of a release.

    Args:
        sent: The release.
        others: Further releases, with which it was found to agree.
    """
    open_ones = [one for one in (sent, *others) if not one.is_promised]
    warnings = tuple(f"{one.company} promises nothing of {one.where}" for one in open_ones if one is not sent)
    facts = {
        "company": sent.company,
        "certificate": dict(sent.certificate) or None,
        "without_promise": [str(one.where) for one in open_ones],
    }
    if not sent.certificate:
        return Statement(f"Release of {sent.company}", (NOTHING,), warnings, (), (), (), (), facts)
    found = sent.certificate
    said = [in_words(found), f"Its noise comes from {found['noise_from']}. Made by: {'; '.join(made_by(found, str(sent.where)))}."]
    if sent.is_counted:
        said.append(f"It is release {len(sent.chain)} of ledger {sent.ledger[:DIGITS]}; figures of all releases are those up to this one.")
    if others:
        said.append(f"Compared with {', '.join(str(one.where) for one in others)}: nothing contradicts it.")
    columns = {name: found[key] for name, key in (("this release", "this_release"), ("all releases", "all_releases")) if key in found}
    heads = ("at most", *columns)
    return Statement(
        f"Certificate of {sent.company}", tuple(said), warnings, heads, bound_rows(tuple(columns.values())),
        tuple(found["covers"]), tuple(found["does_not_cover"]), facts,
    )  # fmt: skip


def of_consensus(companies: int, promised: Mapping[str, Any]) -> Statement:
    """Return what is promised of a consensus.

    Args:
        companies: Of how many companies it is.
        promised: What their certificates say of it, as `promised_together` returns it; empty: nothing.
    """
    title, facts = f"Consensus of {companies} companies", {"companies": companies, "promised": dict(promised) or None}
    if not promised:
        return Statement(title, (NOTHING,), (), (), (), (), (), facts)
    heads = ("companies with a certificate", "of", "largest ε", "largest δ")
    row = (str(promised["companies"]), str(promised["of"]), f"{promised['largest_epsilon']:.2f}", f"{promised['largest_delta']:g}")
    return Statement(title, (str(promised["says"]), EACH), (), heads, (row,), COVERS, COVERS_NOT, facts)


def made_by(certificate: Mapping[str, Any], where: str) -> list[str]:
    """Return how each part of a release was made, in words; endpoints with equal noise together."""
    found: dict[tuple[str, str], list[str]] = {}
    for told in certificate["mechanisms"]:
        one = mechanism_of(told, where)
        part, endpoint = divided(one.what)
        found.setdefault((part, noise_text(one)), []).append(endpoint)
    return [f"{part}{', '.join(endpoints)}: {noise}" for (part, noise), endpoints in found.items()]


def divided(what: str) -> tuple[str, str]:
    """Return in words what is released, and of which endpoint."""
    part = next((one for one in (*PARTS, *OF_SUMS) if what.startswith(one)), "")
    return part, what.removeprefix(part)


def noise_text(mechanism: Mechanism) -> str:
    """Return in words how large the noise is."""
    if isinstance(mechanism, Perturbation):
        return f"a random term with σ {mechanism.noise:.3g} (C {mechanism.strength:.3g})"
    return f"normal noise of {1 / mechanism.ratio:,.4g} times what one molecule changes"


def bound_rows(columns: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a table of bounds, a column for each that `bounds` returned."""
    rows = [(f"ε at δ {columns[0]['delta']:g}", *(f"{one['epsilon']:.2f}" for one in columns))]
    for who, what in (("one molecule", "single molecules"), ("ten together", "series of ten")):
        for fpr, wrongly in ((LOW_FPR, "0.1 %"), (FPR, "1 %")):
            rates = [one["largest_true_positive_rate_at"][f"{fpr:g}"][who] for one in columns]
            rows.append((f"{what} found, wrongly accusing {wrongly} of others", *(f"{rate:.2%}" for rate in rates)))
    return tuple(rows)


def of_ledger(ledger: Ledger, witness: Path | None, agree: Sequence[Path] = ()) -> Statement:
    """Return what a company has released, and what is left of its budget.

    Args:
        ledger: Read, and found to agree with the second place and the certificates.
        witness: The second place.
        agree: Certificates with which it was compared.
    """
    (epsilon, delta), releases = ledger.budget, ledger.lines[1:]
    together, left = bounds(Account(ledger.mechanisms), delta), max(epsilon - ledger.spent, 0.0)
    said = [
        f"Budget: ε {epsilon:g} at δ {delta:g} for all releases together. Spent: {ledger.spent:.2f} by {len(releases)}. Left: {left:.2f}.",
        caught_text(together),
        ADDED,
        f"The chain of {len(ledger.lines)} lines is whole; the last one was written at {ledger.lines[-1]['time']}.",
        *(f"Compared with {one}: it agrees." for one in agree),
    ]
    place = noted(ledger, witness)
    warnings = (
        () if place else ("no second place knows this ledger: if its last lines were cut off, or an old copy put back, nobody can tell",)
    )
    said += [f"It ends no earlier than {place} noted."] if place else []
    found = [release_facts(line, ledger.path, delta) for line in releases]
    facts = {
        "company": ledger.lines[0]["company"], **ledger.head, "budget": {"epsilon": epsilon, "delta": delta}, "spent": ledger.spent,
        "left": left, "all_releases": together, "releases": found, "noted_at": str(place) if place else None,
    }  # fmt: skip
    rows = tuple(
        (str(one["number"]), one["time"], one["release"][:DIGITS], f"{one['epsilon']:.2f}", ", ".join(one["endpoints"])) for one in found
    )
    heads = ("release", "counted at", "digest", "ε alone", "endpoints")
    return Statement(f"Ledger of {ledger.lines[0]['company']}", tuple(said), warnings, heads, rows, COVERS, COVERS_NOT, facts)


def release_facts(line: Mapping[str, Any], where: Path, delta: float) -> dict[str, Any]:
    """Return what a line of a ledger says, with its ε if it were alone."""
    mechanisms = [mechanism_of(one, str(where)) for one in line["mechanisms"]]
    alone = tuple(
        Gaussian("", one.ratio) if isinstance(one, Gaussian) else Perturbation("", one.noise, one.strength, one.curvature)
        for one in mechanisms
    )
    return {
        **{name: line[name] for name in ("number", "time", "release")},
        "endpoints": list(dict.fromkeys(divided(one.what)[1] for one in mechanisms)),
        "released": [one.what for one in mechanisms],
        "epsilon": _epsilon(alone, delta),
    }


@cache
def _epsilon(mechanisms: tuple[Mechanism, ...], delta: float) -> float:
    return Account(mechanisms).epsilon(delta)
