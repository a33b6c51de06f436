"""Whatever is wrong with a folder that somebody sent, the error is one line that names the place and says what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluid.annotation.storage import KEYS, MANIFEST, TABLE, read_annotation_set, write_annotation_set
from fluid.artifacts import hash_file
from fluid.errors import ArtifactError
from tests.annotation.conftest import ROWS, Make

Damage = Callable[[Path], None]


def manifest(**changes: Any) -> Damage:
    def damage(folder: Path) -> None:
        content = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps({**content, **changes}))

    return damage


def mended(folder: Path) -> None:
    """Let the manifest vouch for the table as it is now."""
    manifest(sha256=hash_file(folder / TABLE))(folder)


def cell(name: str, row: int, value: Any) -> Damage:
    """Put another value into the table, with a manifest that vouches for it."""

    def damage(folder: Path) -> None:
        table = pq.read_table(folder / TABLE)
        values, where = table[name].to_pylist(), table.schema.get_field_index(name)
        values[row] = value
        field = table.schema.field(where)
        pq.write_table(table.set_column(where, field, [pa.array(values, field.type)]), folder / TABLE)
        mended(folder)

    return damage


def other_type(folder: Path) -> None:
    """Store a raw similarity in place of its bin."""
    table = pq.read_table(folder / TABLE)
    field = pa.field("domain_bin", pa.float32())
    pq.write_table(table.set_column(1, field, [pa.array(np.linspace(0, 1, len(table)), pa.float32())]), folder / TABLE)
    mended(folder)


def one_column_more(folder: Path) -> None:
    table = pq.read_table(folder / TABLE)
    pq.write_table(table.append_column("similarity", pa.array(np.linspace(0, 1, len(table)))), folder / TABLE)
    mended(folder)


def truncated(folder: Path) -> None:
    (folder / TABLE).write_bytes((folder / TABLE).read_bytes()[:-1])


def no_parquet(folder: Path) -> None:
    (folder / TABLE).write_bytes(b"row,domain_bin\n0,1\n")
    mended(folder)


DAMAGE: dict[str, tuple[Damage, str]] = {
    "truncated": (truncated, "truncated or altered"),
    "empty table": (lambda folder: (folder / TABLE).write_bytes(b"") and None, "truncated or altered"),
    "no table": (lambda folder: (folder / TABLE).unlink(), "not found"),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), "not found"),
    "no folder": (lambda folder: folder.rename(folder.with_name("moved")) and None, "not found"),
    "binary manifest": (lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe\x00") and None, "not valid JSON"),
    "nested manifest": (lambda folder: (folder / MANIFEST).write_text("[" * 100_000) and None, "not valid JSON"),
    "number for a text": (manifest(teacher=3), "no manifest of an annotation set"),
    "truth for a number": (manifest(n_bins=True), "no manifest of an annotation set"),
    "additional key": (manifest(distances=[0.1]), "no manifest of an annotation set"),
    "newer format": (manifest(format=2), "has format 2; expected format 1"),
    "no parquet": (no_parquet, "not a Parquet file"),
    "another transfer set": (manifest(transfer_digest="b\nb"), "annotated another transfer set"),
    "other rows": (manifest(rows=ROWS - 1), f"{ROWS - 1} rows; expected {ROWS}"),
    "name in two lines": (manifest(teacher="T\n1"), r"teacher name 'T\n1' cannot be used"),
    "no name": (manifest(teacher=" "), "teacher name ' ' cannot be used"),
    "too many bins": (manifest(n_bins=5), "5 bins"),
    "another endpoint": (manifest(endpoints=[{"name": "toxic"}, {"name": "logd"}]), "expected row, domain_bin, toxic"),
    "one endpoint twice": (manifest(endpoints=[{"name": "active"}] * 2), "columns are 'row'"),
    "unknown kind": (manifest(endpoints=[{"name": "active", "kind": "ranking"}]), "an endpoint cannot be read"),
    "value as class": (manifest(endpoints=[{"name": "active"}, {"name": "logd"}]), "row 10: logd prediction is 3; expected a finite"),
    "raw similarity": (other_type, "columns are"),
    "additional column": (one_column_more, "'similarity'; expected row"),
    "not a number": (cell("logd/prediction", 7, np.nan), "row 8: logd prediction is nan"),
    "no value": (cell("logd/epistemic", 7, None), "row 8: logd epistemic uncertainty is nan"),
    "infinite": (cell("logd/aleatoric", 0, np.inf), "row 1: logd aleatoric uncertainty is inf"),
    "more than certain": (cell("active/prediction", ROWS - 1, 1.5), f"row {ROWS}: active prediction is 1.5; expected a finite"),
    "negative uncertainty": (cell("active/epistemic", 2, -1.0), "row 3: active epistemic uncertainty is -1"),
    "bin out of range": (cell("domain_bin", 4, 200), "row 5: domain bin is 200; expected a finite number from 0 to 3"),
    "no bin": (cell("domain_bin", 4, None), "domain_bin has shape (50,), type float64"),
    "row twice": (cell("row", 5, 4), "row 6: rows are not in the order"),
    "no row number": (cell("row", 5, None), "row 6: rows are not in the order"),
}  # fmt: skip


@pytest.fixture
def folder(make: Make, tmp_path: Path) -> Path:
    values = make()
    planes = {"prediction": values.prediction.copy()}
    planes["prediction"][9, 1] = 3.0  # no probability, so that kinds cannot be mixed up
    write_annotation_set(tmp_path / "sent", make(**planes))
    return tmp_path / "sent"


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_folder_is_refused_in_one_line_with_place_and_remedy(folder: Path, name: str) -> None:
    damage, what = DAMAGE[name]
    damage(folder)
    with pytest.raises(ArtifactError) as caught:
        read_annotation_set(folder, "a" * 64, ROWS)
    message = str(caught.value)
    assert what in message
    assert message.startswith(str(folder))
    assert "\n" not in message
    assert message.endswith(("Ask its sender for the folder again.", "the same version of fluid.", "Copy or make it again."))


def test_whatever_bit_is_flipped_under_a_manifest_that_vouches_for_it_the_answer_is_a_set_or_one_line(folder: Path) -> None:
    content, messages = (folder / TABLE).read_bytes(), []
    for offset in range(3, len(content), 23):
        altered = bytearray(content)
        altered[offset] ^= 1 << offset % 8
        (folder / TABLE).write_bytes(bytes(altered))
        mended(folder)
        try:
            read_annotation_set(folder)
        except ArtifactError as error:
            messages.append(str(error))
    assert len(messages) > 20
    assert not any("\n" in message for message in messages)


def test_the_manifest_holds_these_keys_and_the_table_nothing_hidden(folder: Path) -> None:
    assert set(json.loads((folder / MANIFEST).read_text())) == set(KEYS)
    file = pq.ParquetFile(folder / TABLE)
    assert set(file.metadata.metadata or {}) <= {b"ARROW:schema"}
    assert file.schema_arrow.metadata is None
