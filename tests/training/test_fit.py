import logging
import os
import signal
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch.loggers.logger import DummyLogger

from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphBatch
from fluid.threads import bounded_threads, threads, threads_beside
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.fit import Fit, check_devices, fit_network, make_trainer, prepare_training, silence_lightning
from fluid.training.loader import ExampleLoader, Examples
from fluid.training.module import TeacherModule, warmup_cosine
from tests.training.conftest import ENDPOINTS, Task

CONFIG = TrainingConfig(epochs=3, batch_size=32, learning_rate=5e-3, patience=100)
SPEC = TrainerSpec(threads=1)


def parts(task: Task, n: int = 100) -> tuple[Examples, Examples]:
    everything = Examples(task.molecules.graphs, task.labels, np.ones_like(task.labels))
    return everything.take(np.arange(n)), everything.take(np.arange(200, 220))


def fit(task: Task, config: TrainingConfig = CONFIG, module: type = TeacherModule, **more: Any) -> tuple[Network, tuple[CurvePoint, ...]]:
    torch.manual_seed(0)
    network = Network(NetworkSpec(hidden=8, layers=1), ENDPOINTS)
    return network, fit_network(Fit(network, module, ENDPOINTS, *parts(task), config, SPEC, 0), **more)


@pytest.fixture(autouse=True)
def own_stream() -> Iterator[None]:
    """Keep torch's stream as it was."""
    with torch.random.fork_rng(devices=[]):
        yield


def test_the_learning_rate_of_every_step_is_that_of_the_schedule(task: Task) -> None:
    rates: list[float] = []

    class Watched(TeacherModule):
        def on_train_batch_start(self, *_: Any) -> None:
            rates.extend({group["lr"] for group in self.optimizers().param_groups})  # type: ignore[union-attr]

    fit(task, CONFIG, Watched)
    total = 3 * 4  # epochs times batches of 100 molecules
    assert rates == pytest.approx([5e-3 * warmup_cosine(step, total, 0.1) for step in range(total)])


def test_training_is_that_of_a_plain_loop_in_torch(task: Task) -> None:
    # in double precision, since Adam turns the rounding of gradients that should be zero into steps
    config = replace(CONFIG, epochs=2, gradient_clip=0.5)
    batches: list[Any] = []

    class Watched(TeacherModule):
        def training_step(self, batch: Any, batch_idx: int) -> None:
            batches.append(batch)
            super().training_step(batch, batch_idx)

    torch.manual_seed(0)
    plain = Network(NetworkSpec(hidden=8, layers=1, dropout=0.0, head_dropout=0.0), ENDPOINTS).double().train()
    torch.manual_seed(0)
    network = Network(NetworkSpec(hidden=8, layers=1, dropout=0.0, head_dropout=0.0), ENDPOINTS)
    train, validation = parts(task)
    fit_network(Fit(network, Watched, ENDPOINTS, train, validation.take(np.arange(0)), config, replace(SPEC, precision="64-true"), 0))

    groups = [[p for p in plain.parameters() if (p.ndim > 1) == matrix] for matrix in (True, False)]
    optimizer = torch.optim.AdamW([{"params": groups[0], "weight_decay": 1e-2}, {"params": groups[1], "weight_decay": 0.0}], lr=5e-3)
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = 5e-3 * warmup_cosine(step, len(batches), config.warmup)
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(plain(batch.graph).mean, batch.target).backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        optimizer.step()
    assert len(batches) == 8
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, plain.state_dict()[name])


@pytest.mark.parametrize(("accelerator", "asked", "whole"), [("cpu", True, False), ("cpu", False, True), ("gpu", True, True)])
def test_distinct_environments_are_for_the_processor(task: Task, accelerator: str, asked: bool, whole: bool) -> None:
    spec = replace(SPEC, accelerator=accelerator, devices=2)  # several GPUs: batches are made on the host, also where there is no GPU
    network = Network(NetworkSpec(hidden=8, layers=1), ENDPOINTS)
    _, *loaders = prepare_training(Fit(network, TeacherModule, ENDPOINTS, *parts(task), replace(CONFIG, environments=asked), spec, 0))
    assert [isinstance(next(iter(loader)).graph, GraphBatch) for loader in loaders] == [whole, whole]


def test_one_seed_is_one_network_and_another_is_another(task: Task) -> None:
    one, same = fit(task), fit(task)
    assert one[1] == same[1]
    assert all(torch.equal(a, b) for a, b in zip(one[0].state_dict().values(), same[0].state_dict().values(), strict=True))
    torch.manual_seed(0)
    other = Network(NetworkSpec(hidden=8, layers=1), ENDPOINTS)
    assert fit_network(Fit(other, TeacherModule, ENDPOINTS, *parts(task), CONFIG, SPEC, 1)) != one[1]


@pytest.mark.parametrize("patience", [1, 2, 4])
def test_training_stops_after_so_many_epochs_without_a_better_loss(task: Task, patience: int) -> None:
    config = replace(CONFIG, epochs=30, learning_rate=0.3, warmup=0.0, patience=patience)
    losses = [point.loss for point in fit(task, config)[1] if point.split == "validation"]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + patience
    waits = [later - earlier for earlier, later in pairwise([i for i in range(best + 1) if losses[i] == min(losses[: i + 1])])]
    assert all(wait <= patience for wait in waits)


