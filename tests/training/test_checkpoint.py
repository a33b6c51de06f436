"""A training that is stopped at any batch and goes on ends as one that was not, bit for bit."""

import hashlib
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fluid.data.endpoints import Endpoint
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.training.checkpoint import read_state
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.train import Job, Trained, train_heads, train_student, train_teacher
from tests.conftest import Library

CONFIG = TrainingConfig(epochs=4, batch_size=16, learning_rate=5e-3, validation_share=0.2, members=2, patience=4)
TRAINER = TrainerSpec(threads=1, progress=False, checkpoint_s=0.0)
NETWORK = NetworkSpec(hidden=16, layers=2)
ENDPOINTS = (Endpoint.parse("active"),)
CONTEXT = multiprocessing.get_context("spawn")


class Stopped(Exception):
    pass


@pytest.fixture(scope="module")
def molecules(library: Library) -> MoleculeSet:
    return MoleculeSet.from_smiles(library.smiles[:90])


@pytest.fixture(scope="module")
def labels(library: Library) -> np.ndarray:
    return np.array(library.active[:90], dtype=np.float32)[:, None]


def digest(trained: Trained) -> str:
    content = hashlib.sha256(repr(trained.curve).encode() + trained.predictor.temperature.tobytes())
    for network in trained.predictor.networks:
        for value in network.state_dict().values():
            content.update(value.numpy().tobytes())
    return content.hexdigest()


def learn(
    kind: str, molecules: MoleculeSet, labels: np.ndarray, scratch: Path | None, network: NetworkSpec = NETWORK, **config: object
) -> str:
    job = Job(kind, network, replace(CONFIG, **config), TRAINER, 3, scratch=scratch)  # type: ignore[arg-type]
    if kind == "joint":
        job = replace(job, whole=WideDeepSpec(network, AdditiveSpec(n_bits=64), combine="joint"))
    if kind == "student":
        return digest(train_student(job, molecules, np.clip(labels, 0.1, 0.9), np.ones_like(labels), ENDPOINTS))
    if kind == "heads":
        answers, domain = np.clip(np.concatenate([labels, 1 - labels], axis=1), 0.1, 0.9), np.linspace(0, 1, 180).reshape(90, 2)
        columns = tuple(Endpoint.parse(name) for name in "abcd")
        return digest(train_heads(job, molecules, answers, np.ones_like(answers), domain.astype(np.float32), columns, 0.5))
    return digest(train_teacher(job, molecules, labels, ENDPOINTS))


def stop_at_step(monkeypatch: pytest.MonkeyPatch, hook: str, number: int) -> None:
    """Let a hook of the module fail the n-th time, as a kill would end it."""
    from fluid.training.module import NetworkModule

    real, count = getattr(NetworkModule, hook), iter(range(10_000))

    def failing(self: NetworkModule, *args: object) -> object:
        if next(count) == number:
            raise Stopped
        return real(self, *args)

    monkeypatch.setattr(NetworkModule, hook, failing)


# 72 training molecules in batches of 16: 5 batches an epoch, 4 epochs, 2 members
PLACES = [
    ("training_step", 2), ("training_step", 4), ("training_step", 5), ("training_step", 13), ("training_step", 19),
    ("training_step", 20), ("training_step", 27), ("validation_step", 0), ("validation_step", 3), ("on_train_epoch_end", 1),
    ("on_validation_epoch_end", 5),
]  # fmt: skip


@pytest.mark.parametrize(("hook", "number"), PLACES)
def test_resumed_is_straight(
    molecules: MoleculeSet, labels: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: str, number: int
) -> None:
    straight = learn("T1", molecules, labels, None)
    with monkeypatch.context() as patched:
        stop_at_step(patched, hook, number)
        with pytest.raises(Stopped):
            learn("T1", molecules, labels, tmp_path)
    assert list(tmp_path.iterdir())
    steps = []
    from fluid.training.module import NetworkModule

    real = NetworkModule.training_step
    monkeypatch.setattr(NetworkModule, "training_step", lambda self, *args: steps.append(1) or real(self, *args))
    assert learn("T1", molecules, labels, tmp_path) == straight
    if hook == "training_step":
        assert len(steps) == 40 - number  # not one step more than was lost


