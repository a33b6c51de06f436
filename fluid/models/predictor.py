"""What a model must do to take part: map molecules to predictions with uncertainty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, cast

from fluid.data.endpoints import Endpoint
from fluid.distillation.evidential import EvidenceSpec
from fluid.errors import ConfigError
from fluid.models.prediction import Prediction
from fluid.molecules.molecule_set import MoleculeSet
from fluid.registry import Registry

ENCODERS: Registry[Callable[..., Any]] = Registry(
    "fluid.encoders",
    "encoder",
    {
        "gine": "fluid.models.encoders.gine:GINEEncoder",
        "dmpnn": "fluid.models.encoders.dmpnn:DMPNNEncoder",
        "attentivefp": "fluid.models.encoders.attentivefp:AttentiveFPEncoder",
    },
    cast("type", Callable),
    "model.encoder",
)
"""Encoders by name: `(hidden, layers, dropout)` to a module; a package adds its own under the entry points `fluid.encoders`."""
HEADS = ("plain", "evidential")


class Predictor(Protocol):
    """Anything that answers molecules: a network, a forest, a file of predictions.

    Attributes:
        kind: Name of its kind among `fluid.models.kinds.kind.PREDICTORS`.
    """

    kind: ClassVar[str]

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints it answers, in column order."""

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule, in order."""


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Architecture of a graph network.

    Attributes:
        encoder: `gine`, `dmpnn`, `attentivefp`, or one that another package adds.
        hidden: Width of atom states.
        layers: Message-passing layers.
        dropout: Dropout after each layer.
        head_dropout: Dropout in the head, also used for MC dropout.
        head: `plain`, or `evidential`: it also says how much evidence there is for each answer.
        evidence: How an evidential head learns.
    """

    kind: ClassVar[str] = "network"
    encoder: str = "gine"
    hidden: int = 96
    layers: int = 4
    dropout: float = 0.1
    head_dropout: float = 0.2
    head: str = "plain"
    evidence: EvidenceSpec = field(default_factory=EvidenceSpec)

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A value is unknown or out of range.
        """
        if self.head not in HEADS:
            raise ConfigError(f"model.head is {self.head!r}", expected="one of " + ", ".join(HEADS))
        ENCODERS.check(self.encoder)
        if self.hidden < 1 or self.layers < 1:
            raise ConfigError(f"model.hidden is {self.hidden} and model.layers is {self.layers}", expected="whole numbers above 0")
        for name in ("dropout", "head_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"model.{name} is {getattr(self, name)}", expected="a share in [0, 1)")

    @property
    def evidential(self) -> bool:
        """Whether the head says how much evidence there is."""
        return self.head == "evidential"

    @property
    def modules(self) -> tuple[str, ...]:
        """The module of an encoder that another package adds."""
        return ENCODERS.modules(self.encoder)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NetworkSpec":
        """Return the architecture that a model's card names; older cards have a plain head, without saying so."""
        named = dict(**values)
        return cls(**{**named, "evidence": EvidenceSpec(**named.get("evidence", {}))})


@dataclass(frozen=True, slots=True)
class ForestSpec:
    """A random forest on Morgan fingerprints.

    Attributes:
        n_trees: Trees.
        max_depth: Deepest level; 0 is unbounded.
        radius: Radius of the Morgan fingerprint.
        n_bits: Length of the Morgan fingerprint.
        features: Pharmacophoric atom features (FCFP, the paper's) instead of connectivity (ECFP).
        counts: How often a bit is set instead of whether (the paper).
    """

    kind: ClassVar[str] = "forest"
    n_trees: int = 300
    max_depth: int = 0
    radius: int = 2
    n_bits: int = 2048
    features: bool = False
    counts: bool = True

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.n_trees < 1 or self.max_depth < 0 or self.radius < 0 or self.n_bits < 8 or self.n_bits % 8:
            raise ConfigError(f"forest settings {self} are out of range", expected="n_trees >= 1, max_depth >= 0, n_bits a multiple of 8")


@dataclass(frozen=True, slots=True)
class PredictionsSpec:
    """A company's answers as a file of predictions, instead of a model that we train."""

    kind: ClassVar[str] = "predictions"
    path: str


class ModelSpec(Protocol):
    """Settings of a model of any kind.

    Attributes:
        kind: Name of the kind of model that they are of, among `fluid.training.kinds.kind.MODELS`.
    """

    kind: ClassVar[str]


class StudentModel(ModelSpec, Protocol):
    """Settings of a model that can learn soft labels."""
