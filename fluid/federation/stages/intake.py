"""Stage `intake`: a molecule file becomes a standardised table, packed graphs, and a list of dropped rows."""

from pathlib import Path

from fluid.artifacts import hash_file, plain, write_json
from fluid.data.embedded import embedded_path
from fluid.data.endpoints import Endpoint
from fluid.data.incoming_shards import fill_shards, molecules_in, rows_in
from fluid.data.intake import IntakeSpec, collect, write_dropped
from fluid.data.layout import Layout
from fluid.errors import InputError
from fluid.federation.part import write_part
from fluid.federation.spec import IntakeSettings
from fluid.federation.stage import Stage, Work
from fluid.shards import Shards

EMBEDDED = "embedded:"
PLAIN = Layout()


def resolve(path: str) -> Path:
    """Return the file that a data path names; `embedded:<part>` is a part of the embedded hERG set.

    Raises:
        InputError: There is no such file.
    """
    found = embedded_path(path.removeprefix(EMBEDDED)) if path.startswith(EMBEDDED) else Path(path).expanduser()
    if not found.is_file():
        kind = "a folder" if found.is_dir() else "not found"
        raise InputError(
            f"the molecule file is {kind}", where=str(found), expected="a .csv, .sdf or .parquet file", remedy="Check the path."
        )
    return found


def intake_spec(settings: IntakeSettings, labelled: bool, smiles_column: str = "", layout: Layout = PLAIN) -> IntakeSpec:
    """Return the reader's settings for a labelled or an unlabelled file."""
    return IntakeSpec(
        smiles_column=smiles_column or settings.smiles_column,
        endpoints=tuple(Endpoint.parse(text) for text in settings.endpoints) if labelled else (),
        standardize=settings.standardize,
        conflicts_classification=settings.conflicts_classification,
        conflicts_regression=settings.conflicts_regression,
        workers=settings.workers,
        layout=layout,
    )


def intake_stage(
    name: str, path: str, settings: IntakeSettings, labelled: bool = True, smiles_column: str = "", layout: Layout = PLAIN
) -> Stage:
    """Describe the intake of one file.

    Args:
        name: What the file is for (`pool`, `transfer`).
        path: File, or `embedded:<part>`.
        settings: Reader settings.
        labelled: Whether the endpoints' columns are read.
        smiles_column: Overrides the settings' column.
        layout: Rows to leave out, and where measurements stand.
    """
    file, spec = resolve(path), intake_spec(settings, labelled, smiles_column, layout)
    file_hash = hash_file(file)

    def build(folder: Path, work: Work) -> None:
        shards = Shards(work.scratch, file_hash)
        fill_shards(file, spec, shards)
        done = collect(file, spec, rows_in(shards))
        write_part(folder, done.table, molecules_in(shards, done.places))
        write_dropped(folder / "dropped.csv", done.dropped)
        write_json(
            folder / "counts.json", {"rows": done.rows, "kept": len(done.table), "dropped": len(done.dropped), "merged": done.merged}
        )

    # the number of processes changes no result; the name is no part of it either
    inputs = {"file": file_hash, "suffix": "".join(file.suffixes[-2:]), "spec": plain_spec(spec)}
    return Stage("intake", name, inputs, build)


def plain_spec(spec: IntakeSpec) -> dict[str, object]:
    """Return the settings that decide the result."""
    values: dict[str, object] = plain(spec)
    values.pop("workers", None)
    return values
