import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.table import METADATA, MoleculeTable, stored_endpoints
from fluid.errors import ArtifactError, InputError, ShapeError

ENDPOINTS = (Endpoint("hit"), Endpoint("pic50", unit="log", threshold=5.0), Endpoint("logd", "regression", "-"))
LABELS = np.array([[0, 1, -0.5], [1, np.nan, 2.25], [np.nan, 0, np.nan]], dtype=np.float32)
SMILES, KEYS = ("CCO", "c1ccccc1", "CC"), ("A" * 14, "B" * 14, "C" * 14)


@pytest.fixture
def table():
    return MoleculeTable(SMILES, KEYS, LABELS, ENDPOINTS)


def unlabelled(size=3):
    return MoleculeTable(SMILES[:size], KEYS[:size], np.empty((size, 0), dtype=np.float32))


def assert_equal(one, two):
    assert (one.smiles, one.keys, one.endpoints) == (two.smiles, two.keys, two.endpoints)
    assert two.labels.dtype == np.float32
    np.testing.assert_array_equal(one.labels, two.labels)
    assert one.digest == two.digest


def test_what_is_saved_is_loaded(table, tmp_path):
    for number, saved in enumerate((table, unlabelled(), unlabelled(0), table.take(np.array([], dtype=int)))):
        saved.save(tmp_path / f"{number}.parquet")
        assert_equal(saved, MoleculeTable.load(tmp_path / f"{number}.parquet"))


def test_a_folder_that_looks_like_a_partition_adds_nothing(table, tmp_path):
    path = tmp_path / "smiles=1" / "t.parquet"
    table.save(path)
    assert_equal(table, MoleculeTable.load(path))


def test_equal_tables_give_equal_bytes_and_nothing_else_is_left(table, tmp_path):
    twin_labels = np.asfortranarray(LABELS.copy())
    twin_labels[np.isnan(twin_labels)] = -np.float32("nan")
    twin_labels[0, 0] = np.float32("-0.0")
    twin = MoleculeTable(SMILES, KEYS, twin_labels, ENDPOINTS)
    table.save(tmp_path / "one.parquet")
    twin.save(tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert table.digest == twin.digest
    assert sorted(os.listdir(tmp_path)) == ["one.parquet", "two.parquet"]


def test_the_digest_depends_on_everything(table):
    other = LABELS.copy()
    other[0, 0] = 1
    variants = [
        table,
        table.take(np.array([1, 0, 2])),
        MoleculeTable(("CCN", *SMILES[1:]), KEYS, LABELS, ENDPOINTS),
        MoleculeTable(SMILES, ("Z" * 14, *KEYS[1:]), LABELS, ENDPOINTS),
        MoleculeTable(SMILES, KEYS, other, ENDPOINTS),
        MoleculeTable(SMILES, KEYS, LABELS, (ENDPOINTS[0], Endpoint("pic50", threshold=6.0), ENDPOINTS[2])),
        unlabelled(),
    ]
    assert len({variant.digest for variant in variants}) == len(variants)


def test_take_by_number_and_by_mask(table):
    by_number = table.take(np.array([2, 0]))
    assert by_number.smiles == ("CC", "CCO")
    assert by_number.keys == (KEYS[2], KEYS[0])
    np.testing.assert_array_equal(by_number.labels, LABELS[[2, 0]])
    assert_equal(table.take(np.array([True, False, True])), table.take(np.array([0, 2])))
    assert len(table.take(np.zeros(3, dtype=bool))) == 0


def test_the_parts_join_to_the_whole(table):
    first, *others = (table.take(np.array([i])) for i in range(3))
    assert_equal(first.concatenate(others), table)
    assert_equal(table.concatenate([]), table)


def test_tables_with_other_endpoints_do_not_join(table):
    with pytest.raises(ShapeError, match="tables with different endpoints cannot be joined"):
        table.concatenate([unlabelled()])


def test_a_table_does_not_join_with_itself(table):
    with pytest.raises(ShapeError, match="a molecule key is there twice"):
        table.concatenate([table])


@pytest.mark.parametrize(
    ("smiles", "keys", "labels", "endpoints"),
    [
        (SMILES[:2], KEYS, LABELS, ENDPOINTS),
        (SMILES, KEYS[:2], LABELS, ENDPOINTS),
        (SMILES, KEYS, LABELS[:2], ENDPOINTS),
        (SMILES, KEYS, LABELS[:, :2], ENDPOINTS),
        (SMILES, KEYS, LABELS[:, 0], ENDPOINTS[:1]),
    ],
)
def test_lengths_that_disagree_are_refused(smiles, keys, labels, endpoints):
    with pytest.raises(ShapeError, match=r"smiles, .* keys, labels .* endpoints; expected \(molecules, endpoints\) labels"):
        MoleculeTable(smiles, keys, labels, endpoints)


def test_other_number_types_are_refused():
    with pytest.raises(ShapeError, match="labels have type float64; expected float32"):
        MoleculeTable(SMILES, KEYS, LABELS.astype(np.float64), ENDPOINTS)


def test_repeated_keys_and_names_are_refused():
    with pytest.raises(ShapeError, match=r"a molecule key is there twice.*intake, which merges duplicates"):
        MoleculeTable(SMILES, (KEYS[0],) * 3, LABELS, ENDPOINTS)
    with pytest.raises(ShapeError, match="an endpoint name is there twice"):
        MoleculeTable(SMILES, KEYS, LABELS, (ENDPOINTS[0],) * 3)


def test_infinite_labels_are_refused():
    labels = LABELS.copy()
    labels[1, 2] = -np.inf
    with pytest.raises(InputError, match="a label is infinite; expected finite labels, or NaN where not measured"):
        MoleculeTable(SMILES, KEYS, labels, ENDPOINTS)


def test_a_missing_file_is_an_artifact_error(tmp_path):
    with pytest.raises(
        ArtifactError, match=r"t\.parquet: cannot be read as a molecule table \(file not found\)\. Delete it and run again\."
    ):
        MoleculeTable.load(tmp_path / "t.parquet")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_torn_file_is_an_artifact_error(table, tmp_path, share):
    path = tmp_path / "t.parquet"
    table.save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ArtifactError, match=r"t\.parquet: cannot be read as a molecule table") as caught:
        MoleculeTable.load(path)
    assert "\n" not in str(caught.value)