@pytest.mark.parametrize(
    ("kind", "network", "changes"),
    [
        ("student", NETWORK, {}),
        ("heads", NETWORK, {}),
        ("joint", NETWORK, {}),
        ("T1", replace(NETWORK, encoder="dmpnn"), {}),
        ("T1", NETWORK, {"environments": False}),
        ("T1", NETWORK, {"validation_share": 0.0, "members": 1}),
        ("T1", NETWORK, {"patience": 1, "learning_rate": 0.3}),
    ],
)
def test_whatever_is_trained(
    molecules: MoleculeSet,
    labels: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    network: NetworkSpec,
    changes: dict[str, object],
) -> None:
    straight = learn(kind, molecules, labels, None, network, **changes)
    for number in (3, 4):  # stopped, resumed, stopped again
        with monkeypatch.context() as patched:
            stop_at_step(patched, "training_step", number)
            with pytest.raises(Stopped):
                learn(kind, molecules, labels, tmp_path, network, **changes)
    assert learn(kind, molecules, labels, tmp_path, network, **changes) == straight


def test_a_finished_training_is_not_done_again(
    molecules: MoleculeSet, labels: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = learn("T1", molecules, labels, tmp_path)
    stop_at_step(monkeypatch, "training_step", 0)
    assert learn("T1", molecules, labels, tmp_path) == first


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_bit_is_noticed_and_the_training_begins_anew(
    molecules: MoleculeSet, labels: np.ndarray, tmp_path: Path, seed: int
) -> None:
    first, path, rng = learn("T1", molecules, labels, tmp_path, epochs=1, members=1), tmp_path / "member_0", np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    path.write_bytes(bytes(content))
    with pytest.warns(UserWarning, match="member_0: the checkpoint is not used"):
        assert learn("T1", molecules, labels, tmp_path, epochs=1, members=1) == first


def test_a_torn_file_and_one_of_other_settings_are_not_used(molecules: MoleculeSet, labels: np.ndarray, tmp_path: Path) -> None:
    learn("T1", molecules, labels, tmp_path, epochs=1, members=1)
    with pytest.warns(UserWarning, match="it is of another training"):
        assert read_state(tmp_path / "member_0", "other") is None
    for length in (0, 10, 64, 70, 500):
        (tmp_path / "torn").write_bytes((tmp_path / "member_0").read_bytes()[:length])
        with pytest.warns(UserWarning, match="differs from its hash"):
            assert read_state(tmp_path / "torn", "x") is None


def run_in_child(smiles: list[str], labels: np.ndarray, scratch: Path, out: Path) -> None:
    torch.set_num_threads(1)
    molecules = MoleculeSet.from_smiles(smiles)
    out.write_text(learn("T1", molecules, labels, scratch, epochs=40, members=1, patience=100))


@pytest.mark.slow
def test_kill_dash_nine_at_several_moments(library: Library, labels: np.ndarray, tmp_path: Path) -> None:
    smiles = list(library.smiles[:90])
    run_in_child(smiles, labels, tmp_path / "straight", tmp_path / "expected")
    for lived_s in (0.05, 0.3, 0.6):
        child = CONTEXT.Process(target=run_in_child, args=(smiles, labels, tmp_path / "killed", tmp_path / "got"))
        child.start()
        end = time.monotonic() + 60
        while not (tmp_path / "killed").exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(lived_s)
        os.kill(child.pid, signal.SIGKILL)
        child.join(30)
    assert not (tmp_path / "got").exists()
    run_in_child(smiles, labels, tmp_path / "killed", tmp_path / "got")
    assert (tmp_path / "got").read_text() == (tmp_path / "expected").read_text()


def test_a_batch_system_changes_nothing(molecules: MoleculeSet, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    straight, before = learn("T1", molecules, labels, None, members=1), [signal.getsignal(s) for s in (signal.SIGUSR1, signal.SIGTERM)]
    for name, value in {"NTASKS": "2", "JOB_ID": "1", "JOB_NAME": "x", "PROCID": "0", "LOCALID": "0", "NODEID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert learn("T1", molecules, labels, None, members=1) == straight
    assert [signal.getsignal(s) for s in (signal.SIGUSR1, signal.SIGTERM)] == before
