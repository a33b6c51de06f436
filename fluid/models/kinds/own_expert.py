"""A company's hybrid of an experts student, on disk: student and own teacher in folders of their own, known by their cards' hashes."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fluid.artifacts import hash_file
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.experts import ExpertsPredictor
from fluid.models.kinds.kind import PredictorKind
from fluid.models.own_expert import OwnExpert
from fluid.models.own_measured import Measured, MeasuredSpec
from fluid.models.own_trust import OwnTrust

PARTS = ("student", "own")
COUNTS, MEASURED = "counts.npy", {"bits": "bits.npy", "labels": "labels.npy"}
"""Private: exact evidence, and the company's molecules with their labels."""


def save(folder: Path, model: OwnExpert) -> dict[str, Any]:
    """Write student, own teacher, exact evidence, fingerprints and labels."""
    for name in PARTS:
        save_predictor(folder / name, getattr(model, name))
    np.save(folder / COUNTS, model.counts, allow_pickle=False)
    for name, file in MEASURED.items():
        np.save(folder / file, getattr(model.measured, name), allow_pickle=False)
    settings = {"trust": asdict(model.trust), "measured": asdict(model.measured.spec)}
    return {"company": model.company, **settings, "parts": {name: hash_file(folder / name / CARD) for name in PARTS}}


def load(folder: Path, card: dict[str, Any], endpoints: tuple[Endpoint, ...]) -> OwnExpert:
    """Read student, own teacher, exact evidence, fingerprints and labels.

    Raises:
        ArtifactError: Student or teacher were altered, the student is none of experts, or it answers other endpoints than the card says.
    """
    for name in PARTS:
        if hash_file(folder / name / CARD) != card["parts"][name]:
            raise ArtifactError(f"its part {name!r} was altered")
    student, own = (load_predictor(folder / name) for name in PARTS)
    if not isinstance(student, ExpertsPredictor) or student.endpoints != endpoints:
        raise ArtifactError("its part 'student' is no student of experts, or has other endpoints")
    planes = {name: np.load(folder / file, allow_pickle=False) for name, file in MEASURED.items()}
    measured = Measured(**planes, spec=MeasuredSpec(**card["measured"]))
    counts = np.load(folder / COUNTS, allow_pickle=False)
    return OwnExpert(student, own, card["company"], counts, measured, OwnTrust(**card["trust"]))


KIND = PredictorKind(save, load, parts=PARTS, sealed_parts=PARTS)
