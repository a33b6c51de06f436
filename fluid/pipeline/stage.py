"""A stage: one step of a federation as a pure function of its inputs."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fluid.artifacts import Artifact
from fluid.pipeline.code import code_of
from fluid.pipeline.store import ArtifactStore, Notice, stage_key
from fluid.threads import threads

Report = Callable[[float], None]

LIBRARIES = ("torch", "torch-geometric", "rdkit", "lightning", "numpy", "scikit-learn")


@cache
def library_versions() -> Mapping[str, str]:
    """Return the versions of the libraries that decide results."""
    return {name: version(name) for name in LIBRARIES}


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage is given while it builds.

    Attributes:
        report: Call with the share of work done, in [0, 1].
        scratch: Folder, not made yet, whose content survives an interrupted run: what is found there was made from the same
            inputs. It is removed when the stage is done.
    """

    report: Report
    scratch: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a federation: a pure function of its inputs.

    Attributes:
        kind: What it does (`teacher`).
        name: Whom or what for (`T3`).
        inputs: All that decides the result: specs, digests of input artifacts, seed.
        build: Fills an empty folder.
        module: The module that makes it, relative to the package: its code, and what that imports, decides the result.
        threads: CPU threads of tensor operations while it builds; sums in another number of threads may round otherwise.
        modules: Further modules, of other packages, whose code decides the result.
    """

    kind: str
    name: str
    inputs: Mapping[str, Any]
    build: Callable[[Path, Work], None]
    module: str
    threads: int = 1
    modules: tuple[str, ...] = ()

    def key_inputs(self) -> dict[str, Any]:
        """Return the inputs together with the versions of code and libraries."""
        code = code_of(self.module, *dict.fromkeys(self.modules))
        return {"name": self.name, **self.inputs, "threads": self.threads, "code": code, "libraries": library_versions()}

    def key(self) -> str:
        """Return the key of the result: the hash of all that goes in."""
        return stage_key(self.kind, self.key_inputs())

    def gpus(self) -> int:
        """Return how many GPUs the stage's child processes use: those of a network that is trained on several."""
        trainer, network = self.inputs.get("trainer"), not isinstance(self.inputs.get("config"), int | float)  # a forest's is a share
        if not isinstance(trainer, Mapping) or trainer["accelerator"] != "gpu" or trainer["devices"] == 1 or not network:
            return 0
        return int(trainer["devices"])

    def make_in(self, store: ArtifactStore, report: Report, notice: Notice = lambda _: None) -> tuple[Artifact, bool]:
        """Return the stage's artifact, and whether it was in the store already."""
        return store.get_or_make(self.kind, self.key_inputs(), lambda folder: self.fill(folder, store, report), notice)

    def fill(self, folder: Path, store: ArtifactStore, report: Report) -> None:
        """Fill a folder, with the stage's own threads, and remove its scratch."""
        with threads(self.threads):
            self.build(folder, Work(report, self.scratch(store)))
        shutil.rmtree(self.scratch(store), ignore_errors=True)

    def scratch(self, store: ArtifactStore) -> Path:
        """Return the stage's scratch folder: in the store, under the stage's key."""
        return store.scratch(self.key())
