"""A seed ensemble of networks, calibrated, with optional dropout samples: the usual teacher, student and hybrid."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import ClassVar

import numpy as np
import torch

from fluid.data.endpoints import Endpoint
from fluid.distillation.evidential import beta_entropy, beta_parameters
from fluid.errors import ConfigError, ShapeError
from fluid.models.encoders import Distinct, EnvironmentEncoder
from fluid.models.network import Network
from fluid.models.prediction import Prediction, as_prediction, combine_members
from fluid.molecules.batch import GraphBatch, GraphTensors, gather
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import PackedGraphs
from fluid.seeding import torch_stream
from fluid.threads import Spread

BATCH, CHUNK = 256, 4096
Planes = tuple[np.ndarray, ...]


class SharedChunk:
    """What several networks need of the same molecules, made once when first asked for, by whichever thread.

    Args:
        graphs: Some molecules.
        smiles: Their SMILES.
    """

    def __init__(self, graphs: PackedGraphs, smiles: Sequence[str] = ()) -> None:
        self.graphs, self.smiles, self._at_work = graphs, smiles, Lock()
        self._environments: dict[tuple[tuple[str, int], torch.device], Distinct] = {}
        self._batches: dict[torch.device, list[GraphBatch]] = {}

    def environments(self, encoder: EnvironmentEncoder, device: torch.device) -> Distinct:
        """Return the distinct environments that an encoder tells apart."""
        key = (encoder.environment_key, device)
        with self._at_work:
            if key not in self._environments:
                self._environments[key] = encoder.environments(self.graphs, compact=False).batch(np.arange(len(self.graphs)), device)
            return self._environments[key]

    def batches(self, device: torch.device) -> list[GraphBatch]:
        """Return the molecules as batches of whole graphs: small enough for a processor's caches, large enough for a GPU's launches."""
        with self._at_work:
            if device not in self._batches:
                tensors, size = GraphTensors.from_packed(self.graphs, device), BATCH if device.type == "cpu" else CHUNK
                self._batches[device] = [gather(tensors, rows) for rows in torch.split(torch.arange(len(self.graphs), device=device), size)]
            return self._batches[device]


@dataclass(frozen=True, slots=True, eq=False)
class GraphEnsemble:
    """Networks that answer together; a `Predictor`.

    Attributes:
        networks: The members, in evaluation mode.
        endpoints: The `T` endpoints.
        temperature: Divides logits, `(T,)` float32; 1 for regression.
        location: Added to scaled values, `(T,)`; 0 for classification.
        scale: Multiplies scaled values, `(T,)`; 1 for classification.
        mc_samples: Dropout samples per member; 0 uses each member once, without dropout.

    Raises:
        ConfigError: There is no network, a calibration value is not finite, or a temperature or scale is not above 0.
        ShapeError: A calibration array has another length than the endpoints.
    """

    kind: ClassVar[str] = "network"
    networks: tuple[Network, ...]
    endpoints: tuple[Endpoint, ...]
    temperature: np.ndarray
    location: np.ndarray
    scale: np.ndarray
    mc_samples: int = 0

    def __post_init__(self) -> None:
        """Check members and calibration."""
        if not self.networks or self.mc_samples < 0:
            raise ConfigError("an ensemble needs a network and mc_samples of at least 0")
        for name in ("temperature", "location", "scale"):
            if getattr(self, name).shape != (len(self.endpoints),):
                raise ShapeError(f"{name} has shape {getattr(self, name).shape}", expected=f"({len(self.endpoints)},)")
            if not np.all(np.isfinite(getattr(self, name))):
                raise ConfigError(f"a {name} is not a finite number")
        if not (np.all(self.temperature > 0) and np.all(self.scale > 0)):
            raise ConfigError("a temperature or scale is not above 0")

    def with_temperature(self, temperature: np.ndarray) -> "GraphEnsemble":
        """Return the ensemble with other temperatures."""
        return replace(self, temperature=temperature)

    def with_mc_samples(self, mc_samples: int) -> "GraphEnsemble":
        """Return the ensemble with another number of dropout samples."""
        return replace(self, mc_samples=mc_samples)

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer molecules chunk by chunk, on the device of the networks."""
        return predict_together([self], molecules)[0]

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.networks[0].parameters()).device

    def batches(self, chunk: SharedChunk) -> Iterable[GraphBatch | Distinct]:
        """Return the parts of a chunk in order.

        Distinct environments are numbered on the host, which keeps a GPU waiting (docs/results/performance.md); it takes whole graphs.
        """
        encoder = self.networks[0].eval().environment_encoder if self.device.type == "cpu" else None
        return [chunk.environments(encoder, self.device)] if encoder else chunk.batches(self.device)

    def answers(self, chunk: SharedChunk) -> Iterator[Planes]:
        """Yield what all members and samples say, `(S, B, T)` each, for parts of a chunk in order: the arguments of `combine_members`."""
        for batch in self.batches(chunk):
            yield self.said([network.eval().encode(batch) for network in self.networks])

    def said(self, encoded: list[torch.Tensor]) -> Planes:
        """Return what the heads of all members and samples say of molecule vectors, one `(B, width)` per member."""
        answers = []
        for number, (network, vectors) in enumerate(zip(self.networks, encoded, strict=True)):
            if self.mc_samples:
                answers.append(network.head.sample(vectors, torch_stream(0, "mc dropout", number), self.mc_samples))
            else:
                answers.append(tuple(plane.unsqueeze(0) for plane in network.head(vectors)))
        mean, log_variance, *evidence = (torch.cat(planes).double().cpu().numpy() for planes in zip(*answers, strict=True))
        is_class = np.array([endpoint.kind == "classification" for endpoint in self.endpoints])
        probs = 1 / (1 + np.exp(-np.clip(mean / self.temperature, -60, 60)))
        variance = np.exp(log_variance) * self.scale**2
        means = np.where(is_class, probs, mean * self.scale + self.location)
        return (means, variance, *self._doubts(mean, variance, evidence[0])) if evidence else (means, variance)

    def _doubts(self, mean: np.ndarray, variance: np.ndarray, strength: np.ndarray) -> Planes:
        """Return expected entropies of classes, and variances of the means of values: `Var μ = E σ² / ν` (Amini et al. 2020, eq. 5).

        A temperature moves the mean of a Beta distribution and leaves its strength.
        """
        logits = torch.from_numpy(np.clip(mean / self.temperature, -60, 60))
        entropies: np.ndarray = beta_entropy(*beta_parameters(logits, torch.from_numpy(strength))).numpy()
        return entropies, variance / strength


