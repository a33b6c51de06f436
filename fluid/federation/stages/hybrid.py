"""Stage `hybrid`: a company adds its own private split back to what the consortium learnt."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fluid.artifacts import write_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.quorum import check_quorum
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.federation.label_noise import drop_confusions, look_up_confusions
from fluid.federation.model_folder import About, Model, own_molecules, own_thresholds, reference_fingerprints, write_model
from fluid.federation.stages.columns import bounds_for, labels_for
from fluid.federation.stages.held_out import own_validation
from fluid.federation.stages.hybrid_settings import HybridSettings
from fluid.federation.stages.hybrid_spec import AddingBack, HybridSpec, Released
from fluid.federation.stages.own_teacher import OwnTeacher, check_own, choose_best
from fluid.federation.stages.student_checks import check_noise
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.kinds.kind import forgets_labels, has_weights, kind_of, modules_of
from fluid.models.predictor import ModelSpec, Predictor
from fluid.pipeline.stage import Stage, Work
from fluid.training.kinds.kind import MODELS, Fitting
from fluid.training.kinds.kind import modules_of as model_modules
from fluid.training.kinds.kind import refuse_bounds as refuse
from fluid.training.train import LoggerFactory, Rows, no_logger

MODULE = "federation/stages/hybrid.py"

GUARD = "guard.json"


def hybrid_name(company: str) -> str:
    """Return the hybrid's name: `H3` for company `T3`, else `hybrid-<company>`."""
    return "H" + company[1:] if company[:1] == "T" and company[1:].isdigit() else f"hybrid-{company}"


def aligned_labels(company: str, dataset: Dataset, endpoints: tuple[Endpoint, ...]) -> np.ndarray:
    """Return the company's labels `(M, T)` in the student's column order; NaN for endpoints that it did not measure.

    Raises:
        ConfigError: The company has an endpoint that the student does not know, or defines it otherwise.
    """
    unknown = [e.name for e in dataset.endpoints if e not in endpoints]
    if unknown:
        known = ", ".join(str(e.name) for e in endpoints)
        raise ConfigError(
            f"endpoint {unknown[0]!r} of {company} is not one of the student's", expected=f"the same definition as in: {known}"
        )
    return labels_for(dataset, endpoints)


def refuse_bounds(student: Predictor, spec: HybridSpec, bounds: np.ndarray | None, company: str) -> None:
    """Refuse to add labels that are bounds where they would be taken for values.

    Raises:
        ConfigError: A label is a bound, and the mode, or the student, takes every label for a value.
    """
    if not spec.how.learns_bounds:
        refuse(f"hybrid={spec.mode}", bounds, company)
    if spec.how.adds_labels and not forgets_labels(student):
        refuse(f"hybrid={spec.mode} of a student that keeps values ({student.kind})", bounds, company)


def hybrid_loss(loss: LossSpec, released: Released, spec: HybridSpec, selection: SelectionSpec) -> LossSpec:
    """Return the loss of soft labels: with the consensus' own confusions, if they are asked for and a network learns its labels.

    Otherwise none is looked up: what a student says is said of the truth already.

    Raises:
        ConfigError: The confusion of the consensus is asked for, and the consensus holds no confusion, or not that of what is learnt.
    """
    if not loss.automatic or not spec.how.learns_consensus or not has_weights(released.model.predictor):
        return drop_confusions(loss)
    check_noise(loss, StudentSpec(), selection)
    if spec.undersample:
        raise ConfigError("loss.confusion is auto, and hybrid.undersample drops molecules by their labels", expected="only one of both")
    return look_up_confusions(loss, released.consensus.confusions, released.consensus.endpoints, spec.labels)


def check_student(model: Model, spec: HybridSpec) -> None:
    """Refuse what is no student, or one that the spec cannot go on from.

    Raises:
        ConfigError: The model is no student; or it has no weights, takes no labels, or has no experts, and the mode needs that.
    """
    weightless = weightless_settings(model.predictor)
    if weightless:
        spec.check_weightless(weightless.kind)
        spec.check_student(weightless.kind, takes_labels=True, has_experts=False)
        return
    kind = kind_of(model.predictor)
    if kind.with_own is None:
        raise ConfigError(f"model {model.name!r} is no student", where=str(model.folder), expected="a student made by distill")
    spec.check_student(model.predictor.kind, kind.takes_labels, kind.has_experts)


