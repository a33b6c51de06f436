"""From a CSV file of SMILES to the annotation sets of several teachers, in one process and its workers: what `fluid simulate` does.

Usage: `fluid_annotate.py FILE STORE TEACHER...`
"""

import sys
from pathlib import Path


def main(file: str, store: str, *teachers: str) -> None:
    """Take in the file, then let all teachers answer it."""
    from fluid.annotation.spec import AnnotationSpec
    from fluid.artifacts import open_artifact
    from fluid.data.intake_spec import IntakeSpec
    from fluid.federation.consortium import read_file
    from fluid.federation.model_folder import read_model
    from fluid.federation.model_nodes import annotate_group
    from fluid.federation.stages.annotate import annotate_stage
    from fluid.pipeline.runner import Runner
    from fluid.pipeline.store import ArtifactStore

    runner = Runner(ArtifactStore(Path(store)), workers=2)
    _, transfer = read_file("transfer", file, IntakeSpec(endpoints=(), workers=2), runner)
    models = {Path(folder).name: read_model(open_artifact(Path(folder))) for folder in teachers}
    stages = {name: annotate_stage(model, transfer, AnnotationSpec().chunk) for name, model in models.items()}
    annotate_group([(stage, {"model": models[name], "transfer": transfer}) for name, stage in stages.items()], runner)
    sets = {name: runner.make(stage) for name, stage in stages.items()}
    for name, found in sets.items():
        print(name, len(transfer), found.folder / "annotation_set")


if __name__ == "__main__":
    main(*sys.argv[1:])
