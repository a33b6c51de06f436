"""Stage `student` of summed gradients: companies answer in rounds, masked and with noise, and the sums alone make the student."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fluid.annotation.annotation_set import natural_key
from fluid.artifacts import write_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.quorum import check_quorum
from fluid.federation.model_folder import About, reference_fingerprints, write_model
from fluid.federation.stages.columns import endpoints_of, labels_for
from fluid.federation.summed.contributor import Contributor
from fluid.federation.summed.rounds import Opened, carry_out
from fluid.federation.summed.settings import SummedSettings
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.molecules.substructures import Dictionary
from fluid.pipeline.stage import Stage, Work
from fluid.privacy.certificate import FILE
from fluid.privacy.secure_sum import Roster
from fluid.privacy.sum_plan import Summed, SumNoise, opened_deviation, sum_certificate, sum_noise
from fluid.training.summed.curvature import Curvature
from fluid.training.summed.own_part import OwnPart, check_classes
from fluid.training.summed.public_map import PublicMap

MODULE = "federation/summed/stage.py"
COUNTS, SUMS = "counts.npy", "sums.npy"
"""All that was opened, in the student's folder."""


def summed_stage(parts: Mapping[str, Dataset], transfer: Dataset, settings: SummedSettings) -> Stage:
    """Describe a student that is learnt in rounds of which only sums over companies are opened.

    Args:
        parts: Private split by company.
        transfer: Public molecules, which decide scales, directions and the columns that count.
        settings: How.

    Raises:
        ConfigError: An endpoint is a value, companies have different endpoints, or all of them collude.
    """
    names, spec = sorted(parts, key=natural_key), settings.summed
    endpoints = endpoints_of(parts)
    check_classes(endpoints)
    noise = sum_noise(settings.privacy, len(endpoints))
    deviation = opened_deviation(noise, spec.rounds, len(names), spec.colluding)

    def build(folder: Path, work: Work) -> None:
        public, curvature = public_side(transfer, settings)
        companies = {name: company_of(name, parts[name], public, settings, noise) for name in names}
        roster = Roster({name: one.public for name, one in companies.items()}, f"summed gradients over {transfer.transfer_digest}")
        weights, found = carry_out(companies, roster, curvature, spec, deviation, work.report)
        write_student(folder, predictor_of(weights, public, endpoints, settings.dictionary), transfer, settings)
        write_opened(folder, found)
        if noise is not None:
            summed = Summed(names, endpoints, spec.colluding, found)
            write_json(folder / FILE, sum_certificate(summed, noise, settings.privacy.delta, settings.is_release))

    given = {"parts": {name: parts[name].digest for name in names}, "transfer": transfer.transfer_digest}
    return Stage("student", "student", {**given, **deciding_inputs(settings)}, build, MODULE)


def deciding_inputs(settings: SummedSettings) -> Mapping[str, Any]:
    """Return what of the settings decides the result."""
    return {
        "summed": settings.summed,
        "dictionary": settings.dictionary,
        "annotation": settings.annotation,
        "seed": settings.seed,
        "quorum": settings.quorum,
        "privacy": settings.privacy.deciding(),
        "is_release": settings.is_release,
    }


def public_side(transfer: Dataset, settings: SummedSettings) -> tuple[PublicMap, Curvature]:
    """Return what public molecules decide: everybody computes the same."""
    features, spec = settings.dictionary.features(transfer.molecules), settings.summed
    public = PublicMap.of(features, spec.rarity, spec.quantile, spec.constant)
    return public, Curvature.of(public.rows(features), spec.directions, settings.seed)


def company_of(name: str, own: Dataset, public: PublicMap, settings: SummedSettings, noise: SumNoise | None) -> Contributor:
    """Return a company with its molecules.

    Raises:
        QuorumError: The company has too few labels.
    """
    check_quorum(own.table, settings.quorum, where=name)
    part = OwnPart.of(settings.dictionary.features(own.molecules), labels_for(own, own.endpoints), public)
    return Contributor(name, part, settings.summed, noise, settings.seed, settings.is_release)


def predictor_of(weights: np.ndarray, public: PublicMap, endpoints: tuple[Endpoint, ...], dictionary: Dictionary) -> AdditivePredictor:
    """Return the additive model of weights of rows `(T, D + 1)`; nothing else of it is learnt: no temperature, and no doubt."""
    own, bias = (plane.astype(np.float32) for plane in public.in_units_of_features(weights))
    nothing, ones = np.zeros(len(endpoints), np.float32), np.ones(len(endpoints), np.float32)
    spec = AdditiveSpec(dictionary.radius, dictionary.n_bits)
    return AdditivePredictor(own, bias, np.zeros_like(own), nothing, nothing, ones, endpoints=endpoints, spec=spec)


def write_student(folder: Path, predictor: AdditivePredictor, transfer: Dataset, settings: SummedSettings) -> None:
    """Write the model folder; its thresholds are where the score changes its sign, its domain is that of public molecules."""
    reference = reference_fingerprints(transfer.molecules, settings.seed)
    thresholds = np.full(len(predictor.endpoints), 0.5)
    write_model(folder, predictor, About("student", "student", thresholds, reference, settings.annotation))
    np.save(folder / "rows.npy", np.arange(len(transfer)), allow_pickle=False)


def write_opened(folder: Path, found: Opened) -> None:
    """Write all that was opened: what an attacker among the companies sees beside the student."""
    for name, plane in zip((COUNTS, SUMS), found, strict=True):
        np.save(folder / name, plane, allow_pickle=False)
