"""Files of predictions: nothing is trained."""

from collections.abc import Mapping
from typing import Any

from fluid.artifacts import hash_file
from fluid.file_names import at_home
from fluid.models.prediction_file import PredictionFile
from fluid.models.predictor import PredictionsSpec
from fluid.training.config import TrainingConfig
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Measured


def fit(fitting: Fitting, spec: PredictionsSpec, measured: Measured) -> Fitted:
    """Read the file."""
    return Fitted(PredictionFile.read(at_home(spec.path), measured.endpoints))


def decides(spec: PredictionsSpec, config: TrainingConfig) -> Mapping[str, Any]:
    """Return the hash of the file, and which molecules thresholds are chosen on."""
    file = at_home(spec.path)
    return {"config": config.validation_share, "file": hash_file(file) if file.is_file() else ""}


KIND = ModelKind(PredictionsSpec, fit, decides=decides, learns_bounds=True)
