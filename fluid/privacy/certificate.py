"""The certificate of a release: what differential privacy promises of it, in numbers and in words, and what it does not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fluid.artifacts import read_json
from fluid.errors import ArtifactError
from fluid.privacy.accounting import Account
from fluid.privacy.mechanisms import Mechanism, described, mechanism_of
from fluid.privacy.policy import FPR, LOW_FPR

FILE, FORMAT, GROUP = "certificate.json", 1, 10
CLOSE, AGAIN = 1e-6, "Ask its sender for the folder again."
SYSTEM, SEED = "the operating system", "a seed"
COVERS = (
    "whether any one molecule was in the company's data, and its labels; all measurements of one structure are one molecule",
    "any attack, whatever the attacker knows of all other molecules, and whatever is computed later from what was released",
)
COVERS_NOT = (
    "that the company works on a chemotype: many molecules of a series tell together (see the figure for ten), as do stereo-isomers",
    "which endpoints the company has, and that it has enough labels of each",
    "what leaves otherwise: another teacher, hybrids, reports, logs, or thresholds",
    "noise that is not of real numbers: it is computed in double precision, and what is released is rounded to single precision",
)


def bounds(account: Account, delta: float) -> dict[str, Any]:
    """Return ε, and the largest true-positive rates of any attack by false-positive rate: for one molecule and for ten together."""
    rates = {f"{fpr:g}": {"one molecule": account.tpr(fpr), "ten together": account.tpr(fpr, GROUP)} for fpr in (LOW_FPR, FPR)}
    return {"epsilon": account.epsilon(delta), "delta": delta, "largest_true_positive_rate_at": rates}


def certificate(
    mechanisms: Sequence[Mechanism],
    delta: float,
    release: str,
    is_release: bool,
    before: Sequence[Mechanism] = (),
    head: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the certificate of a release, for JSON.

    Args:
        mechanisms: How it was made.
        delta: δ.
        release: Digest of what leaves.
        is_release: Whether the noise came from the operating system; a simulation's can be taken away by whoever knows the seed.
        before: Mechanisms of all releases of the company so far, with this one; empty: none were counted.
        head: The last line of the company's ledger.
    """
    found = {
        "format": FORMAT,
        "release": release,
        "holds": is_release,
        "noise_from": SYSTEM if is_release else SEED,
        "neighbours": "data with one molecule more or less",
        "this_release": bounds(Account(mechanisms), delta),
        "mechanisms": [described(one) for one in mechanisms],
        "covers": list(COVERS),
        "does_not_cover": list(COVERS_NOT),
    }
    if head is not None:
        found |= {"all_releases": bounds(Account(before), delta), "ledger": dict(head)}
    return found


def read_certificate(path: Path) -> dict[str, Any]:
    """Read a certificate that somebody sent; its numbers are computed again from its mechanisms.

    That these mechanisms made what it came with is the sender's word: nobody else has seen the molecules.

    Raises:
        ArtifactError: The file is missing or no certificate, or a number is smaller than its mechanisms allow.
    """
    found, where = read_json(path), str(path)
    try:
        told, delta, claimed = found["mechanisms"], float(found["this_release"]["delta"]), flat(found["this_release"])
        known = found["format"] == FORMAT and isinstance(found["holds"], bool) and isinstance(told, list)
    except (KeyError, TypeError, ValueError, AttributeError):
        known = False
    if not known:
        raise ArtifactError("this is no certificate", where=where, expected=f"a certificate of format {FORMAT}", remedy=AGAIN)
    true = flat(bounds(Account([mechanism_of(one, where) for one in told]), delta))
    for name, value in true.items():
        if not value - CLOSE <= claimed.get(name, -1.0) <= value + CLOSE:
            raise ArtifactError(
                f"it claims {name} {claimed.get(name)}", where=where, expected=f"{value:.4g}, by its mechanisms", remedy=AGAIN
            )
    return dict(found)


def flat(told: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of nested bounds by what they are about."""
    rates = {f"{who} at {fpr}": float(rate) for fpr, of in told["largest_true_positive_rate_at"].items() for who, rate in of.items()}
    return {"epsilon": float(told["epsilon"]), "delta": float(told["delta"]), **rates}


def in_words(found: Mapping[str, Any]) -> str:
    """Return what a certificate says, in sentences for somebody who is no expert."""
    what = found.get("all_releases", found["this_release"])
    low = what["largest_true_positive_rate_at"][f"{LOW_FPR:g}"]
    said = (
        f"ε {what['epsilon']:.2f} at δ {what['delta']:g}. Whoever wrongly accuses one molecule in a thousand finds at most "
        f"{low['one molecule']:.2%} of those that were in the data; of series of ten, {low['ten together']:.2%}."
    )
    return said if found["holds"] else f"{said} This is a simulation: its noise comes from a seed, so that nothing is promised."
