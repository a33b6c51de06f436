"""A certificate beside the release that it came with: whether it is about that release at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import MANIFEST, read_annotation_set
from fluid.errors import ArtifactError
from fluid.privacy.certificate import AGAIN, FILE, FOLDER, digest_of, in_words, read_certificate
from fluid.privacy.release_plan import names_of


@dataclass(frozen=True, slots=True)
class Sent:
    """What a company sent.

    Attributes:
        company: Whose it is.
        where: Its folder or file.
        certificate: What it promises; empty: nothing.
    """

    company: str
    where: Path
    certificate: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_promised(self) -> bool:
        """Whether something is promised: a simulation's certificate does not."""
        return bool(self.certificate.get("holds"))

    @property
    def is_counted(self) -> bool:
        """Whether a ledger counts it."""
        return "ledger" in self.certificate

    @property
    def ledger(self) -> str:
        """Name of the ledger that counts it."""
        return str(self.certificate["ledger"]["ledger"])

    @property
    def chain(self) -> tuple[str, ...]:
        """Hashes of all lines of that ledger's releases up to it."""
        return tuple(self.certificate["chain"])


def read_sent(place: Path) -> Sent:
    """Read an annotation set (or the result of `annotate`), a certified teacher's folder, or a certificate alone.

    Raises:
        ArtifactError: The place holds no release, it is damaged, or the certificate is of another release.
    """
    if place.is_file():
        found = read_certificate(place)
        return Sent(found["company"], place, found)
    inside = place / FOLDER if (place / FOLDER).is_dir() else place
    if (inside / MANIFEST).is_file():
        return sent_with(read_annotation_set(inside), inside)
    if (inside / FILE).is_file():
        return read_sent(inside / FILE)
    raise ArtifactError("there is no release here", where=str(place), expected="an annotation set, a certified teacher, or a certificate")


def sent_with(release: AnnotationSet, folder: Path) -> Sent:
    """Return a release that was read, with the certificate that lies beside it.

    Raises:
        ArtifactError: The certificate is damaged, or of another release.
    """
    path = folder / FILE
    if not path.is_file():
        return Sent(release.teacher, folder)
    found = read_certificate(path)
    check_belongs(found, release, str(path))
    return Sent(release.teacher, folder, found)


def check_belongs(certificate: Mapping[str, Any], release: AnnotationSet, where: str) -> None:
    """Refuse a certificate of another company, of other endpoints, or of other evidence than the release has.

    Raises:
        ArtifactError: The certificate is of another release.
    """
    if certificate["company"] != release.teacher:
        said = f"the certificate is of {certificate['company']!r}, and the release of {release.teacher!r}"
        raise ArtifactError(said, where=where, expected="the certificate of this release", remedy=AGAIN)
    promised = sorted(one["what"] for one in certificate["mechanisms"])
    needed = sorted(name for endpoint in release.endpoints for name in names_of(endpoint))
    if promised != needed:
        said = f"the certificate of {release.teacher!r} is about {', '.join(promised)}"
        raise ArtifactError(said, where=where, expected=", ".join(needed), remedy=AGAIN)
    if release.evidence is None or digest_of(release.evidence.counts) != certificate["evidence"]:
        said = f"the evidence of {release.teacher!r} is not that which the certificate is of"
        raise ArtifactError(said, where=where, expected="the certificate of this release", remedy=AGAIN)


def promised_text(sent: Sequence[Sent], earlier: Sequence[Sent] = ()) -> str:
    """Say by name whose molecules a consensus promises something of, and whose it does not.

    Args:
        sent: What is combined.
        earlier: What the companies sent before.
    """
    parts = ["What is made of certified releases tells of their companies' molecules no more than the certificates say."]
    parts += [f"{one.company}: {in_words(one.certificate)}" for one in sent if one.certificate]
    silent = [one.company for one in sent if not one.certificate]
    parts += [f"Without certificate, so that nothing is promised: {', '.join(silent)}."] if silent else []
    uncounted = [f"{one.company} ({one.where})" for one in earlier if not one.certificate]
    parts += [f"Sent before without certificate, and counted nowhere: {', '.join(uncounted)}."] if uncounted else []
    return " ".join(parts)


def promised_together(sent: Sequence[Sent]) -> dict[str, Any]:
    """Return what certificates say of a consensus, without names; empty where nothing is promised.

    What is computed from a release tells no more of a molecule than the release does (post-processing), whatever other companies add:
    the consensus promises of each company's molecules what that company's certificate says, and nothing of the others'.
    """
    kept = [one.certificate.get("all_releases", one.certificate["this_release"]) for one in sent if one.is_promised]
    if not kept:
        return {}
    silent = len(sent) - len(kept)
    of_all = "all companies" if not silent else f"{len(kept)} of {len(sent)} companies"
    epsilon = max(one["epsilon"] for one in kept)
    says = f"Of the molecules of {of_all} it tells no more than their certificates allow; the largest ε is {epsilon:.2f}."
    return {
        "companies": len(kept),
        "of": len(sent),
        "largest_epsilon": epsilon,
        "largest_delta": max(one["delta"] for one in kept),
        "says": f"{says} Of the molecules of the other {silent} nothing is promised." if silent else says,
    }
