"""Evidence as a file: it comes back as it was, and a reader trusts nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from fluid.annotation.annotation_set import AnnotationSet, stack
from fluid.annotation.evidence import Evidence
from fluid.annotation.evidence_file import FILE
from fluid.annotation.storage import MANIFEST, TABLE, read_annotation_set, write_annotation_set
from fluid.artifacts import hash_file
from fluid.errors import ArtifactError, ShapeError
from fluid.molecules.substructures import Dictionary
from tests.annotation.conftest import ENDPOINTS, ROWS, Make

DICTIONARY = Dictionary(n_bits=16)


def with_evidence(make: Make, teacher: str = "T1", dictionary: Dictionary = DICTIONARY, endpoints: tuple = ENDPOINTS) -> AnnotationSet:
    rng = np.random.default_rng(3)
    counts = rng.poisson(2, (len(endpoints), dictionary.n_bits)).astype(np.float32)
    familiarity = rng.uniform(1, 5, ROWS).astype(np.float32)
    flat = {"domain_bin": np.zeros(ROWS, np.uint8), "n_bins": 1}
    return make(teacher, evidence=Evidence(dictionary, endpoints, counts), familiarity=familiarity, **flat)


@pytest.fixture
def folder(make: Make, tmp_path: Path) -> Path:
    write_annotation_set(tmp_path / "set", with_evidence(make))
    return tmp_path / "set"


def altered(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest["evidence"])
    (folder / MANIFEST).write_text(json.dumps(manifest))


def forged(folder: Path, counts: np.ndarray, name: str = "counts") -> None:
    """Replace the counts and mend the manifest, as somebody who knows the format would."""
    save_file({name: counts}, folder / FILE)
    altered(folder, lambda told: told.update(sha256=hash_file(folder / FILE)))


def test_evidence_comes_back_as_it_was(make: Make, folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == [TABLE, FILE, MANIFEST]
    read, given = read_annotation_set(folder, "a" * 64, ROWS), with_evidence(make)
    assert read.digest == given.digest != make().digest
    assert read.evidence is not None
    assert read.evidence.dictionary == DICTIONARY
    assert np.array_equal(read.evidence.counts, given.evidence.counts)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.update(sha256="0" * 64), "the file was truncated or altered"),
        (lambda told: told.update(mark="0" * 64), "substructures of another dictionary.*the same version of fluid and of RDKit"),
        (lambda told: told.update(radius=1), "substructures of another dictionary"),
        (lambda told: told.update(n_bits=2), "the dictionary has radius 3 and 2 columns"),
        (lambda told: told.update(radius="two"), "what is said of the evidence cannot be read"),
        (lambda told: told.pop("mark"), "expected radius, n_bits, mark, sha256"),
    ],
)
def test_a_manifest_that_does_not_fit(folder: Path, change: Callable[[dict[str, Any]], None], said: str) -> None:
    altered(folder, change)
    with pytest.raises(ArtifactError, match=said):
        read_annotation_set(folder)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (np.full((2, 16), -1, np.float32), "evidence is -1; expected a finite number, 0 or more"),
        (np.full((2, 16), np.inf, np.float32), "evidence is inf"),
        (np.ones((1, 16), np.float32), r"evidence has shape \(1, 16\)"),
        (np.ones((2, 16)), "type float64"),
    ],
)
def test_counts_that_cannot_be(folder: Path, counts: np.ndarray, said: str) -> None:
    forged(folder, counts)
    with pytest.raises(ArtifactError, match=said):
        read_annotation_set(folder)


def test_a_file_that_is_none(folder: Path) -> None:
    forged(folder, np.ones((2, 16), np.float32), "something")
    with pytest.raises(ArtifactError, match="not a file of evidence"):
        read_annotation_set(folder)
    (folder / FILE).write_bytes(b"PK" * 20)
    altered(folder, lambda told: told.update(sha256=hash_file(folder / FILE)))
    with pytest.raises(ArtifactError, match="not a file of evidence"):
        read_annotation_set(folder)
    (folder / FILE).unlink()
    with pytest.raises(ArtifactError, match="file not found"):
        read_annotation_set(folder)


def test_sets_must_have_released_the_same(make: Make) -> None:
    first = with_evidence(make)
    with pytest.raises(ArtifactError, match="only one of T2 and T1 released evidence"):
        stack([first, make("T2")])
    other = with_evidence(make, "T2", Dictionary(n_bits=32))
    with pytest.raises(ArtifactError, match="the evidence of T2 and T1 is about different substructures"):
        stack([first, other])
    assert stack([first, with_evidence(make, "T2")]).familiarity.shape == (2, ROWS)  # type: ignore[union-attr]


@pytest.mark.parametrize("familiarity", [0.0, 0.9, 1e9, np.nan])
def test_a_familiarity_that_the_evidence_does_not_allow(make: Make, familiarity: float) -> None:
    first = with_evidence(make)
    wrong = first.familiarity.copy()  # type: ignore[union-attr]
    wrong[3] = familiarity
    with pytest.raises(ArtifactError, match="teacher T1, row 4: familiarity is .*; expected a finite number from 0.99999 to"):
        replace(first, familiarity=wrong)


def test_evidence_and_familiarity_go_together(make: Make) -> None:
    first = with_evidence(make)
    with pytest.raises(ShapeError, match="only one of evidence and familiarity"):
        make(familiarity=first.familiarity)
    with pytest.raises(ArtifactError, match="teacher T1: evidence is of the endpoints logd; expected that of active, logd"):
        with_evidence(make, endpoints=ENDPOINTS[1:])
