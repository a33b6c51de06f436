"""A seed ensemble of networks, calibrated, with optional dropout samples: the usual teacher, student and hybrid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.encoders.registry import EnvironmentEncoder
from fluid.models.network import Network
from fluid.models.prediction import Prediction, as_prediction, combine_members
from fluid.molecules.batch import GraphTensors, gather
from fluid.molecules.environment_library import environment_batch
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import torch_stream

BATCH, CHUNK = 256, 4096


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
        """Answer molecules batch by batch, on the device of the networks."""
        if not len(molecules):
            return as_prediction(*(np.empty((0, len(self.endpoints))),) * 3)
        encoders = [network.eval().encoder for network in self.networks]
        fast = [encoder for encoder in encoders if isinstance(encoder, EnvironmentEncoder)]
        with torch.inference_mode():
            encoded = self._on_environments(fast, molecules) if len(fast) == len(encoders) else self._on_batches(molecules)
            parts = [self._answers(vectors) for vectors in encoded]
        means, variances = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
        return combine_members(self.endpoints, means, variances)

    def _device(self) -> torch.device:
        return next(self.networks[0].parameters()).device

    def _on_batches(self, molecules: MoleculeSet) -> Iterator[list[torch.Tensor]]:
        """Yield the molecule vectors of every member, batch by batch."""
        graphs = GraphTensors.from_packed(molecules.graphs, self._device())
        for rows in torch.arange(len(molecules), device=self._device()).split(BATCH):
            batch = gather(graphs, rows)
            yield [network.encoder(batch) for network in self.networks]

    def _on_environments(self, encoders: Sequence[EnvironmentEncoder], molecules: MoleculeSet) -> Iterator[list[torch.Tensor]]:
        """Yield the molecule vectors of every member, chunk by chunk; the distinct environments of a chunk are numbered once for all."""
        for start in range(0, len(molecules), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(molecules)))
            batch = environment_batch(molecules.graphs.take(rows), self.networks[0].spec.layers, self._device())
            yield [encoder.on_environments(batch) for encoder in encoders]

    def _answers(self, encoded: list[torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
        """Return means (probabilities or values) and variances of all members and samples, `(S, B, T)`."""
        answers = []
        for number, (network, vectors) in enumerate(zip(self.networks, encoded, strict=True)):
            if self.mc_samples:
                answers.append(network.head.sample(vectors, torch_stream(0, "mc dropout", number), self.mc_samples))
            else:
                answers.append(tuple(plane.unsqueeze(0) for plane in network.head(vectors)))
        mean, log_variance = (torch.cat(planes).double().cpu().numpy() for planes in zip(*answers, strict=True))
        is_class = np.array([endpoint.kind == "classification" for endpoint in self.endpoints])
        probs = 1 / (1 + np.exp(-np.clip(mean / self.temperature, -60, 60)))
        return np.where(is_class, probs, mean * self.scale + self.location), np.exp(log_variance) * self.scale**2