def change(table, path, edit):
    table.save(path)
    stored = pq.ParquetFile(path).read()
    pq.write_table(edit(stored), path)


def metadata(value):
    return lambda t: t.replace_schema_metadata({METADATA: json.dumps(value).encode()})


def set_column(name, values):
    return lambda t: t.set_column(t.column_names.index(name), name, pa.array(values))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda t: t.replace_schema_metadata(None), "it lacks a column or its endpoints"),
        (lambda t: t.drop_columns(["key"]), "it lacks a column or its endpoints"),
        (lambda t: t.drop_columns(["label/hit"]), "it lacks a column or its endpoints"),
        (metadata([{"name": "hit", "kind": "ranking"}]), "describes no endpoint"),
        (metadata(5), "not iterable"),
        (set_column("smiles", ["C", None, "CC"]), "a molecule or key is missing"),
        (set_column("key", ["A", "A", "B"]), "a molecule key is there twice"),
        (set_column("label/hit", [0.0, 2.0, 1.0]), "a label of endpoint 'hit' is not 0, 1 or missing"),
        (set_column("label/logd", [0.0, float("inf"), 1.0]), "a label is infinite"),
        (set_column("label/logd", ["a", "b", "c"]), "could not convert"),
    ],
)
def test_an_altered_file_is_an_artifact_error(table, tmp_path, edit, why):
    path = tmp_path / "t.parquet"
    change(table, path, edit)
    with pytest.raises(ArtifactError, match=f"t.parquet: cannot be read as a molecule table .*{why}"):
        MoleculeTable.load(path)


def test_a_failed_save_leaves_the_old_file(table, tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    table.save(path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        unlabelled().save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_stored_endpoints_are_known_without_reading_the_rows(table, tmp_path):
    table.save(tmp_path / "t.parquet")
    assert stored_endpoints(tmp_path / "t.parquet") == ENDPOINTS
    pq.write_table(pa.table({"smiles": ["C"]}), tmp_path / "other.parquet")
    assert stored_endpoints(tmp_path / "other.parquet") is None
    assert stored_endpoints(tmp_path / "absent.parquet") is None
