"""What the steps of a consortium by files share: molecule files taken in, and lists of dropped rows beside the results."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fluid.artifacts import Artifact, read_json, write_json
from fluid.data.dataset import Dataset, read_dataset
from fluid.data.intake_spec import IntakeSpec
from fluid.federation.stages.intake import DROPPED, intake_note, intake_stage
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage, Work


def read_file(name: str, path: str, spec: IntakeSpec, runner: Runner) -> tuple[Artifact, Dataset]:
    """Take in a molecule file, and say what was dropped; the transfer set is the data set named `transfer`."""
    artifact = runner.make(intake_stage(name, path, spec))
    runner.progress.note(intake_note(Path(path).name, artifact))
    return artifact, read_dataset(artifact)


def add_dropped(stage: Stage, intake: Artifact, others: Mapping[str, Artifact] | None = None) -> Stage:
    """Return the stage with the lists of what intakes dropped added to its result.

    Args:
        stage: The stage.
        intake: Whose list is `dropped.csv`.
        others: Further intakes by the name of their lists.
    """
    lists = {DROPPED: intake, **(others or {})}

    def build(folder: Path, work: Work) -> None:
        stage.build(folder, work)
        for name, artifact in lists.items():
            shutil.copyfile(artifact / DROPPED, folder / name)

    return replace(stage, build=build, inputs={**stage.inputs, "intakes": {name: artifact.digest for name, artifact in lists.items()}})


def add_left_out(stage: Stage, left_out: Mapping[str, str]) -> Stage:
    """Return the stage with the endpoints that a company had too few labels of on the card of its model, if there are any."""
    if not left_out:
        return stage

    def build(folder: Path, work: Work) -> None:
        stage.build(folder, work)
        write_json(folder / "card.json", {**read_json(folder / "card.json"), "left_out": dict(left_out)})

    return replace(stage, build=build, inputs={**stage.inputs, "left_out": dict(left_out)})
