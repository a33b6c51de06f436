"""Train on a private split and soft labels of public molecules together."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluid.data.censoring import find_bounds, join_censored
from fluid.distillation.loss_spec import LossSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.training.config import FineTuning
from fluid.training.lesson import Measured
from fluid.training.loader import Examples
from fluid.training.train import Job, Rows, Trained, balanced_weights, calibrate, label_scale, own_rows, train_ensemble


def shared_weights(own: np.ndarray, public: np.ndarray, own_share: float | None) -> np.ndarray:
    """Return weights of own and public molecules together, of which the own ones have a share in total; `None`: all molecules alike."""
    if own_share is None or not (len(own) and len(public)):
        return np.concatenate([own, public])
    n = len(own) + len(public)
    return np.concatenate([own * (own_share * n / len(own)), public * ((1 - own_share) * n / len(public))]).astype(np.float32)


class Shared(NamedTuple):
    """Public molecules that are learnt together with a private split.

    Attributes:
        molecules: `M` transfer molecules.
        soft_label: Their soft labels `(M, T)`, NaN missing.
        weight: And weights `(M, T)`.
        own_share: Share of the private molecules in the weight of all; `None`: all molecules alike.
    """

    molecules: MoleculeSet
    soft_label: np.ndarray
    weight: np.ndarray
    own_share: float | None = None


def train_concatenated(job: Job, private: Measured, shared: Shared, rows: Rows | None = None) -> Trained:
    """Train a hybrid from scratch on a private split and the consensus together; validated and calibrated on private rows.

    The loss that the config names compares the answers with soft labels; measured labels have their cross-entropy or likelihood.

    Args:
        job: Name, architecture, config, seed.
        private: The private split.
        shared: The transfer molecules.
        rows: Training and validation rows of the private split; default: the job's own.
    """
    from fluid.training.module import StudentModule, TeacherModule

    molecules, labels, endpoints, censored = private
    rows = own_rows(job, labels, molecules.skeletons) if rows is None else rows
    own_weight = balanced_weights(labels, endpoints) if job.config.balance else np.ones_like(labels)
    apart = job.config.loss != LossSpec()  # else measured and soft labels are compared in the same way
    own = measured_targets(molecules, labels, own_weight, apart, find_bounds(censored))
    soft = Examples(shared.molecules.graphs, shared.soft_label, shared.weight)
    both = join_examples(own.take(rows[0]), soft, shared.own_share)
    if apart:
        job = replace(job, config=replace(job.config, fine_tuning=FineTuning(alpha=0.5, alpha_start=0.5)))
    scaling = label_scale(np.concatenate([labels[rows[0]], shared.soft_label]), endpoints)
    trained = train_ensemble(job, StudentModule if apart else TeacherModule, endpoints, both, own.take(rows[1]), scaling)
    return Trained(calibrate(trained.predictor, molecules.take(rows[1]), labels[rows[1]]), trained.curve)


def measured_targets(
    molecules: MoleculeSet, labels: np.ndarray, weight: np.ndarray, apart: bool, censored: np.ndarray | None = None
) -> Examples:
    """Return measured labels as targets, or `apart` from soft ones, so that another loss can be used for these."""
    if not apart:
        return Examples(molecules.graphs, labels, weight, censored=censored)
    return Examples(molecules.graphs, np.full_like(labels, np.nan), weight, hard=labels, censored=censored)


def join_examples(own: Examples, public: Examples, own_share: float | None) -> Examples:
    """Return own and public examples together; see `shared_weights`."""
    graphs, weight = own.graphs.concatenate([public.graphs]), shared_weights(own.weight, public.weight, own_share)
    hard = None if own.hard is None else np.concatenate([own.hard, np.full_like(public.target, np.nan)])
    censored = join_censored([(own.target, own.censored), (public.target, public.censored)])
    return Examples(graphs, np.concatenate([own.target, public.target]), weight, hard, censored=censored)