def test_progress_is_the_share_of_epochs(task: Task) -> None:
    shares: list[float] = []
    fit(task, report=shares.append)
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])


def test_metrics_reach_the_logger_and_nothing_is_written(task: Task, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: dict[str, list[float]] = {}

    class Kept(DummyLogger):
        def log_metrics(self, metrics: Any, step: int | None = None) -> None:
            for name, value in metrics.items():
                logged.setdefault(name, []).append(float(value))

    monkeypatch.chdir(tmp_path)
    _, curve = fit(task, logger=Kept())
    for split in ("train", "validation"):
        assert logged[f"{split}/loss"] == pytest.approx([point.loss for point in curve if point.split == split])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_said(task: Task, capfd: pytest.CaptureFixture[str]) -> None:
    fit(task)
    assert capfd.readouterr() == ("", "")


def test_only_known_advice_is_silenced() -> None:
    with silence_lightning():
        warnings.warn("you may have forgotten workers", PossibleUserWarning, stacklevel=1)
        with pytest.warns(UserWarning, match="lightning struck"):
            warnings.warn("lightning struck", UserWarning, stacklevel=1)
        with pytest.warns(FutureWarning, match="something else"):
            warnings.warn_explicit("something else", FutureWarning, "lightning/x.py", 1, module="lightning.pytorch.x")


def test_loggers_filters_and_threads_are_as_before_even_after_an_error() -> None:
    logger, count = logging.getLogger("lightning.pytorch"), torch.get_num_threads()
    before, other = (logger.level, list(warnings.filters), count), 1 if count > 1 else 2

    def fail() -> None:
        with silence_lightning(), threads(other):
            assert logger.level == logging.ERROR
            assert torch.get_num_threads() == other
            raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        fail()
    assert (logger.level, list(warnings.filters), torch.get_num_threads()) == before


def test_more_threads_than_cores_are_reduced_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 3)
    assert [bounded_threads(count) for count in (1, 3)] == [1, 3]
    with pytest.warns(UserWarning, match="64 threads were asked for, but 3 cores can be used here: reduced to 3"):
        assert bounded_threads(64) == 3


def test_tensor_threads_leave_busy_processes_their_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert [threads_beside(workers) for workers in (0, 2, 8, 20)] == [8, 6, 1, 1]


def test_ctrl_c_is_ctrl_c_and_stays_so(task: Task) -> None:
    class Interrupted(TeacherModule):
        def training_step(self, batch: Any, batch_idx: int) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            super().training_step(batch, batch_idx)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(task, module=Interrupted)
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("own_handler", [False, True])
def test_sigterm_in_training_is_no_success(task: Task, own_handler: bool) -> None:
    class Ended(KeyboardInterrupt):
        pass

    def handler(signum: int, _: Any) -> None:
        raise Ended

    class Terminated(TeacherModule):
        def training_step(self, batch: Any, batch_idx: int) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().training_step(batch, batch_idx)

    before = signal.signal(signal.SIGTERM, handler if own_handler else signal.SIG_DFL)
    try:
        with pytest.raises(Ended if own_handler else KeyboardInterrupt):
            fit(task, module=Terminated)
        assert signal.getsignal(signal.SIGTERM) is (handler if own_handler else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_loss_of_an_epoch_is_the_mean_over_its_molecules(task: Task) -> None:
    config = replace(CONFIG, epochs=1, batch_size=2)  # validation batches of 8, 8 and 4 molecules
    network, curve = fit(task, config)
    held_out = parts(task)[1]
    (whole,) = ExampleLoader(held_out, len(held_out), None, torch.device("cpu"))
    with torch.inference_mode():
        loss = TeacherModule(network, ENDPOINTS, config, 1).objective(network.eval()(whole.graph), whole.target, whole.weight)
    assert [point.loss for point in curve if point.split == "validation"] == pytest.approx([float(loss)], rel=1e-5)


def test_an_error_in_training_comes_out_as_it_is(task: Task) -> None:
    class Broken(TeacherModule):
        def training_step(self, batch: Any, batch_idx: int) -> None:
            raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        fit(task, module=Broken)


def test_gpus_that_are_not_there_are_named(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    check_devices(TrainerSpec(accelerator="gpu"))
    check_devices(TrainerSpec(devices=3))
    with pytest.raises(ConfigError, match="trainer asks for 2 GPU, torch finds 1. Use trainer=cpu"):
        check_devices(TrainerSpec(accelerator="gpu", devices=2))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    network = Network(NetworkSpec(hidden=8, layers=1), ENDPOINTS)
    on_gpu = Fit(network, TeacherModule, ENDPOINTS, *parts(task), CONFIG, TrainerSpec(accelerator="gpu"), 0)
    with pytest.raises(ConfigError, match="asks for 1 GPU, torch finds 0"):
        fit_network(on_gpu)


def test_the_trainer_writes_no_checkpoints() -> None:
    with silence_lightning():
        trainer = make_trainer(CONFIG, SPEC, [], None, validate=False)
    assert trainer.checkpoint_callbacks == []
    assert trainer.loggers == []
    assert trainer.limit_val_batches == 0
