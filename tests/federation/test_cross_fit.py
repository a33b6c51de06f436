"""Overlapping transfer molecules are answered by models that saw neither them nor what is like them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError, QuorumError
from fluid.federation import company
from fluid.federation.cross_fit import BY_ALL, apart, assign_folds, cross_fit, find_overlap, group_together
from fluid.federation.requests import AnnotateRequest, TeacherRequest
from fluid.models.predictor import ForestSpec, PredictionsSpec, Predictor
from fluid.molecules.fingerprints import tanimoto
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Library

ALIKE = 0.7
Make = Callable[[range | list[int]], Dataset]


class Constant:
    kind = "forest"
    endpoints = (Endpoint("active"),)


@pytest.fixture(scope="module")
def make(library: Library) -> Make:
    def run(rows: range | list[int]) -> Dataset:
        labels = np.array([[library.active[row]] for row in rows], dtype=np.float32)
        return Dataset(MoleculeSet.from_smiles([library.smiles[row] for row in rows]), (Endpoint("active"),), labels)

    return run


def similarity(one: Dataset, other: Dataset) -> np.ndarray:
    """Return similarities `(M, N)`, 1 where molecules share a skeleton."""
    found = tanimoto(np.asarray(one.molecules.bits), np.asarray(other.molecules.bits))
    same = np.array(one.molecules.skeletons)[:, None] == np.array(other.molecules.skeletons)[None]
    return np.where(same, 1.0, found)


def test_the_overlap_is_every_pair_that_is_alike(make: Make) -> None:
    transfer, own = make(range(100, 160)), make(range(130))
    overlap = find_overlap(transfer.molecules, own.molecules, ALIKE)
    assert list(zip(*overlap, strict=True)) == [tuple(pair) for pair in np.argwhere(similarity(transfer, own) >= ALIKE)]


def test_no_model_saw_what_it_answers_or_what_is_like_it(make: Make) -> None:
    transfer, own, seen = make(range(100, 160)), make(range(130)), dict[int, Dataset]()

    def fit(number: int, part: Dataset) -> Predictor:
        seen[number] = part
        return Constant()  # type: ignore[return-value]

    models = cross_fit(own, transfer, AnnotationSpec(folds=3), 1, fit)
    folds = models.folds(transfer.molecules.skeletons)
    alike = similarity(transfer, own).max(axis=1) >= ALIKE
    assert 20 < alike.sum() < 60
    for row in np.flatnonzero(alike):
        one, part = transfer.take(np.array([row])), seen[folds[row]]
        assert similarity(one, part).max() < ALIKE
        left_out = own.take(np.flatnonzero(~np.isin(own.molecules.keys, part.molecules.keys)))
        assert similarity(left_out, part).max() < ALIKE  # nor near neighbours of what it did not see
    assert set(models.fold_of) == {transfer.molecules.skeletons[row] for row in np.flatnonzero(alike)}


def test_nothing_alike_leaves_all_molecules_to_all_models(make: Make) -> None:
    own, transfer = make(range(40)), make([400])
    far = replace(transfer, molecules=MoleculeSet.from_smiles(["CCCCCCCCCCBr"]))
    overlap = find_overlap(far.molecules, own.molecules, ALIKE)
    folds = assign_folds(group_together(far.molecules, own.molecules, overlap, ALIKE), overlap, 3)
    assert set(folds) == {BY_ALL}
    assert len(apart(own, far, ALIKE)) == len(own)


def test_groups_are_dealt_to_the_smallest_fold_the_largest_first() -> None:
    group = np.array([0, 0, 0, 1, 1, 2, 3])
    overlap = find_overlap(*[MoleculeSet.from_smiles([])] * 2, ALIKE)._replace(rows=np.arange(3), own=np.array([0, 3, 5]))
    assert assign_folds(group, overlap, 2).tolist() == [0, 0, 0, 1, 1, 1, BY_ALL]


def test_evidence_is_counted_without_what_is_alike(make: Make) -> None:
    transfer, own = make(range(100, 160)), make(range(130))
    kept = apart(own, transfer, ALIKE)
    expected = np.flatnonzero(similarity(transfer, own).max(axis=0) < ALIKE)
    assert kept.molecules.keys == tuple(own.molecules.keys[row] for row in expected)


def test_an_overlap_that_leaves_too_little_is_refused(make: Make) -> None:
    own = make(range(60))
    with pytest.raises(QuorumError, match=r"what the overlap leaves for model 1 of annotation.folds=2"):
        cross_fit(own, own, AnnotationSpec(folds=2), 40, lambda number, part: Constant())  # type: ignore[arg-type, return-value]


@pytest.fixture
def request_of(library: Library, tmp_path: Path) -> TeacherRequest:
    """Return the order of a forest that is cross-fitted for a transfer set of which a quarter is its own."""
    library.write(tmp_path / "own.csv", range(120))
    library.write(tmp_path / "transfer.csv", range(100, 180), labelled=False)
    return TeacherRequest(
        str(tmp_path / "own.csv"),
        "Acme",
        tmp_path / "teacher",
        ForestSpec(n_trees=3),
        IntakeSpec(endpoints=("active",), quorum=5, workers=0),
        annotation=AnnotationSpec(overlap="cross_fit", folds=2),
        transfer=str(tmp_path / "transfer.csv"),
    )


def test_a_cross_fitted_teacher_answers_its_transfer_set_and_no_other(request_of: TeacherRequest, library: Library, tmp_path: Path) -> None:
    runner = Runner(ArtifactStore(tmp_path / "store"))
    company.train_teacher(request_of, runner)
    order = AnnotateRequest(request_of.out, request_of.transfer, tmp_path / "said", IntakeSpec(workers=0), request_of.annotation)
    company.annotate(order, runner)
    said = read_annotation_set(order.out / "annotation_set")
    allowed = replace(order, out=tmp_path / "allowed", annotation=replace(order.annotation, overlap="allow"))
    company.annotate(allowed, runner)
    own_model = read_annotation_set(allowed.out / "annotation_set")
    assert (said.prediction[:20] != own_model.prediction[:20]).mean() > 0.3
    assert (said.domain_bin <= own_model.domain_bin).all()
    library.write(Path(order.transfer), range(100, 179), labelled=False)
    with pytest.raises(ConfigError, match="cross-fitted for another transfer set"):
        company.annotate(replace(order, out=tmp_path / "other"), runner)


def test_what_cannot_be_cross_fitted_is_refused(request_of: TeacherRequest, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cross_fit, and no transfer set is given"):
        replace(request_of, transfer="")
    with pytest.raises(ConfigError, match="reads a transfer set only to be cross-fitted"):
        replace(request_of, annotation=AnnotationSpec())
    with pytest.raises(ConfigError, match="a file of predictions cannot be cross-fitted"):
        replace(request_of, model=PredictionsSpec("said.csv"))
    runner = Runner(ArtifactStore(tmp_path / "store"))
    company.train_teacher(replace(request_of, annotation=AnnotationSpec(), transfer=""), runner)
    order = AnnotateRequest(request_of.out, request_of.transfer, tmp_path / "said", IntakeSpec(workers=0), request_of.annotation)
    with pytest.raises(ConfigError, match=r"the teacher was not cross-fitted.*Train it with annotation.overlap=cross_fit"):
        company.annotate(order, runner)
