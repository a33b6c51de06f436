"""Teachers, students and hybrids of a network and an additive model together, through the stages that networks use."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fluid.errors import ConfigError
from fluid.federation.baselines.spec import BaselinesSpec, FedAvgSpec
from fluid.federation.model_folder import read_model
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.teacher import teacher_stage
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep import WideDeepPredictor
from fluid.models.wide_deep_spec import WideDeepSpec
from tests.federation.conftest import Finished

SPEC = WideDeepSpec(NetworkSpec(hidden=16, layers=2), AdditiveSpec(n_bits=128, strengths=(0.1, 1.0)), combine="mean")


def test_all_models_of_a_federation_are_wide_and_deep(rerun: Callable[..., Finished]) -> None:
    run = rerun(model=SPEC, student_model=SPEC, hybrid=HybridSpec("concatenate"))
    models = {name: read_model(run.federation.models[name]).predictor for name in ("pooled", "T1", "T2", "student", "H1", "H2")}
    assert all(isinstance(model, WideDeepPredictor) for model in models.values())
    test = run.federation.data.tests["in-domain"].molecules
    assert len({model.predict(test).mean.tobytes() for model in models.values()}) == len(models)
    again = rerun(model=SPEC, student_model=SPEC, hybrid=HybridSpec("concatenate"))
    assert all(record.reused for record in again.runner.records)
    assert np.isfinite(models["student"].predict(test).mean).all()


def test_the_share_and_the_training_of_networks_decide_it(finished: Finished) -> None:
    spec, company = replace(finished.spec, model=SPEC), finished.federation.companies["T1"]
    epochs = replace(spec.training, teacher=replace(spec.training.teacher, epochs=1))
    asked = [spec, replace(spec, model=replace(SPEC, share=0.2)), replace(spec, training=epochs), replace(spec, model=SPEC.network)]
    assert len({teacher_stage("T1", company, one.teacher_settings).key() for one in asked}) == len(asked)


def test_a_hybrid_that_goes_on_from_weights_and_averaged_weights_are_refused(finished: Finished) -> None:
    with pytest.raises(ConfigError, match="'fine_tune', and the student is of kind 'wide_deep', which has no weights to go on from"):
        replace(finished.spec, student_model=SPEC)
    with pytest.raises(ConfigError, match="baselines fedavg average weights, but the companies' model is 'wide_deep'"):
        replace(finished.spec, model=SPEC, baselines=BaselinesSpec(fedavg=FedAvgSpec()))
