from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.artifacts import open_artifact, seal
from fluid.data.dataset import Dataset, read_dataset, write_dataset
from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.molecules.molecule_set import MoleculeSet

SMILES = ("CCO", "c1ccccc1O", "CCN")
ENDPOINTS = (Endpoint.parse("blocker"), Endpoint.parse("pic50 [log mol/L]"))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    labels = np.array([[1, 5.5], [0, np.nan], [np.nan, 4.0]], dtype=np.float32)
    return Dataset(MoleculeSet.from_smiles(SMILES), ENDPOINTS, labels)


def test_rows_keep_molecules_and_labels_together(dataset: Dataset) -> None:
    turned = dataset.take(np.array([2, 0]))
    assert turned.molecules.smiles == ("CCN", "CCO")
    np.testing.assert_array_equal(turned.labels, dataset.labels[[2, 0]])
    assert turned.endpoints == ENDPOINTS
    assert dataset.take(np.arange(3)) is dataset
    assert len(dataset.take(np.array([], dtype=np.int64))) == 0


def test_it_is_read_as_it_was_written(dataset: Dataset, tmp_path: Path) -> None:
    write_dataset(tmp_path, dataset.table, [(dataset.molecules.graphs, dataset.molecules.bits)])
    seal(tmp_path, "intake", "key")
    again = read_dataset(open_artifact(tmp_path))
    assert (again.digest, again.transfer_digest) == (dataset.digest, dataset.transfer_digest)
    np.testing.assert_array_equal(again.labels, dataset.labels)


def test_the_digest_is_of_molecules_labels_and_endpoints(dataset: Dataset) -> None:
    other = dataset.labels.copy()
    other[0, 0] = 0
    changed = [
        dataset.with_labels(other, ENDPOINTS),
        dataset.with_labels(dataset.labels, (Endpoint.parse("hit"), ENDPOINTS[1])),
        dataset.take(np.array([1, 0, 2])),
    ]
    assert len({dataset.digest, *(one.digest for one in changed)}) == 4
    assert [one.transfer_digest == dataset.transfer_digest for one in changed] == [True, True, False]


def test_labels_of_another_shape_are_refused(dataset: Dataset) -> None:
    with pytest.raises(ShapeError, match=r"labels have shape \(3, 1\); expected \(3, 2\)"):
        replace(dataset, labels=dataset.labels[:, :1])
