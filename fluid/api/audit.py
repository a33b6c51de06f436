"""The audit of a release before it leaves, from Python."""

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.api.door import door
from fluid.api.inputs import Molecules
from fluid.api.models import Model, Teacher, listed_endpoints
from fluid.api.place import folder_of, place_of, save
from fluid.api.released import Annotations, Consensus
from fluid.api.settings import overrides_of
from fluid.api.show import Shown
from fluid.api.steps import folders_of
from fluid.api.work import Call, make
from fluid.artifacts import Artifact, open_artifact, read_json
from fluid.federation.stages.audit import AT_RISK, FACTS, PAGE

Place = str | PathLike[str]


class Audit(Shown):
    """What attacks on a release found.

    Args:
        folder: Made by `audit`.

    Attributes:
        folder: That folder.
    """

    @door
    def __init__(self, folder: Place) -> None:
        self.folder = folder_of(folder, "an audit")

    @cached_property
    @door
    def _verified(self) -> Artifact:
        return open_artifact(self.folder)

    @cached_property
    def content(self) -> dict[str, Any]:
        """Everything that was found, as in `audit.json`; no molecule is in it."""
        found: dict[str, Any] = read_json(self._verified / FACTS)
        return found

    @property
    def holds(self) -> bool:
        """Whether no bound of the policy fell, and the audit would have found what was planted."""
        return bool(self.content["holds"])

    @property
    def fell(self) -> tuple[str, ...]:
        """The bounds that fell, in words."""
        return tuple(self.content["audit"]["fell"])

    @property
    def blind(self) -> tuple[str, ...]:
        """Why the audit cannot vouch for the release; empty if it can."""
        return tuple(self.content["audit"]["blind"])

    @property
    def advice(self) -> tuple[str, ...]:
        """What to change."""
        return tuple(self.content["audit"]["advice"])

    @property
    def attacks(self) -> pd.DataFrame:
        """A row per attack, the strongest first; baselines, which read nothing of the release, last."""
        rows = []
        for one in self.content["audit"]["findings"]:
            ends = {f"{name}{end}": one[name][part] for name in ("auc", "tpr_1", "tpr_01") for end, part in ENDS.items()}
            rows.append({**{name: one[name] for name in COLUMNS}, **ends})
        return pd.DataFrame(rows, columns=[*COLUMNS, *(f"{name}{end}" for name in ("auc", "tpr_1", "tpr_01") for end in ENDS)])

    @property
    def planted(self) -> pd.DataFrame:
        """A row per planted leak: what was planted, and which attack found it."""
        rows = [(one["name"], one["says"], one["found_by"], one["auc"]["value"]) for one in self.content["audit"]["planted"]]
        return pd.DataFrame(rows, columns=["name", "says", "found_by", "auc"])

    @property
    def recovered(self) -> pd.DataFrame:
        """A row per thing that a partner of a consensus recovers, as shares of the transfer molecules; empty of other releases."""
        rows = [
            (one["name"], one["companies"], one["told"]["value"], *(one["beyond"][part] for part in ENDS.values()))
            for one in self.content["audit"]["inverted"]
        ]
        return pd.DataFrame(rows, columns=["name", "companies", "told", *(f"beyond{end}" for end in ENDS)])

    @property
    def at_risk(self) -> pd.DataFrame:
        """The company's molecules, those that stand out most first: keep them inside the company."""
        return pd.read_csv(self._verified / AT_RISK)

    @property
    def page(self) -> Path:
        """The page, on which no molecule is named."""
        return self._verified / PAGE

    @door
    def save(self, out: Place, overwrite: bool = False) -> Path:
        """Copy it into a folder, as the verb would have written it there."""
        return save(self.folder, out, overwrite)

    def facts(self) -> dict[str, object]:
        """Return what to show."""
        found = self.content["audit"]
        best = next((one for one in found["findings"] if not one["baseline"]), None)
        strongest = f"{best['attack']} (AUC {best['auc']['value']:.3f})" if best else "none"
        return {
            "release": f"{self.content['artefact']} of {self.content['of']}",
            "members": found["members"],
            "non-members": found["non_members"],
            "strongest attack": strongest,
            "bounds that fell": len(found["fell"]),
            "blind": len(found["blind"]) > 0,
            "folder": self.folder,
        }


COLUMNS = ("attack", "reads", "needs_label", "informed", "baseline", "members", "non_members")
ENDS = {"": "value", "_low": "low", "_high": "high"}


@door
def audit(
    release: Annotations | Consensus | Model | Place,
    molecules: Molecules,
    *,
    non_members: Molecules = "",
    transfer: Molecules = "",
    teacher: Teacher | Place | None = None,
    annotations: Sequence[Annotations | Place] = (),
    out: Place | None = None,
    **options: Any,
) -> Audit:
    """Attack what you are about to send, before you send it; bounds that fell are in the result, no error.

    Args:
        release: What `annotate`, `aggregate`, `distill` or `hybrid` returned, or its folder.
        molecules: Your own labelled molecules: the members.
        non_members: Labelled molecules of the same chemistry that the release was made without; without them public ones are taken.
        transfer: The public molecules that were annotated.
        teacher: Your teacher: it is asked as if the transfer set held your molecules.
        annotations: What other companies sent.
        out: Folder for the findings.
        **options: As in `train_teacher`: `endpoints`; `settings` of the verb `audit`; and settings by name
            (`policy={"auc": 0.55}`, `company="Acme"`, `candidates=2000`).

    Raises:
        ConfigError: Something that the release needs is not given.
        ArtifactError: The release is damaged, empty, or over another transfer set.
        QuorumError: There are too few molecules to say anything.
    """
    endpoints = options.pop("endpoints", None)
    overrides = overrides_of(options.pop("settings", ()), options)
    given: dict[str, Any] = {"release": str(folder_of(release, "a release"))}
    if teacher is not None:
        given["teacher"] = str(folder_of(teacher, "a teacher"))
    if len(annotations):
        given["annotations"] = folders_of(annotations)
    files = {"input": molecules, **{name: one for name, one in (("non_members", non_members), ("transfer", transfer)) if not is_empty(one)}}
    asked = None if endpoints is None else listed_endpoints(endpoints, overrides, ())
    return Audit(make(Call("audit", files, given, overrides, asked, place_of(out))))


def is_empty(given: Molecules) -> bool:
    """Return whether molecules are not given."""
    return isinstance(given, str) and not given
