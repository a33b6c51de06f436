"""What travels between companies and coordinator: annotation sets and the consensus."""

from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import MANIFEST, TABLE, files_of, read_annotation_set
from fluid.api.door import door, show_in_one_line
from fluid.api.place import OCCUPIED, folder_of, is_sealed, named, save
from fluid.api.show import Shown
from fluid.artifacts import Artifact, atomic_folder, open_artifact
from fluid.errors import ArtifactError
from fluid.federation.apart import check_apart
from fluid.federation.consensus_table import CONTRIBUTION, DETAILS, ConsensusTable, read_consensus
from fluid.federation.own_copy import OWN_COPY
from fluid.outputs import check_new_folder
from fluid.privacy.certificate import FILE as CERTIFICATE
from fluid.privacy.sent import sent_with

INSIDE = "annotation_set"


class Annotations(Shown):
    """A teacher's answers to the transfer set.

    Args:
        folder: Made by `annotate`, or the `annotation_set` in it that a company sent.

    Attributes:
        folder: That folder.

    Raises:
        ArtifactError: The folder is missing, or holds no annotation set.
    """

    @door
    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = folder_of(folder, "annotations")
        if not (self.released / MANIFEST).is_file():
            expected = "the out= folder of annotate, or what a company sent"
            raise ArtifactError("this folder holds no annotation set", where=str(self.folder), expected=expected)

    @property
    def released(self) -> Path:
        """The folder that leaves the company: answers, their manifest and, if there is one, their certificate."""
        return self.folder / INSIDE if (self.folder / INSIDE).is_dir() else self.folder

    @cached_property
    @door
    def content(self) -> AnnotationSet:
        """The verified answers as arrays."""
        return read_annotation_set(self.released)

    @property
    def table(self) -> pd.DataFrame:
        """The answers, verified, a row per molecule of the transfer set."""
        _ = self.content  # verified as it is read
        return pd.read_parquet(self.released / TABLE)

    @cached_property
    @door
    def certificate(self) -> dict[str, Any] | None:
        """What the company promises of it by differential privacy, its numbers computed again; `None` where it promises nothing.

        Raises:
            ArtifactError: The certificate is damaged, or of another release.
        """
        return dict(sent_with(self.content, self.released).certificate) or None

    @property
    def own_copy(self) -> pd.DataFrame:
        """The company's own copy, a row per row of the transfer file, with the columns that were asked to go along.

        Raises:
            ArtifactError: None were, or this is what a company sent.
        """
        if not (self.folder / OWN_COPY).is_file():
            remedy = "Annotate with carry=[...]."
            raise show_in_one_line(ArtifactError("these annotations have no own copy", where=str(self.folder), remedy=remedy))
        return pd.read_parquet(open_artifact(self.folder) / OWN_COPY)

    @door
    def send(self, out: str | PathLike[str]) -> Path:
        """Copy what leaves the company, verified, into a new folder for the coordinator.

        Raises:
            ConfigError: The folder exists and is not empty, or lies in that of the annotations.
        """
        return self._release(named(out), overwrite=False, remedy="Choose another folder.")

    @door
    def save(self, out: str | PathLike[str], overwrite: bool = False) -> Path:
        """Copy the whole result of `annotate` into a folder, as the verb would have written it there; of a set that was sent, the set."""
        if is_sealed(self.folder):
            return save(self.folder, out, overwrite)
        target = named(out)
        return target if self._lies_in(target) else self._release(target, overwrite, OCCUPIED)

    def _lies_in(self, folder: Path) -> bool:
        """Return whether a folder holds the same answers already."""
        try:
            return read_annotation_set(folder).digest == self.content.digest
        except ArtifactError:
            return False

    def _release(self, target: Path, overwrite: bool, remedy: str) -> Path:
        check_apart(target, self.folder)
        check_new_folder(target, overwrite, remedy)
        with atomic_folder(target) as temporary:
            certified = (CERTIFICATE,) if self.certificate else ()
            for name in (*files_of(read_annotation_set(self.released)), *certified):
                (temporary / name).write_bytes((self.released / name).read_bytes())
        return target

    def facts(self) -> dict[str, object]:
        """Return what to show."""
        found = self.content
        return {
            "teacher": found.teacher,
            "molecules": len(found),
            "endpoints": ", ".join(endpoint.text for endpoint in found.endpoints),
            "folder": self.folder,
        }


class Consensus(Shown):
    """What the teachers say together: soft label and confidence of every transfer molecule.

    Args:
        folder: Made by `aggregate`.

    Attributes:
        folder: That folder.
    """

    @door
    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = folder_of(folder, "a consensus")
        if not (self.folder / "consensus.json").is_file():
            raise ArtifactError("this folder holds no consensus", where=str(self.folder), expected="the out= folder of aggregate")

    @cached_property
    @door
    def _verified(self) -> Artifact:
        return open_artifact(self.folder)

    @cached_property
    @door
    def content(self) -> ConsensusTable:
        """The verified consensus as arrays."""
        return read_consensus(self._verified)

    @property
    def table(self) -> pd.DataFrame:
        """The consensus, verified, a row per molecule of the transfer set."""
        return pd.read_parquet(self._verified / "consensus.parquet")

    @property
    def contribution(self) -> pd.DataFrame:
        """The share of the weight that each teacher carried, verified; of a consensus with details only."""
        if not (file := self._verified / CONTRIBUTION).is_file():
            raise show_in_one_line(
                ArtifactError(
                    "this consensus says nothing of its teachers", where=str(self.folder), expected=f"one with details: {DETAILS}"
                )
            )
        return pd.read_csv(file, dtype={"company": str})

    @door
    def save(self, out: str | PathLike[str], overwrite: bool = False) -> Path:
        """Copy it into a folder, as the verb would have written it there."""
        return save(self.folder, out, overwrite)

    def facts(self) -> dict[str, object]:
        """Return what to show."""
        found = self.content
        detailed = (self.folder / CONTRIBUTION).is_file()
        return {
            "molecules": len(found),
            "endpoints": ", ".join(endpoint.text for endpoint in found.endpoints),
            **({"teachers": ", ".join(self.contribution["company"].drop_duplicates())} if detailed else {}),
            **({"promised": found.promised["says"]} if found.promised else {}),
            "folder": self.folder,
        }