def predict_together(ensembles: Sequence[GraphEnsemble], molecules: MoleculeSet, spread: Spread = map) -> list[Prediction]:
    """Answer molecules with several ensembles; batches and distinct environments are made once for all.

    Every answer is the same, bit by bit, as that of the ensemble alone.

    Args:
        ensembles: Who answers.
        molecules: What.
        spread: How the ensembles are asked: one after the other, or by several threads.
    """
    answers: list[list[Planes]] = [[] for _ in ensembles]
    for start in range(0, len(molecules), CHUNK):
        end = min(start + CHUNK, len(molecules))
        chunk = SharedChunk(molecules.graphs.take(np.arange(start, end)), molecules.smiles[start:end])
        for parts, found in zip(answers, spread(partial(_ask, chunk), ensembles), strict=True):
            parts += found
    return [_combine(ensemble, parts) for ensemble, parts in zip(ensembles, answers, strict=True)]


def _ask(chunk: SharedChunk, ensemble: GraphEnsemble) -> list[Planes]:
    with torch.inference_mode():  # of this thread
        return list(ensemble.answers(chunk))


def _combine(ensemble: GraphEnsemble, parts: Sequence[Planes]) -> Prediction:
    if not parts:
        return as_prediction(*(np.empty((0, len(ensemble.endpoints))),) * 3)
    return combine_members(ensemble.endpoints, *(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))
