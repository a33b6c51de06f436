import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fluid.artifacts import Artifact, open_artifact
from fluid.errors import ArtifactError, ShapeError
from fluid.molecules.array_writer import ArrayWriter
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.library import read_library, write_library, write_parts
from fluid.molecules.packed import FILES, PackedGraphs
from fluid.molecules.workers import featurize_part, featurize_stream
from fluid.pipeline.store import ArtifactStore

SMILES = tuple(f"{'C' * (i % 17 + 1)}O{'C' * (i % 5)}" for i in range(300))
KEYS = tuple(map(str, range(300)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32])
@pytest.mark.parametrize("row_shape", [(), (3,)])
def test_rows_in_parts_are_the_array_that_numpy_reads(tmp_path: Path, dtype: type, row_shape: tuple[int, ...]) -> None:
    whole = np.random.default_rng(0).integers(0, 200, (50, *row_shape)).astype(dtype)
    with ArrayWriter(tmp_path / "a.npy", dtype, row_shape) as writer:
        for part in (whole[:0], whole[:7], whole[7:]):
            writer.append(part)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), whole)
    assert np.load(tmp_path / "a.npy", mmap_mode="r").dtype == dtype


@pytest.mark.parametrize(("workers", "chunk"), [(1, 1000), (1, 7), (2, 50)])
def test_a_library_does_not_depend_on_workers_or_chunks(tmp_path: Path, workers: int, chunk: int) -> None:
    (tmp_path / "graphs").mkdir()
    write_parts(tmp_path, featurize_stream(SMILES, workers, chunk))
    molecules, expected = read_library(tmp_path, SMILES, KEYS), PackedGraphs.from_smiles(SMILES)
    for name in FILES:
        np.testing.assert_array_equal(getattr(molecules.graphs, name), getattr(expected, name))
    np.testing.assert_array_equal(molecules.bits, morgan_bits(SMILES))


def test_chunks_of_a_memory_mapped_library_can_be_read_twice(tmp_path: Path) -> None:
    write_library(tmp_path, SMILES, 1)
    molecules = read_library(tmp_path, SMILES, KEYS)
    for _ in range(2):
        bits = np.concatenate([chunk.bits for chunk in molecules.chunks(64)])
        np.testing.assert_array_equal(bits, morgan_bits(SMILES))


def test_an_empty_library(tmp_path: Path) -> None:
    write_library(tmp_path, (), 2)
    assert len(read_library(tmp_path, (), ())) == 0


def test_missing_fingerprints_are_named(tmp_path: Path) -> None:
    write_library(tmp_path, SMILES, 1)
    (tmp_path / "bits.npy").unlink()
    with pytest.raises(ArtifactError, match=r"bits\.npy.*fingerprints cannot be read"):
        read_library(tmp_path, SMILES, KEYS)


def test_parts_are_made_lazily() -> None:
    stream = featurize_stream(SMILES, 1, 10)
    graphs, bits = next(stream)
    assert len(graphs) == len(bits) == 10
    assert len(featurize_part(SMILES[:3])[0]) == 3


@pytest.mark.parametrize("content", [b"", b"no array"])
def test_emptied_or_foreign_fingerprints_are_named(tmp_path: Path, content: bytes) -> None:
    write_library(tmp_path, SMILES, 1)
    (tmp_path / "bits.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"bits\.npy: fingerprints cannot be read.*Delete the folder"):
        read_library(tmp_path, SMILES, KEYS)


@pytest.mark.parametrize("wrong", [np.zeros((300, 256)), np.zeros((300, 128), np.uint8), np.zeros(300, np.uint8), np.array(1, np.uint8)])
def test_fingerprints_of_another_kind_are_refused(tmp_path: Path, wrong: np.ndarray) -> None:
    write_library(tmp_path, SMILES, 1)
    np.save(tmp_path / "bits.npy", wrong)
    with pytest.raises(ArtifactError, match=r"bits\.npy: fingerprints have shape .*expected uint8 rows of 256"):
        read_library(tmp_path, SMILES, KEYS)


def test_another_number_of_molecules_is_refused(tmp_path: Path) -> None:
    write_library(tmp_path, SMILES, 1)
    with pytest.raises(ShapeError, match="299 smiles, 299 keys, 300 graphs and 300 fingerprints"):
        read_library(tmp_path, SMILES[:-1], KEYS[:-1])


def test_a_library_that_was_interrupted_is_refused(tmp_path: Path) -> None:
    def torn() -> Iterator[tuple[PackedGraphs, np.ndarray]]:
        yield featurize_part(SMILES[:10])
        raise KeyboardInterrupt

    (tmp_path / "graphs").mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_parts(tmp_path, torn())
    with pytest.raises(ArtifactError, match=r"format\.json: the library was not finished.*Delete the folder"):
        read_library(tmp_path, SMILES, KEYS)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("features", 0, r"format\.json: the library was written with features version 0; expected \d+\. Delete the folder"),
        ("rdkit", "1.2.3", r"format\.json: the library was written with rdkit version '1\.2\.3'; expected 20.*Delete the folder"),
        ("molecules", 299, r"the library has 300 molecules; expected 299\. Delete the folder"),
        ("atoms", 1, r"the library has \d+ atoms; expected 1\. Delete the folder"),
        ("edges", None, r"the library has \d+ edges; expected None\. Delete the folder"),
    ],
)
def test_a_library_of_another_version_or_size_is_refused(tmp_path: Path, name: str, value: object, message: str) -> None:
    write_library(tmp_path, SMILES, 1)
    path = tmp_path / "format.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(ArtifactError, match=message):
        read_library(tmp_path, SMILES, KEYS)


@pytest.mark.parametrize("content", ["", "[1]", "{"])
def test_an_emptied_or_foreign_description_is_refused(tmp_path: Path, content: str) -> None:
    write_library(tmp_path, SMILES, 1)
    (tmp_path / "format.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"format\.json"):
        read_library(tmp_path, SMILES, KEYS)


def test_a_library_does_not_change_between_writes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_library(tmp_path / name, SMILES, 1)
    assert (tmp_path / "one" / "format.json").read_bytes() == (tmp_path / "two" / "format.json").read_bytes()


def test_a_stored_library_is_found_again_and_an_altered_one_is_rebuilt(tmp_path: Path) -> None:
    store, inputs, expected = ArtifactStore(tmp_path), {"smiles": SMILES}, PackedGraphs.from_smiles(SMILES)

    def get() -> tuple[Artifact, bool]:
        return store.get_or_make("library", inputs, lambda folder: write_library(folder, SMILES, 1))

    built, found = get()
    assert not found
    assert get() == (built, True)
    path = built / "graphs" / "neighbours.npy"
    content = bytearray(path.read_bytes())
    content[-2] ^= 1  # no shape or length changes: only the hash can tell
    path.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=r"neighbours\.npy: content differs from its manifest"):
        open_artifact(built.folder)
    with pytest.warns(UserWarning, match=r"neighbours\.npy: content differs from its manifest.*made again"):
        again, found = get()
    assert not found
    assert again.digest == built.digest
    np.testing.assert_array_equal(read_library(again.folder, SMILES, KEYS).graphs.neighbours, expected.neighbours)
