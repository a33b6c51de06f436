"""Cross-fitting: transfer molecules that a company has, or that are like its own, are answered by models that saw neither.

The private molecules that are like some transfer molecule fall into groups of like molecules, and the groups into folds. A model for each
fold learns from all private molecules but those of its fold.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluid.annotation.spec import AnnotationSpec
from fluid.data.dataset import Dataset
from fluid.data.quorum import check_quorum
from fluid.errors import ConfigError
from fluid.federation.model_folder import Model
from fluid.models.checkpoint import load_predictor
from fluid.models.cross_fit import CrossFit
from fluid.models.predictor import PredictionsSpec, Predictor
from fluid.molecules.key import number_skeletons
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference

FOLDER = "cross_fit"
BY_ALL = -1


class Overlap(NamedTuple):
    """Which transfer molecules are like which private ones.

    Attributes:
        rows: Row of the transfer set, of each pair `(P,)` int64.
        own: Row of the private split, of each pair `(P,)` int64.
    """

    rows: np.ndarray
    own: np.ndarray


def find_overlap(transfer: MoleculeSet, own: MoleculeSet, similarity: float) -> Overlap:
    """Return all pairs of a transfer molecule and a private one that are the same, stereo-isomers included, or at least so similar."""
    near = NearestReference(np.asarray(own.bits)).pairs(np.asarray(transfer.bits), similarity)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(own.skeletons):
        places.setdefault(one, []).append(place)
    same = [(row, place) for row, one in enumerate(transfer.skeletons) for place in places.get(one, ())]
    pairs = np.unique(np.concatenate([near, np.array(same, dtype=np.int64).reshape(-1, 2)]), axis=0)
    return Overlap(pairs[:, 0], pairs[:, 1])


def group_together(transfer: MoleculeSet, own: MoleculeSet, overlap: Overlap, similarity: float) -> np.ndarray:
    """Return a group for each private molecule `(N,)` int64: those like one transfer molecule, or like each other, are in one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n, skeletons = len(own), number_skeletons([*own.skeletons, *transfer.skeletons])
    like = NearestReference(np.asarray(own.bits)).pairs(np.asarray(own.bits), similarity)
    itself = np.stack([np.arange(n), n + skeletons[:n]], axis=1)
    asked = np.stack([overlap.own, n + skeletons[n:][overlap.rows]], axis=1)
    links = np.concatenate([like, itself, asked])
    nodes = 2 * n + len(transfer)
    graph = coo_matrix((np.ones(len(links), dtype=bool), links.T), shape=(nodes, nodes))
    group: np.ndarray = connected_components(graph, directed=False)[1][:n].astype(np.int64)
    return group


def assign_folds(group: np.ndarray, overlap: Overlap, n: int) -> np.ndarray:
    """Return the fold of each private molecule `(N,)` int64: the model that does not see it; −1 where all do.

    Groups with a molecule that is like a transfer molecule go to the smallest fold, the largest group first.
    """
    folds, sizes = np.full(len(group), BY_ALL, dtype=np.int64), np.zeros(n, dtype=np.int64)
    touched, counts = np.unique(group[np.isin(group, group[overlap.own])], return_counts=True)
    for place in np.argsort(-counts, kind="stable"):
        smallest = int(np.argmin(sizes))
        folds[group == touched[place]] = smallest
        sizes[smallest] += counts[place]
    return folds


def apart(dataset: Dataset, transfer: Dataset, similarity: float) -> Dataset:
    """Return the private molecules that are like no transfer molecule: those that evidence may be counted from."""
    overlap = find_overlap(transfer.molecules, dataset.molecules, similarity)
    return dataset.take(np.setdiff1d(np.arange(len(dataset)), overlap.own))


def cross_fit(
    dataset: Dataset, transfer: Dataset, annotation: AnnotationSpec, quorum: int, fit: Callable[[int, Dataset], Predictor]
) -> CrossFit:
    """Train the models that answer a transfer set.

    Args:
        dataset: The private split.
        transfer: The transfer set.
        annotation: How many models, and from which similarity on molecules are alike.
        quorum: Fewest labels per class that a model needs.
        fit: `(number, dataset)`: trains one of them.

    Raises:
        QuorumError: The overlap leaves too few molecules to train on.
    """
    n, similarity = annotation.folds, annotation.overlap_similarity
    overlap = find_overlap(transfer.molecules, dataset.molecules, similarity)
    folds = assign_folds(group_together(transfer.molecules, dataset.molecules, overlap, similarity), overlap, n)
    parts = [dataset.take(np.flatnonzero(folds != number)) for number in range(n)]
    for number, part in enumerate(parts):
        check_quorum(part.table, quorum, where=f"what the overlap leaves for model {number + 1} of annotation.folds={n}")
    fold_of = {transfer.molecules.skeletons[row]: int(folds[own]) for row, own in zip(overlap.rows, overlap.own, strict=True)}
    models = tuple(fit(number, part) for number, part in enumerate(parts))
    return CrossFit(models, fold_of, transfer.transfer_digest, similarity)


def check_cross_fit(model: object, transfer: str, asked: bool) -> None:
    """Refuse to cross-fit without a transfer set or what cannot be trained, and a transfer set that would not be read.

    Args:
        model: Settings of the teacher.
        transfer: The transfer file, or empty.
        asked: Whether cross-fitting is asked for.

    Raises:
        ConfigError: A file of predictions is to be cross-fitted, or a transfer set is missing, or is given and would not be read.
    """
    if asked and isinstance(model, PredictionsSpec):
        raise ConfigError("a file of predictions cannot be cross-fitted", expected="a model that is trained, or annotation.overlap=refuse")
    if asked and not transfer:
        raise ConfigError(
            "annotation.overlap is cross_fit, and no transfer set is given", expected="transfer=FILE, the one to be annotated"
        )
    if transfer and not asked:
        raise ConfigError("a teacher reads a transfer set only to be cross-fitted", expected="annotation.overlap=cross_fit")


def cross_fitted(teacher: Model, transfer: Dataset) -> Model:
    """Return a teacher with its cross-fitted models in its place; what is like its own molecules does not count for domain scores either.

    Raises:
        ConfigError: The teacher was not cross-fitted, or it was for another transfer set than this one.
    """
    remedy = "Train it with annotation.overlap=cross_fit and transfer=... (this transfer file)."
    if teacher.own is None or not (teacher.folder / FOLDER).is_dir():
        raise ConfigError("the teacher was not cross-fitted", where=str(teacher.folder), remedy=remedy)
    models = load_predictor(teacher.folder / FOLDER)
    if not isinstance(models, CrossFit) or models.transfer_digest != transfer.transfer_digest:
        raise ConfigError("the teacher was cross-fitted for another transfer set", where=str(teacher.folder), remedy=remedy)
    return replace(teacher, predictor=models, own=replace(teacher.own, similarity=models.similarity))
