import errno
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluid.annotation.storage import MANIFEST, TABLE, AnnotationWriter, read_annotation_set, write_annotation_set
from fluid.artifacts import hash_file
from fluid.errors import ArtifactError, ShapeError
from fluid.models.prediction import Prediction
from tests.annotation.conftest import ENDPOINTS, ROWS, Make


@pytest.fixture
def folder(make: Make, tmp_path: Path) -> Path:
    write_annotation_set(tmp_path / "set", make())
    return tmp_path / "set"


def forge(folder: Path, table: pa.Table) -> None:
    """Replace the table and mend the manifest, as somebody who knows the format would."""
    pq.write_table(table, folder / TABLE)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest |= {"sha256": hash_file(folder / TABLE), "rows": len(table)}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_set_comes_back_as_it_was(make: Make, folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == [TABLE, MANIFEST]
    assert read_annotation_set(folder, "a" * 64, ROWS).digest == make().digest


def test_chunks_change_nothing(make: Make, folder: Path, tmp_path: Path) -> None:
    a = make()
    with AnnotationWriter(tmp_path / "chunks", a.teacher, a.endpoints, a.transfer_digest, a.n_bins, ROWS) as writer:
        for rows in (slice(0, 7), slice(7, 30), slice(30, ROWS)):
            writer.append(Prediction(a.prediction[rows], a.epistemic[rows], a.aleatoric[rows]), a.domain_bin[rows])
    assert read_annotation_set(tmp_path / "chunks").digest == a.digest


def test_the_manifest_says_what_it_is(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["rows"] == ROWS
    assert manifest["transfer_digest"] == "a" * 64
    assert set(manifest["versions"]) == {"fluid", "rdkit"}
    assert [endpoint["name"] for endpoint in manifest["endpoints"]] == ["active", "logd"]


def test_nothing_of_the_private_split_is_in_the_table(folder: Path) -> None:
    table = pq.read_table(folder / TABLE)
    assert table.schema.names == [
        "row",
        "domain_bin",
        *(f"{e.name}/{p}" for e in ENDPOINTS for p in ("prediction", "epistemic", "aleatoric")),
    ]
    assert str(table.schema.field("domain_bin").type) == "uint8"
    assert len(set(table["domain_bin"].to_pylist())) <= 4


def test_a_truncated_file(folder: Path) -> None:
    content = (folder / TABLE).read_bytes()
    (folder / TABLE).write_bytes(content[:-100])
    with pytest.raises(ArtifactError, match=r"annotations\.parquet.*truncated or altered.*Ask its sender"):
        read_annotation_set(folder)


def test_every_flipped_bit_is_noticed(folder: Path) -> None:
    content = (folder / TABLE).read_bytes()
    for offset in np.random.default_rng(0).integers(0, len(content), 20):
        altered = bytearray(content)
        altered[offset] ^= 1 << int(offset) % 8
        (folder / TABLE).write_bytes(bytes(altered))
        with pytest.raises(ArtifactError, match="truncated or altered"):
            read_annotation_set(folder)


def test_a_missing_file(folder: Path) -> None:
    (folder / TABLE).unlink()
    with pytest.raises(ArtifactError, match=r"annotations\.parquet.*not found"):
        read_annotation_set(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(ArtifactError, match=r"manifest\.json.*not found"):
        read_annotation_set(folder)


def test_another_transfer_set(folder: Path) -> None:
    with pytest.raises(ArtifactError, match=r"'T1' annotated another transfer set.*same file"):
        read_annotation_set(folder, "b" * 64)


def test_another_number_of_rows(folder: Path) -> None:
    with pytest.raises(ArtifactError, match="50 rows.*51"):
        read_annotation_set(folder, "a" * 64, ROWS + 1)
    forge(folder, pq.read_table(folder / TABLE).slice(0, 40))
    with pytest.raises(ArtifactError, match="40 rows"):
        read_annotation_set(folder, "a" * 64, ROWS)


def test_reordered_rows(folder: Path) -> None:
    table = pq.read_table(folder / TABLE)
    forge(folder, table.take([0, 2, 1, *range(3, ROWS)]))
    with pytest.raises(ArtifactError, match="row 2.*not in the order of the transfer set"):
        read_annotation_set(folder)


@pytest.mark.parametrize(("value", "message"), [(np.nan, "row 4.*active prediction is nan"), (1.5, r"row 4.*active prediction is 1\.5")])
def test_values_that_cannot_be(folder: Path, value: float, message: str) -> None:
    table = pq.read_table(folder / TABLE)
    column = table["active/prediction"].to_numpy().copy()
    column[3] = value
    where = table.schema.get_field_index("active/prediction")
    forge(folder, table.set_column(where, table.schema.field(where), [pa.array(column, pa.float32())]))
    with pytest.raises(ArtifactError, match=message):
        read_annotation_set(folder)


def test_null_values(folder: Path) -> None:
    table = pq.read_table(folder / TABLE)
    column = pa.array([None, *table["active/prediction"].to_pylist()[1:]], pa.float32())
    where = table.schema.get_field_index("active/prediction")
    forge(folder, table.set_column(where, table.schema.field(where), [column]))
    with pytest.raises(ArtifactError, match="row 1.*active prediction is nan"):
        read_annotation_set(folder)


def test_other_columns(folder: Path) -> None:
    forge(folder, pq.read_table(folder / TABLE).drop_columns(["logd/aleatoric"]))
    with pytest.raises(ArtifactError, match="columns are"):
        read_annotation_set(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": "1"}'])
def test_a_manifest_that_is_none(folder: Path, content: str) -> None:
    (folder / MANIFEST).write_text(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        read_annotation_set(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2"),
        ({"n_bins": 9}, "9 bins"),
        ({"endpoints": []}, "endpoint"),
        ({"endpoints": [{"name": 3}]}, "endpoint"),
        ({"endpoints": ["x"]}, "endpoint"),
    ],
)
def test_a_forged_manifest(folder: Path, changes: dict[str, object], message: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, **changes}))
    with pytest.raises(ArtifactError, match=message):
        read_annotation_set(folder)


def test_too_few_rows_leave_nothing_behind(make: Make, tmp_path: Path) -> None:
    a = make()
    writer = AnnotationWriter(tmp_path / "set", a.teacher, a.endpoints, a.transfer_digest, a.n_bins, ROWS + 1)
    with pytest.raises(ShapeError, match="50 rows were annotated.*51"), writer:
        writer.append(Prediction(a.prediction, a.epistemic, a.aleatoric), a.domain_bin)
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_middle_leaves_nothing_behind(make: Make, tmp_path: Path) -> None:
    a = make()
    writer = AnnotationWriter(tmp_path / "set", a.teacher, a.endpoints, a.transfer_digest, a.n_bins, ROWS)

    def interrupted() -> None:
        with writer:
            writer.append(Prediction(a.prediction, a.epistemic, a.aleatoric), a.domain_bin)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_when_the_table_is_closed_leaves_nothing_behind(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    a = make()
    writer = AnnotationWriter(tmp_path / "set", a.teacher, a.endpoints, a.transfer_digest, a.n_bins, ROWS)
    with monkeypatch.context() as patched:
        patched.setattr(pq.ParquetWriter, "close", full)
        with pytest.raises(OSError, match="No space left"), writer:
            writer.append(Prediction(a.prediction, a.epistemic, a.aleatoric), a.domain_bin)
        assert list(tmp_path.iterdir()) == []


def test_a_value_that_cannot_be_is_found_by_the_teacher_before_anything_is_sent(make: Make, tmp_path: Path) -> None:
    a = make()
    writer = AnnotationWriter(tmp_path / "set", a.teacher, a.endpoints, a.transfer_digest, a.n_bins, ROWS)
    with pytest.raises(ArtifactError, match="teacher T1, row 1: active prediction is 2"), writer:
        writer.append(Prediction(a.prediction + 2, a.epistemic, a.aleatoric), a.domain_bin)
    assert list(tmp_path.iterdir()) == []


def test_an_older_set_is_replaced_as_a_whole(make: Make, folder: Path) -> None:
    (folder / "left_over.txt").write_text("old")
    write_annotation_set(folder, make(seed=1))
    assert sorted(file.name for file in folder.iterdir()) == [TABLE, MANIFEST]
    assert read_annotation_set(folder).digest == make(seed=1).digest


def test_equal_sets_give_equal_bytes(make: Make, folder: Path, tmp_path: Path) -> None:
    write_annotation_set(tmp_path / "again", make())
    for name in (TABLE, MANIFEST):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
