"""No federation at all: everybody uses the teacher of the largest company."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fluid.artifacts import MANIFEST
from fluid.federation.baselines.baseline import Baseline, Owned
from fluid.federation.baselines.spec import KIND
from fluid.federation.model_nodes import open_model
from fluid.federation.spec import FederationSpec
from fluid.pipeline.graph import Node, Step, Values
from fluid.pipeline.stage import Stage, Work

NAME = "largest"


@dataclass(frozen=True, slots=True)
class LargestSpec:
    """Settings: which of the companies, by size; 1 is the largest."""

    rank: int = 1


def stage_of(company: str, values: Values) -> Stage:
    """Describe taking over a company's teacher."""
    teacher = values[company]

    def build(folder: Path, work: Work) -> None:
        shutil.copytree(teacher.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))

    return Stage(KIND, NAME, {"teacher": teacher.digest}, build, module="federation/model_nodes.py", modules=(__name__,))


def nodes(settings: LargestSpec, spec: FederationSpec) -> Iterator[Node]:
    """Yield the one model."""
    company = spec.members[settings.rank - 1]
    yield Step(NAME, (company,), partial(stage_of, company), open_model)


def models(settings: LargestSpec, spec: FederationSpec) -> Sequence[Owned]:
    """Return the one model."""
    return [(NAME, "baseline", "")]


BASELINE = Baseline(LargestSpec, nodes, models, rounds="", leaves="a model, once")
