"""Additive teachers, students and hybrids, through the stages that networks use."""

from collections.abc import Callable

import numpy as np

from fluid.federation.model_folder import read_model
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from tests.federation.conftest import Finished

SPEC = AdditiveSpec(n_bits=128, strengths=(0.1, 1.0))


def test_all_models_of_a_federation_are_additive(rerun: Callable[..., Finished]) -> None:
    run = rerun(model=SPEC, student_model=SPEC, hybrid=HybridSpec("concatenate"))
    models = {name: read_model(run.federation.models[name]).predictor for name in ("pooled", "T1", "T2", "student", "H1", "H2")}
    assert all(isinstance(model, AdditivePredictor) for model in models.values())
    test = run.federation.data.tests["in-domain"].molecules
    assert len({model.predict(test).mean.tobytes() for model in models.values()}) == len(models)
    again = rerun(model=SPEC, student_model=SPEC, hybrid=HybridSpec("concatenate"))
    assert all(record.reused for record in again.runner.records)
    assert np.isfinite(models["student"].predict(test).mean).all()
