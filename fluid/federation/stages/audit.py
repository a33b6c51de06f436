"""Stage `audit`: all attacks on an artefact, and the page that says what it tells."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.artifacts import plain, write_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.federation.audited import Audited, answers_of, said_by
from fluid.federation.stages.columns import values_for
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.substructures import Dictionary
from fluid.pipeline.stage import Stage, Work
from fluid.privacy.attacks.registry import ATTACKS
from fluid.privacy.audit import Audit, at_risk, audit, check_numbers
from fluid.privacy.policy import PolicySpec
from fluid.privacy.scene import Candidates, Copied, Public, Scene, Whole
from fluid.reporting.audit_page import write_page
from fluid.seeding import numpy_stream
from fluid.version import __version__

MODULE = "federation/stages/audit.py"
FACTS, PAGE, AT_RISK = "audit.json", "audit.html", "at_risk.csv"
HELD_OUT, NEAREST_PUBLIC = "molecules held out by the company", "public molecules nearest to the company's own"
FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What an audit is of.

    Attributes:
        audited: What an attacker sees.
        own: The company's molecules with their labels: the members.
        outside: Non-members.
        outside_are: What they are, in words.
        transfer: The transfer set.
        others: Annotation sets of other companies; of a consensus, the first is of the partner who turns it round.
        shadows: Made-up companies of the audited model's own kind.
    """

    audited: Audited
    own: Dataset
    outside: Dataset
    outside_are: str
    transfer: Dataset | None
    others: Sequence[AnnotationSet] = ()
    shadows: int = 0

    @property
    def partner(self) -> str:
        """Who turns a consensus round; empty of other releases, or where nobody's answers are given."""
        return self.others[0].teacher if self.audited.released and self.others else ""

    def digests(self) -> dict[str, Any]:
        """Return the identity of everything that is read."""
        public = None if self.transfer is None else self.transfer.transfer_digest
        others = sorted(one.digest for one in self.others)
        return {"release": self.audited.digest, "members": self.own.digest, "non_members": self.outside.digest, "transfer": public,
                "others": others}  # fmt: skip


def audit_stage(before: Before, policy: PolicySpec, most: int, seed: int) -> Stage:
    """Describe an audit.

    Args:
        before: What it is of.
        policy: The bounds.
        most: Members, and non-members, that are looked at; drawn at random where there are more.
        seed: Of all random streams.

    Raises:
        QuorumError: There are too few members or non-members.
    """
    parts = drawn(before, most, seed)
    scene = scene_of(before, parts, seed)
    check_numbers(scene)

    def build(folder: Path, work: Work) -> None:
        found, scores = audit(asked(scene, before, parts), policy, work.report)
        about = facts(found, before, seed)
        write_json(folder / FACTS, about)
        write_page(found, about, folder / PAGE)
        write_at_risk(folder / AT_RISK, scene, *at_risk(scene, found.findings, scores))

    inputs = {
        **before.digests(),
        "partner": before.partner,
        "kind": before.audited.kind,
        "name": before.audited.name,
        "asks": before.audited.ask is not None,
    }
    return Stage(
        "audit",
        before.audited.name,
        {**inputs, "policy": policy, "shadows": before.shadows, "most": most, "seed": seed},
        build,
        module=MODULE,
        modules=ATTACKS.modules(*ATTACKS),
    )


def drawn(before: Before, most: int, seed: int) -> tuple[Dataset, Dataset]:
    """Return the members and non-members that are looked at, in the order of their files."""
    pairs = (("members", before.own), ("non-members", before.outside))
    picked = [np.sort(numpy_stream(seed, "audit", name).permutation(len(part))[:most]) for name, part in pairs]
    return before.own.take(picked[0]), before.outside.take(picked[1])


