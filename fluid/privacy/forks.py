"""Whether certificates of one company can be of one ledger that only ever grew: an old copy put back, or two copies, would differ."""

from collections.abc import Sequence
from itertools import combinations

from fluid.errors import ArtifactError
from fluid.privacy.accounting import Account
from fluid.privacy.certificate import CLOSE
from fluid.privacy.mechanisms import mechanism_of
from fluid.privacy.sent import Sent

ASK = "Ask the company: at least one of its certificates leaves releases out."


def check_forks(sent: Sequence[Sent]) -> None:
    """Refuse certificates that cannot all be true; what no ledger counts is passed over.

    Raises:
        ArtifactError: Two companies have the same ledger, or a company has two; a release of a ledger is not the same in two certificates;
            two releases have the same place; or a certificate claims less than the releases at hand tell.
    """
    counted = sorted((one for one in sent if one.is_counted), key=lambda one: len(one.chain))
    for earlier, later in combinations(counted, 2):
        check_one_ledger(earlier, later)
        if earlier.ledger == later.ledger:
            check_chain(earlier, later)
    for name in dict.fromkeys(one.ledger for one in counted):
        check_claimed([one for one in counted if one.ledger == name])


def named(*sent: Sent) -> str:
    """Return whose and where, for messages."""
    return " and ".join(f"{one.company!r} ({one.where})" for one in sent)


def check_one_ledger(one: Sent, other: Sent) -> None:
    """Refuse two companies with one ledger, and two ledgers of one company.

    Raises:
        ArtifactError: Two companies have the same ledger, or a company has two.
    """
    if one.ledger == other.ledger and one.company != other.company:
        raise ArtifactError(f"one ledger counts releases of {named(one, other)}", expected="a ledger of its own for each company")
    if one.ledger != other.ledger and one.company == other.company:
        raise ArtifactError(
            f"two ledgers count releases of {named(one, other)}: neither knows what the other holds", expected="one ledger", remedy=ASK
        )


def check_chain(earlier: Sent, later: Sent) -> None:
    """Refuse two certificates of one ledger of which the later one does not go on where the earlier one ended.

    Raises:
        ArtifactError: A release is not the same in both, or two releases have the same place.
    """
    first, second = earlier.chain, later.chain
    differs = next((place for place, (one, other) in enumerate(zip(first, second, strict=False), start=1) if one != other), 0)
    if differs:
        raise ArtifactError(
            f"release {differs} of the ledger is not the same in {named(earlier, later)}",
            expected="one ledger that grew",
            remedy=f"An old copy of it was put back, or two copies are used. {ASK}",
        )
    if len(first) == len(second) and earlier.certificate["release"] != later.certificate["release"]:
        raise ArtifactError(
            f"two releases have place {len(first)} of the ledger: {named(earlier, later)}", expected="a place for each", remedy=ASK
        )


def check_claimed(sent: Sequence[Sent]) -> None:
    """Refuse a ledger's latest certificate if all releases are said to tell less than those at hand do.

    Args:
        sent: Of one ledger, in order.

    Raises:
        ArtifactError: The certificate claims a smaller ε.
    """
    known = {one.certificate["release"]: one for one in sent}
    if len(known) < 2:
        return
    mechanisms = [mechanism_of(told, str(one.where)) for one in known.values() for told in one.certificate["mechanisms"]]
    together = sent[-1].certificate["all_releases"]
    found, claimed = Account(mechanisms).epsilon(float(together["delta"])), float(together["epsilon"])
    if found > claimed * (1 + CLOSE) + CLOSE:
        raise ArtifactError(
            f"all releases of {named(sent[-1])} are said to have ε {claimed:.3f}, and {len(known)} of them have {found:.3f}",
            expected="at least as much",
            remedy=ASK,
        )
