"""Train from scratch on the consensus and the company's own labels together (the paper's)."""

from typing import NamedTuple

import numpy as np

from fluid.errors import ConfigError
from fluid.federation.lesson import hard_labels, loss_weight, select_rows
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.federation.stages.undersample import undersample
from fluid.models.ensemble import GraphEnsemble
from fluid.models.kinds.kind import kind_of, put_own, start_of
from fluid.models.predictor import ModelSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import numpy_stream
from fluid.training.concatenated import Shared, shared_weights, train_concatenated
from fluid.training.kinds.kind import Fitted
from fluid.training.kinds.kind import kind_of as model_kind_of
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import Rows


class Public(NamedTuple):
    """The student's molecules of the transfer set, as a hybrid learns them.

    Attributes:
        molecules: `M` molecules.
        target: Soft or hard labels `(M, T)`.
        weight: Loss weights `(M, T)`.
    """

    molecules: MoleculeSet
    target: np.ndarray
    weight: np.ndarray


def joint_rows(adding: AddingBack) -> tuple[Rows, Public]:
    """Return the company's rows and the student's molecules that a hybrid learns from together; see `HybridSpec.undersample`."""
    consensus, transfer, fitting, rows = adding.released.consensus, adding.released.transfer, adding.fitting, adding.rows
    chosen = select_rows(consensus, transfer, adding.selection, fitting.seed)
    target = consensus.soft_label[chosen]
    target = hard_labels(target, consensus.endpoints) if adding.spec.labels == "hard" else target
    public = Public(transfer.molecules.take(chosen), target, loss_weight(consensus, chosen, adding.selection))
    if not adding.spec.undersample:
        return rows, public
    rng = numpy_stream(fitting.seed, fitting.name, "undersample")
    own, shared = undersample(adding.labels[rows[0]], target, consensus.endpoints, rng)
    return (rows[0][own], rows[1]), Public(public.molecules.take(shared), target[shared], public.weight[shared])


def fit(adding: AddingBack) -> Fitted:
    """Train networks from scratch, or make a model without weights anew, on both; neighbours get more molecules, and learn nothing."""
    settings = kind_of(adding.student).settings
    if settings:
        return anew(adding, settings(adding.student))
    molecules, labels = adding.learnt()
    start = start_of(adding.student, molecules)
    if start is None:
        return Fitted(put_own(adding.student, None, molecules, labels))
    trained = from_scratch(adding, start)
    return Fitted(put_own(adding.student, trained.predictor, molecules, labels), trained.curve)  # type: ignore[arg-type]


def from_scratch(adding: AddingBack, like: GraphEnsemble) -> Fitted:
    """Train networks of the student's architecture."""
    fitting, spec = adding.fitting, adding.spec
    rows, public = joint_rows(adding)
    own = Measured(adding.part.molecules, adding.labels, like.endpoints, adding.censored)
    shared = Shared(public.molecules, public.target, public.weight, spec.own_share)
    trained = train_concatenated(fitting.job(like.networks[0].spec), own, shared, rows)
    return Fitted(trained.predictor.with_mc_samples(fitting.mc_samples), trained.curve)


def anew(adding: AddingBack, model: ModelSpec) -> Fitted:
    """Make the student's kind of model of the company's molecules and the student's.

    Raises:
        ConfigError: The student's kind of model cannot learn soft labels.
    """
    distil = model_kind_of(model).distil
    if distil is None:
        raise ConfigError(f"a model of kind {model.kind!r} cannot learn soft labels", expected="hybrid=gate")
    (learnt, _), public = joint_rows(adding)
    labels = adding.labels[learnt]
    molecules = adding.part.molecules.take(learnt).followed_by([public.molecules])
    target = np.concatenate([labels, public.target])
    weight = shared_weights(np.ones_like(labels), public.weight, adding.spec.own_share)
    return distil(adding.fitting, model, Lesson(molecules, target, np.ones_like(target), weight, None, adding.student.endpoints))


MODE = HybridMode(fit, learns_consensus=True, learns_bounds=True)