def scene_of(before: Before, parts: tuple[Dataset, Dataset], seed: int) -> Scene:
    """Return what the attacker sees of members and non-members, but for what can only be asked."""
    audited = before.audited
    labels = np.concatenate([labels_of(part, audited.endpoints) for part in parts]).astype(np.float64)
    member = np.arange(len(labels)) < len(parts[0])
    bits = np.concatenate([np.asarray(part.molecules.bits) for part in parts])
    smiles, skeletons = (tuple(one for part in parts for one in getattr(part.molecules, name)) for name in ("smiles", "skeletons"))
    rows = public_rows(before, parts[1])
    public = public_of(before.transfer.molecules.take(rows), audited.dictionary) if before.transfer else None
    return Scene(
        audited.endpoints,
        Candidates(smiles, skeletons, bits, member, labels),
        audited.dictionary,
        public,
        Copied(audited.sent.taken(rows), audited.endpoints, public) if audited.sent and public else None,
        evidence=audited.evidence,
        heads=audited.heads,
        others=[Copied(answers_of(one, audited.endpoints).taken(rows), audited.endpoints, public) for one in before.others]
        if public
        else (),
        seed=seed,
        released=audited.released,
        partners=[said_by(one, audited) for one in before.others] if audited.released else (),
        learner=audited.learner,
        shadows=before.shadows,
        recipe=audited.recipe,
        written=audited.written,
        whole=whole_of(before),
    )


def whole_of(before: Before) -> Whole | None:
    """Return what is true of all molecules of a company; `None` of a consensus, which is of several, and of a release without endpoints."""
    endpoints = before.audited.endpoints
    if before.audited.released or not endpoints:
        return None
    is_class = np.array([one.kind == "classification" for one in endpoints])
    return Whole.of(labels_of(before.own, endpoints).astype(np.float64), is_class)


def labels_of(part: Dataset, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return the labels `(N, T)`; of a release without endpoints `(N, 0)`."""
    return values_for(part, endpoints) if endpoints else np.empty((len(part), 0))


def public_rows(before: Before, outside: Dataset) -> np.ndarray:
    """Return the public molecules that the attacker reads: without those that stand for non-members, of which he would know too much."""
    if before.transfer is None:
        return np.empty(0, dtype=np.int64)
    standing = set(outside.molecules.skeletons) if before.outside_are == NEAREST_PUBLIC else set()
    return np.flatnonzero([one not in standing for one in before.transfer.molecules.skeletons])


def public_of(molecules: MoleculeSet, dictionary: Dictionary) -> Public:
    """Return public molecules as the attacker reads them."""
    return Public(molecules.smiles, molecules.skeletons, np.asarray(molecules.bits), dictionary)


def asked(scene: Scene, before: Before, parts: tuple[Dataset, Dataset]) -> Scene:
    """Return the scene with what the artefact says of the candidates, where it can be asked."""
    if before.audited.ask is None:
        return scene
    first, second = parts
    return scene.changed(asked=before.audited.ask(first.molecules.followed_by([second.molecules])))


def facts(found: Audit, before: Before, seed: int) -> dict[str, Any]:
    """Return all that an audit found and what it was of, for JSON; no molecule is in it."""
    audited = before.audited
    about = {"format": FORMAT, "version": __version__, "artefact": audited.kind, "of": audited.name, "seed": seed}
    about |= {"endpoints": [one.text for one in audited.endpoints], "non_members_are": before.outside_are, "digests": before.digests()}
    about |= {"others": [one.teacher for one in before.others], "asked": audited.ask is not None, "holds": found.holds}
    about |= {"partner": before.partner, "shadows": before.shadows, "learner": audited.learner}
    result: dict[str, Any] = plain({**about, "audit": named(found)})
    return result


def named(found: Audit) -> dict[str, Any]:
    """Return a result in which intervals and verdicts have names."""

    def plain_one(value: Any) -> Any:
        if hasattr(value, "_asdict"):
            return plain_one(value._asdict())
        if hasattr(value, "__dataclass_fields__"):
            return {name: plain_one(getattr(value, name)) for name in value.__dataclass_fields__}
        if isinstance(value, tuple | list):
            return [plain_one(item) for item in value]
        return {name: plain_one(item) for name, item in value.items()} if isinstance(value, dict) else value

    result: dict[str, Any] = plain_one(found)
    return result


def write_at_risk(path: Path, scene: Scene, share: np.ndarray, attack: np.ndarray) -> None:
    """Write the members, those that stand out most first, with the share of non-members that stand out no less, and by which attack."""
    rows = np.flatnonzero(scene.candidates.member)
    order = rows[np.argsort(share[rows], kind="stable")]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["smiles", "non_members_no_less", "attack"])
        writer.writerows((scene.candidates.smiles[row], f"{share[row]:.6f}", attack[row]) for row in order)
