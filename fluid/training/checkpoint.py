"""Where a training stands, kept on disk now and then: a training that was killed goes on from there and ends as if it had not been.

The state is that before a batch: weights, optimiser, schedule, random numbers, position, losses so far, early stopping, best weights.
Nothing is written because of a signal: a process that dies without warning loses at most the interval. On several devices nothing is kept.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from fluid.artifacts import atomic_file
from fluid.training.callbacks import BestWeights
from fluid.training.loader import ExampleLoader
from fluid.training.module import NetworkModule, Seen

DIGEST_LETTERS = 64
MARK = "fluid training state 1"

Tensors = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class State:
    """Where a training stands.

    Attributes:
        values: Numbers and texts.
        tensors: Tensors by name, `<what>/<name>`.
    """

    values: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    def part(self, what: str) -> Tensors:
        """Return the tensors of one part, by their names within it."""
        prefix = f"{what}/"
        return {name.removeprefix(prefix): tensor for name, tensor in self.tensors.items() if name.startswith(prefix)}


def named(what: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """Return tensors on the CPU under the name of their part."""
    return {f"{what}/{name}": tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def write_state(path: Path, state: State) -> None:
    """Write a state atomically, with its SHA-256."""
    content = save(dict(state.tensors), {"mark": MARK, "values": json.dumps(state.values)})
    with atomic_file(path) as temporary:
        temporary.write_bytes(hashlib.sha256(content).hexdigest().encode() + content)


def read_state(path: Path, of: str) -> State | None:
    """Return the state that a file holds; `None`, with a warning, if it is damaged, or that of another training than `of`."""
    if not path.is_file():
        return None
    digest, content = (whole := path.read_bytes())[:DIGEST_LETTERS], whole[DIGEST_LETTERS:]
    try:
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise ValueError("its content differs from its hash")
        state = _parse(content)
        if state.values["of"] != of:
            raise ValueError("it is of another training")
    except (ValueError, KeyError, SafetensorError) as error:
        warnings.warn(f"{path}: the checkpoint is not used ({error}); the training begins anew.", stacklevel=2)
        return None
    return state


def _parse(content: bytes) -> State:
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    if header["mark"] != MARK:
        raise ValueError("it has another format")
    return State(json.loads(header["values"]), load(content))


class Checkpoint(Callback):
    """Write the state before a batch whenever the interval has passed; put an earlier state back before its batch.

    Args:
        path: File of the state.
        of: What identifies the training.
        interval_s: Seconds between states.
        loader: The training batches.
        stopping: Early stopping, if there is any.
        best: The keeper of the best weights, if there is one.
    """

    def __init__(
        self, path: Path, of: str, interval_s: float, loader: ExampleLoader, stopping: EarlyStopping | None, best: BestWeights | None
    ) -> None:
        self.path, self.of, self.interval_s, self.loader = path, of, interval_s, loader
        self.stopping, self.best = stopping, best
        self.resumed: State | None = None
        self.written = time.monotonic()

    def resume(self, state: State, trainer: Trainer, module: NetworkModule) -> None:
        """Let the loops begin where the state was taken; what belongs to the batch itself is put back when it comes."""
        self.resumed, values = state, state.values
        progress: Any = trainer.fit_loop.epoch_progress.current
        progress.ready = progress.started = progress.processed = progress.completed = values["epoch"]
        trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress.total.completed = values["step"]
        self.loader.begin_at(values["epoch"], values["batch"])
        module.curve.copy_(state.part("module")["curve"])
        if self.best is not None:
            self.best.best, self.best.weights = values["best"], state.part("best")
        if self.stopping is not None:
            self.stopping.load_state_dict({**values["stopping"], "best_score": state.part("stopping")["best_score"]})

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Put the state back before the first batch of a resumed training; write one if it is time."""
        if self.resumed is not None:
            restore(self.resumed, trainer, pl_module)
            self.resumed = None
        elif time.monotonic() - self.written >= self.interval_s:
            write_state(self.path, self.state(trainer, pl_module, batch_idx))
            self.written = time.monotonic()

    def state(self, trainer: Trainer, module: NetworkModule, batch: int) -> State:
        """Return the state before a batch of the current epoch."""
        optimizer = trainer.optimizers[0].state_dict()
        stopping = self.stopping.state_dict() if self.stopping else {}
        score = {"best_score": stopping.pop("best_score")} if stopping else {}
        values = {
            "of": self.of,
            "finished": False,
            "epoch": trainer.current_epoch,
            "batch": batch,
            "step": trainer.global_step,
            "groups": optimizer["param_groups"],
            "schedule": trainer.lr_scheduler_configs[0].scheduler.state_dict(),
            "sizes": [seen.size for seen in module.seen[0]],
            "best": self.best.best if self.best else None,
            "stopping": stopping,
        }
        moments = {f"{number}/{name}": value for number, one in optimizer["state"].items() for name, value in one.items()}
        losses = {"losses": torch.stack([seen.loss for seen in module.seen[0]])} if module.seen[0] else {}
        parts = {
            "network": module.network.state_dict(),
            "optimizer": moments,
            "module": {"curve": module.curve, **losses},
            "best": self.best.weights if self.best else {},
            "stopping": score,
            "random": random_states(module.device),
        }
        return State(values, {name: tensor for what, own in parts.items() for name, tensor in named(what, own).items()})


def random_states(device: torch.device) -> Tensors:
    """Return the states of the generators that training draws from."""
    states = {"cpu": torch.get_rng_state()}
    return states | {"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else states


def restore(state: State, trainer: Trainer, module: NetworkModule) -> None:
    """Put weights, optimiser, schedule, losses of the epoch so far, and random numbers back."""
    module.network.load_state_dict(state.part("network"))
    moments: dict[int, Tensors] = {}
    for name, value in state.part("optimizer").items():
        number, what = name.split("/")
        moments.setdefault(int(number), {})[what] = value
    trainer.optimizers[0].load_state_dict({"state": moments, "param_groups": state.values["groups"]})
    trainer.lr_scheduler_configs[0].scheduler.load_state_dict(dict(state.values["schedule"]))
    losses = state.part("module").get("losses", torch.empty(0)).to(module.device)
    module.seen[0][:] = [Seen(loss, size) for loss, size in zip(losses.unbind(), state.values["sizes"], strict=True)]
    torch.set_rng_state(state.part("random")["cpu"])
    if "random/cuda" in state.tensors:
        torch.cuda.set_rng_state(state.part("random")["cuda"], module.device)


def finished_state(of: str, module: NetworkModule) -> State:
    """Return the state of a training that has ended: its weights and its curve."""
    return State({"of": of, "finished": True}, named("network", module.network.state_dict()) | named("module", {"curve": module.curve}))
