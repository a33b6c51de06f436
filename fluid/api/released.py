"""What travels between companies and coordinator: annotation sets and the consensus."""

from functools import cached_property
from os import PathLike
from pathlib import Path

import pandas as pd

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import read_annotation_set
from fluid.api.door import door
from fluid.api.place import folder_of, save
from fluid.api.show import Shown
from fluid.artifacts import atomic_folder, open_artifact
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.consensus_table import ConsensusTable, read_consensus

INSIDE = "annotation_set"


class Annotations(Shown):
    """A teacher's answers to the transfer set.

    Args:
        folder: Made by `annotate`, or the `annotation_set` in it that a company sent.

    Attributes:
        folder: That folder.
    """

    @door
    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = folder_of(folder, "annotations")

    @property
    def released(self) -> Path:
        """The folder that leaves the company: answers and their manifest, nothing else."""
        return self.folder / INSIDE if (self.folder / INSIDE).is_dir() else self.folder

    @cached_property
    def content(self) -> AnnotationSet:
        """The verified answers as arrays."""
        return read_annotation_set(self.released)

    @property
    def table(self) -> pd.DataFrame:
        """The answers, a row per molecule of the transfer set."""
        return pd.read_parquet(self.released / "annotations.parquet")

    @door
    def send(self, out: str | PathLike[str]) -> Path:
        """Copy what leaves the company, verified, into a new folder for the coordinator.

        Raises:
            ConfigError: The folder exists and is not empty.
        """
        target = Path(out).expanduser().resolve()
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ConfigError("the output folder is not empty", where=str(target), expected="a new or empty folder")
        names = ("annotations.parquet", "manifest.json")
        read_annotation_set(self.released)
        with atomic_folder(target) as temporary:
            for name in names:
                (temporary / name).write_bytes((self.released / name).read_bytes())
        return target

    @door
    def save(self, out: str | PathLike[str], overwrite: bool = False) -> Path:
        """Copy the whole result of `annotate` into a folder, as the verb would have written it there."""
        return save(self.folder, out, overwrite)

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
    """What the teachers say together: soft label, confidence and support of every transfer molecule.

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
    def content(self) -> ConsensusTable:
        """The verified consensus as arrays."""
        return read_consensus(open_artifact(self.folder))

    @property
    def table(self) -> pd.DataFrame:
        """The consensus, a row per molecule of the transfer set."""
        return pd.read_parquet(self.folder / "consensus.parquet")

    @property
    def contribution(self) -> pd.DataFrame:
        """The share of the weight that each teacher carried."""
        return pd.read_csv(self.folder / "contribution.csv", dtype={"company": str})

    @door
    def save(self, out: str | PathLike[str], overwrite: bool = False) -> Path:
        """Copy it into a folder, as the verb would have written it there."""
        return save(self.folder, out, overwrite)

    def facts(self) -> dict[str, object]:
        """Return what to show."""
        found = self.content
        teachers = ", ".join(self.contribution["company"].drop_duplicates())
        return {
            "molecules": len(found),
            "endpoints": ", ".join(endpoint.text for endpoint in found.endpoints),
            "teachers": teachers,
            "folder": self.folder,
        }
