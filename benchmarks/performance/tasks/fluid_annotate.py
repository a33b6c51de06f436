"""From a CSV file of SMILES to the annotation sets of several teachers, in one process and its workers: what `fluid simulate` does.

Usage: `fluid_annotate.py FILE STORE TEACHER...`
"""

import sys
from pathlib import Path
from types import SimpleNamespace


def main(file: str, store: str, *teachers: str) -> None:
    """Take in the file, then let all teachers answer it."""
    from fluid.artifacts import open_artifact
    from fluid.federation.consortium import read_file
    from fluid.federation.simulation import annotate
    from fluid.federation.spec import AnnotationSpec, IntakeSettings
    from fluid.federation.workshop import Workshop
    from fluid.store import ArtifactStore

    workshop = Workshop(ArtifactStore(Path(store)), workers=2)
    _, transfer = read_file("transfer", file, IntakeSettings(workers=2), workshop, labelled=False)
    opened = {Path(folder).name: open_artifact(Path(folder)) for folder in teachers}
    sets = annotate(opened, transfer, SimpleNamespace(annotation=AnnotationSpec()), workshop)  # type: ignore[arg-type]  # reads no more of it
    for name, found in sets.items():
        print(name, len(transfer), found.folder / "annotation_set")


if __name__ == "__main__":
    main(*sys.argv[1:])
