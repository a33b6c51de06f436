"""The certificate of a release: what differential privacy promises of it, in numbers and in words, and what it does not."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fluid.artifacts import read_json
from fluid.errors import ArtifactError
from fluid.privacy.accounting import Account
from fluid.privacy.ledger import Ledger
from fluid.privacy.mechanisms import Mechanism, described, mechanism_of
from fluid.privacy.policy import FPR, LOW_FPR

FILE, FORMAT, GROUP = "certificate.json", 1, 10
FOLDER = "annotation_set"
"""Of the result of `annotate`, the folder that leaves, with the certificate in it."""
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
    epsilon, rates = _bounds(account.mechanisms, delta)
    told = {f"{fpr:g}": {"one molecule": one, "ten together": ten} for fpr, one, ten in rates}
    return {"epsilon": epsilon, "delta": delta, "largest_true_positive_rate_at": told}


@lru_cache(maxsize=64)
def _bounds(mechanisms: tuple[Mechanism, ...], delta: float) -> tuple[float, tuple[tuple[float, float, float], ...]]:
    account = Account(mechanisms)
    return account.epsilon(delta), tuple((fpr, account.tpr(fpr), account.tpr(fpr, GROUP)) for fpr in (LOW_FPR, FPR))


class Contents(NamedTuple):
    """What leaves.

    Attributes:
        company: Whose it is.
        release: Digest of weights and counts together.
        evidence: Digest of the counts, which whoever gets them can compute.
    """

    company: str
    release: str
    evidence: str

    @classmethod
    def of(cls, company: str, weights: np.ndarray, bias: np.ndarray, counts: np.ndarray) -> "Contents":
        """Return what a teacher with evidence releases."""
        return cls(company, digest_of(weights, bias, counts), digest_of(counts))


def digest_of(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of arrays, with their shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def certificate(
    contents: Contents, mechanisms: Sequence[Mechanism], delta: float, is_release: bool, ledger: Ledger | None = None
) -> dict[str, Any]:
    """Return the certificate of a release, for JSON.

    Args:
        contents: What leaves.
        mechanisms: How it was made.
        delta: δ.
        is_release: Whether the noise came from the operating system; a simulation's can be taken away by whoever knows the seed.
        ledger: The company's ledger, which counts this release; `None`: nothing is counted.
    """
    found = {
        "format": FORMAT,
        **contents._asdict(),
        "holds": is_release,
        "noise_from": SYSTEM if is_release else SEED,
        "neighbours": "data with one molecule more or less",
        "this_release": bounds(Account(mechanisms), delta),
        "mechanisms": [described(one) for one in mechanisms],
        "covers": list(COVERS),
        "does_not_cover": list(COVERS_NOT),
    }
    if ledger is not None:
        found |= {"all_releases": bounds(Account(ledger.mechanisms), delta), "ledger": ledger.head, "chain": list(ledger.chain)}
    return found


def read_certificate(path: Path) -> dict[str, Any]:
    """Read a certificate that somebody sent; its numbers are computed again from its mechanisms.

    That these mechanisms made what it came with is the sender's word: nobody else has seen the molecules.

    Raises:
        ArtifactError: The file is missing or no certificate, a number is smaller than its mechanisms allow, or what it says of the ledger
            contradicts itself.
    """
    found, where = read_json(path), str(path)
    try:
        told, delta, claimed = found["mechanisms"], float(found["this_release"]["delta"]), flat(found["this_release"])
        known = found["format"] == FORMAT and isinstance(found["holds"], bool) and isinstance(told, list)
        known &= all(isinstance(found[name], str) for name in Contents._fields)
    except (KeyError, TypeError, ValueError, AttributeError):
        known = False
    if not known:
        raise ArtifactError("this is no certificate", where=where, expected=f"a certificate of format {FORMAT}", remedy=AGAIN)
    if "ledger" in found:
        _check_place(found, where)
    true = flat(bounds(Account([mechanism_of(one, where) for one in told]), delta))
    for name, value in true.items():
        if not value - CLOSE <= claimed.get(name, -1.0) <= value + CLOSE:
            raise ArtifactError(
                f"it claims {name} {claimed.get(name)}", where=where, expected=f"{value:.4g}, by its mechanisms", remedy=AGAIN
            )
    together = flat(found["all_releases"]) if "ledger" in found else true
    if together["delta"] != true["delta"] or any(together.get(name, -1.0) < value - CLOSE for name, value in true.items()):
        raise ArtifactError("all releases together tell less than this one", where=where, expected="at least as much", remedy=AGAIN)
    return dict(found)


def _check_place(found: Mapping[str, Any], where: str) -> None:
    """Refuse a certificate whose chain does not end with its line of the ledger, or which says nothing of all releases."""
    try:
        head, chain, _ = found["ledger"], found["chain"], flat(found["all_releases"])
        known = set(head) == {"ledger", "number", "hash"} and len(chain) == head["number"] and chain[-1] == head["hash"]
        known &= all(isinstance(one, str) for one in (head["ledger"], *chain))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        known = False
    if not known:
        raise ArtifactError(
            "what it says of the ledger contradicts itself", where=where, expected="a hash per release, this one's last", remedy=AGAIN
        )


def flat(told: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of nested bounds by what they are about."""
    rates = {f"{who} at {fpr}": float(rate) for fpr, of in told["largest_true_positive_rate_at"].items() for who, rate in of.items()}
    return {"epsilon": float(told["epsilon"]), "delta": float(told["delta"]), **rates}


def in_words(found: Mapping[str, Any]) -> str:
    """Return what a certificate says, in sentences for somebody who is no expert."""
    what = found.get("all_releases", found["this_release"])
    said = f"ε {what['epsilon']:.2f} at δ {what['delta']:g}. {caught_text(what)}"
    return said if found["holds"] else f"{said} This is a simulation: its noise comes from a seed, so that nothing is promised."


def caught_text(what: Mapping[str, Any]) -> str:
    """Return in a sentence what `bounds` says of attacks that accuse hardly anybody wrongly."""
    low = what["largest_true_positive_rate_at"][f"{LOW_FPR:g}"]
    return (
        f"Whoever wrongly accuses one molecule in a thousand finds at most "
        f"{low['one molecule']:.2%} of those that were in the data; of series of ten, {low['ten together']:.2%}."
    )