def own_rows(dataset: Dataset, labels: np.ndarray, own: OwnTeacher | None, settings: HybridSettings, name: str) -> Rows:
    """Return the rows that are learnt and those held out: those of the own teacher, if it takes part."""
    if own is not None:
        return own.rows(dataset, settings.hybrid.chooses)
    return own_validation(labels, settings.config, settings.seed, name, dataset.molecules.skeletons)


def weightless_settings(student: Predictor) -> ModelSpec | None:
    """Return the settings of a student without weights, by which it is made anew; `None` of any other."""
    settings = kind_of(student).settings
    return settings(student) if settings else None


def training_modules(student: Predictor) -> tuple[str, ...]:
    """Return the modules of other packages that make a student without weights anew."""
    model = weightless_settings(student)
    return model_modules(model) if model else ()


def deciding_inputs(settings: HybridSettings, student: Predictor) -> Mapping[str, Any]:
    """Return what of the settings decides what becomes of a student."""
    model = weightless_settings(student)
    config = MODELS[model.kind].decides(model, settings.config) if model else {"config": settings.config}
    return {
        "spec": settings.hybrid,
        "selection": settings.selection,
        **config,
        "trainer": settings.trainer.deciding(),
        "annotation": settings.annotation,
        "seed": settings.seed,
        "quorum": settings.quorum,
    }


def hybrid_stage(
    company: str,
    dataset: Dataset,
    released: Released,
    settings: HybridSettings,
    logger: LoggerFactory = no_logger,
    teacher: OwnTeacher | None = None,
) -> Stage:
    """Describe how one company's own data are added back to the student, as `settings.hybrid.mode` says.

    With `guard`, or in a mode that needs it, the company's own `teacher` takes part, and nothing learns from what that teacher held out.
    """
    spec, student, name = settings.hybrid, released.model.predictor, hybrid_name(company)
    check_student(released.model, spec)
    asked = replace(settings, config=replace(settings.config, loss=hybrid_loss(settings.config.loss, released, spec, settings.selection)))
    check_own(teacher, spec.needs_teacher, student.endpoints)
    own = teacher if spec.needs_teacher else None
    labels, bounds = aligned_labels(company, dataset, student.endpoints), bounds_for(dataset, student.endpoints)
    refuse_bounds(student, spec, bounds, company)
    rows = own_rows(dataset, labels, own, asked, name)

    def build(folder: Path, work: Work) -> None:
        check_quorum(dataset.table, asked.quorum, where=company)
        how = (asked.config, asked.trainer, asked.seed, asked.annotation.mc_samples, logger, work.report, work.scratch)
        fitting = Fitting(name, *how)
        predictor, curve, _ = spec.how.fit(AddingBack(spec, dataset, labels, rows, released, asked.selection, fitting, own, bounds))
        if spec.guard and own is not None:
            predictor, kept, losses = choose_best(predictor, own, student, dataset, labels, bounds)
            write_json(folder / GUARD, {"kept": kept, "losses": losses, "molecules": len(rows[1])})
        thresholds = own_thresholds(predictor, dataset.molecules.take(rows[1]), labels[rows[1]])
        reference = reference_fingerprints(dataset.molecules, asked.seed)
        about = About(name, "hybrid", thresholds, reference, asked.annotation, own=own_molecules(dataset.molecules, asked.seed))
        write_model(folder, predictor, about, curve)

    inputs = {"part": dataset.digest, **released.inputs(), "teacher": own.model.digest if own else "", **deciding_inputs(asked, student)}
    answering = (student, own.model.predictor) if own else (student,)
    modules = (*spec.modules, *modules_of(*answering), *training_modules(student), *asked.config.loss.modules)
    return Stage("hybrid", name, inputs, build, MODULE, asked.trainer.threads_for(asked.config), modules=modules)
