"""Where a baseline must be something that is known already, bit by bit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError, QuorumError
from fluid.federation.baselines.fedavg import fedavg_stage
from fluid.federation.baselines.public import public_rows
from fluid.federation.baselines.spec import BaselinesSpec, FedAvgSpec, FedMDSpec, FedProxSpec
from fluid.federation.baselines.weight_rounds import best_weights
from fluid.federation.stages.teacher import teacher_stage
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.runner import Runner
from fluid.training.config import Training, TrainingConfig
from tests.federation.baselines.conftest import ALL
from tests.federation.baselines.test_suite import same
from tests.federation.conftest import TINY, Finished


def alone(finished: Finished, config: TrainingConfig, settings: FedAvgSpec, model: NetworkSpec | None = None, values: bool = False) -> bool:
    """Whether FedAvg with one company is that company's teacher."""
    spec = replace(finished.spec, training=Training(config, TINY, TINY, TINY), model=model or finished.spec.model)
    data = finished.federation.data
    parts = {"T1": finished.federation.companies["T1"]}
    runner = Runner(finished.runner.store)
    teacher = runner.make(teacher_stage("T1", parts["T1"], spec.teacher_settings))
    return same(runner.make(fedavg_stage(parts, data.transfer, spec, settings)), teacher)


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        # the best of four rounds is the best of four epochs; the teacher's patience must outlast them
        (replace(TINY, epochs=4, patience=4), FedAvgSpec(rounds=4, local_epochs=1)),
        # without a validation part the last weights stay, whatever the division into rounds
        (replace(TINY, epochs=4, validation_share=0.0), FedAvgSpec(rounds=2, local_epochs=2)),
        (replace(TINY, epochs=3, validation_share=0.0, members=2), FedAvgSpec(rounds=1, local_epochs=3)),
    ],
)
def test_fedavg_of_one_company_is_its_teacher(finished: Finished, config: TrainingConfig, settings: FedAvgSpec) -> None:
    assert alone(finished, config, settings)


def test_another_number_of_epochs_is_another_model(finished: Finished) -> None:
    assert not alone(finished, replace(TINY, epochs=4, validation_share=0.0), FedAvgSpec(rounds=3, local_epochs=1))


@pytest.mark.parametrize("loss", [LossSpec(), LossSpec(classes="mse_logits")])
def test_fedmd_of_one_round_is_the_one_shot_student_of_the_mean_consensus(
    finished: Finished, rerun: Callable[..., Finished], loss: LossSpec
) -> None:
    n, epochs = len(finished.federation.data.transfer), finished.spec.training.student.epochs
    asked = BaselinesSpec(fedmd=FedMDSpec(rounds=1, public=n, digest_epochs=epochs))
    run = rerun(consensus=ConsensusSpec("mean"), selection=SelectionSpec("all", n, confidence_power=0.0), baselines=asked, loss=loss)
    assert same(run.federation.models["fedmd"], run.federation.models["student"])
    weighted = rerun(consensus=ConsensusSpec("mean"), selection=SelectionSpec("all", n, confidence_power=2.0), baselines=asked, loss=loss)
    assert not same(weighted.federation.models["fedmd"], weighted.federation.models["student"])
    assert same(weighted.federation.models["fedmd"], run.federation.models["fedmd"])


def test_another_loss_makes_other_models_of_what_learns_soft_labels_only(compared: Finished, rerun: Callable[..., Finished]) -> None:
    models = rerun(baselines=ALL, loss=LossSpec(classes="mse_logits")).federation.models
    changed = {name for name in ("fedavg", "fedprox", "feddf", "fedmd", "dsfl") if not same(models[name], compared.federation.models[name])}
    assert changed == {"feddf", "fedmd", "dsfl"}


def test_a_pull_changes_the_model(finished: Finished, rerun: Callable[..., Finished]) -> None:
    run = rerun(baselines=BaselinesSpec(fedavg=FedAvgSpec(2, 1), fedprox=FedProxSpec(2, 1, 10.0)))
    assert not same(run.federation.models["fedavg"], run.federation.models["fedprox"])


def test_too_few_labels_are_refused(finished: Finished) -> None:
    parts, data = {"T1": finished.federation.companies["T1"].take(np.arange(4))}, finished.federation.data
    with pytest.raises(QuorumError, match="T1"):
        Runner(finished.runner.store).make(fedavg_stage(parts, data.transfer, finished.spec, FedAvgSpec(1, 1)))


def test_a_diverged_training_is_told(finished: Finished) -> None:
    wild = replace(TINY, learning_rate=1e30, epochs=1)
    spec = replace(finished.spec, training=Training(wild, TINY, TINY, TINY))
    stage = fedavg_stage(finished.federation.companies, finished.federation.data.transfer, spec, FedAvgSpec(1, 1))
    with pytest.raises(ConfigError, match="the local training of T1 diverged"):
        Runner(finished.runner.store).make(stage)


def test_the_best_round_is_kept() -> None:
    rounds = [{"w": torch.tensor(float(i))} for i in range(4)]
    assert best_weights(list(zip([0.5, 0.3, 0.3, 0.9], rounds, strict=True))) is rounds[1]
    assert best_weights(list(zip([0.5, float("nan"), 0.6, 0.9], rounds, strict=True))) is rounds[0]
    assert best_weights(list(zip([float("nan")] * 4, rounds, strict=True))) is rounds[3]


def test_public_molecules_of_a_round() -> None:
    assert public_rows(10, 10, 0, 0).tolist() == list(range(10))
    assert public_rows(10, 99, 0, 3).tolist() == list(range(10))
    one, other = public_rows(1000, 50, 0, 0), public_rows(1000, 50, 0, 1)
    assert len(set(one)) == 50
    assert np.all(np.diff(one) > 0)
    assert one.tolist() != other.tolist()
    assert one.tolist() == public_rows(1000, 50, 0, 0).tolist()
