"""Stage `intake`: a molecule file becomes a standardised table, packed graphs, and a list of dropped rows."""

from dataclasses import replace
from pathlib import Path

from fluid.artifacts import Artifact, hash_unchanged, plain, read_json, write_json
from fluid.data.dataset import write_dataset
from fluid.data.dropped import read_reasons, told_reasons
from fluid.data.embedded import file_of
from fluid.data.incoming_shards import fill_shards, molecules_in, rows_in
from fluid.data.intake import collect, write_dropped
from fluid.data.intake_spec import IntakeSpec
from fluid.data.readers import require_file
from fluid.data.wording import counted
from fluid.pipeline.shards import Shards
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/intake.py"

DROPPED = "dropped.csv"


def resolve(path: str) -> Path:
    """Return the file that a data path names; `embedded:<part>` is a part of the embedded hERG set.

    Raises:
        InputError: There is no such file.
    """
    found = file_of(path)
    require_file(found)
    return found


def intake_stage(name: str, path: str, spec: IntakeSpec) -> Stage:
    """Describe the intake of one file.

    Args:
        name: What the file is for (`pool`, `transfer`).
        path: File, or `embedded:<part>`.
        spec: How it is read.
    """
    file, spec = resolve(path), replace(spec, carry=())
    file_hash = hash_unchanged(file)

    def build(folder: Path, work: Work) -> None:
        shards = Shards(work.scratch, file_hash)
        fill_shards(file, spec, shards)
        done = collect(file, spec, rows_in(shards))
        write_dataset(folder, done.table, molecules_in(shards, done.places))
        write_dropped(folder / DROPPED, done.dropped)
        write_json(folder / "counts.json", done.counts)

    inputs = {"file": file_hash, "suffix": "".join(file.suffixes[-2:]), "spec": deciding_settings(spec)}
    return Stage("intake", name, inputs, build, module=MODULE)


def intake_note(name: str, artifact: Artifact) -> str:
    """Say in a sentence what became of a file's rows and labels, and why some were dropped."""
    counts, (rows, labels) = read_json(artifact / "counts.json"), read_reasons(artifact / DROPPED)
    dropped = f"{counts['dropped']} dropped{told_reasons(rows)}"
    told = f"{name}: {counts['rows']} rows read, {counts['kept']} kept, {dropped}, {counts['merged']} merged"
    if labels:
        told += f"; {counted(labels.total(), 'label')} of other rows dropped{told_reasons(labels)}"
    return "; ".join([told, *(f"{counted(count, 'row')} with {note}" for note, count in counts["notes"].items())]) + "."


def deciding_settings(spec: IntakeSpec) -> dict[str, object]:
    """Return the settings that decide what becomes of a file: not how many processes read it, nor what goes along or is asked later.

    Endpoints are what they mean, however they were written; the words of their classes are part of how a file is read.
    """
    values: dict[str, object] = plain(replace(spec, endpoints=spec.parsed_endpoints)) | {"class_words": plain(spec.class_words)}
    return {name: value for name, value in values.items() if name not in ("workers", "quorum", "below_quorum", "near_duplicates", "carry")}
