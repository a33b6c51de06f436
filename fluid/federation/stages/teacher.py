"""Stage `teacher`: a company trains its own model on its private split, or brings one."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from fluid.artifacts import plain, write_json
from fluid.data.dataset import Dataset
from fluid.data.quorum import check_quorum
from fluid.federation.cross_fit import FOLDER as CROSS_FIT
from fluid.federation.cross_fit import apart, cross_fit
from fluid.federation.model_folder import (
    About,
    distance_reference,
    own_molecules,
    own_thresholds,
    reference_fingerprints,
    released_evidence,
    write_model,
)
from fluid.federation.stages.certified import certify, check_affordable, with_noise
from fluid.federation.stages.held_out import HELD_OUT, own_validation
from fluid.federation.stages.teacher_settings import TeacherSettings
from fluid.models.checkpoint import save_predictor
from fluid.models.predictor import ModelSpec, Predictor
from fluid.pipeline.stage import Stage, Work
from fluid.seeding import noise_source
from fluid.training.kinds.kind import Fitting, check_bounds, kind_of, modules_of
from fluid.training.lesson import Measured
from fluid.training.train import LoggerFactory, no_logger

MODULE = "federation/stages/teacher.py"


def teacher_stage(
    name: str, dataset: Dataset, settings: TeacherSettings, logger: LoggerFactory = no_logger, transfer: Dataset | None = None
) -> Stage:
    """Describe the training of one teacher.

    Args:
        name: Company (`T3`) or `pooled`.
        dataset: Its private split.
        settings: How it is trained.
        logger: Makes the training run's logger.
        transfer: Transfer set that it is cross-fitted for: models that saw nothing like a transfer molecule lie beside it, and evidence
            is counted without such molecules. `None`: it is not.

    Raises:
        ConfigError: A label is a bound, and the kind of model takes every label for a value; or a certificate is asked for and cannot be.
    """
    settings = with_noise(settings, dataset.endpoints)
    model, config, trainer, annotation, seed = settings.model, settings.config, settings.trainer, settings.annotation, settings.seed
    kind = kind_of(model)
    check_bounds(model, dataset.censored, name)

    def build(folder: Path, work: Work) -> None:
        check_quorum(dataset.table, settings.quorum, where=name)
        check_affordable(name, settings, dataset.endpoints)
        how = (config, trainer, seed, annotation.mc_samples, logger, work.report, work.scratch, settings.is_release)
        fitting = Fitting(name, *how)
        predictor, curve, _ = kind.fit(fitting, model, Measured(dataset.molecules, dataset.labels, dataset.endpoints, dataset.censored))
        rows = own_validation(dataset.labels, config, seed, name, dataset.molecules.skeletons)[1]
        held_out = dataset.take(rows)
        thresholds = own_thresholds(predictor, held_out.molecules, held_out.labels)
        distances_to = distance_reference(dataset.molecules, annotation, seed, name)
        reference = reference_fingerprints(dataset.molecules, seed)
        source = noise_source(settings.is_release, seed, name, "evidence noise")
        counted = dataset if transfer is None else apart(dataset, transfer, annotation.overlap_similarity)
        evidence = released_evidence(counted, predictor.endpoints, annotation, source)
        own = own_molecules(dataset.molecules, seed)
        write_model(folder, predictor, About(name, "teacher", thresholds, reference, annotation, distances_to, evidence, own), curve)
        write_json(folder / HELD_OUT, {"part": dataset.digest, "rows": rows.tolist()})
        if settings.privacy.is_asked:
            certify(folder, name, settings, predictor, evidence)

        if transfer is not None:
            alone = replace(fitting, report=lambda _: None)
            models = cross_fit(dataset, transfer, annotation, settings.quorum, partial(_fit_fold, alone, model))
            save_predictor(folder / CROSS_FIT, models)

    inputs = {
        **({} if transfer is None else {"transfer": transfer.transfer_digest}),
        "part": dataset.digest,
        "model": {"kind": model.kind, **plain(model)},
        **kind.decides(model, config),
        "trainer": trainer.deciding(),
        "annotation": annotation,
        "seed": seed,
        "quorum": settings.quorum,
        "privacy": settings.privacy.deciding(),
        "is_release": settings.is_release,
    }
    return Stage("teacher", name, inputs, build, MODULE, trainer.threads_for(config), modules=modules_of(model))


def _fit_fold(fitting: Fitting, model: ModelSpec, number: int, dataset: Dataset) -> Predictor:
    """Train one of the models that are cross-fitted, with random streams of its own."""
    name, scratch = f"{fitting.name}-fold{number}", fitting.scratch and fitting.scratch / f"fold{number}"
    own = replace(fitting, name=name, scratch=scratch)
    return kind_of(model).fit(own, model, Measured(dataset.molecules, dataset.labels, dataset.endpoints, dataset.censored)).predictor
