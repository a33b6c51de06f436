"""What a federation experiment is: plain, frozen, typed values, built from the configuration by `fluid.cli`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluid.companies.spec import CompanySpec
from fluid.distillation import MODES, check_method
from fluid.errors import ConfigError
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.models.predictor import ForestSpec, NetworkSpec
from fluid.molecules.standardize import StandardizeSpec
from fluid.training.recipe import Recipe, TrainerSpec


@dataclass(frozen=True, slots=True)
class PredictionsSpec:
    """A company's answers as a file of predictions, instead of a model that we train."""

    path: str


ModelSpec = NetworkSpec | ForestSpec | PredictionsSpec


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """How any molecule file is read.

    Attributes:
        smiles_column: Name of the SMILES column (ignored for SDF).
        endpoints: Endpoints in the text form of `Endpoint.parse`: `blocker`, `pic50 >= 5`, `pic50 [log mol/L]`.
        standardize: Standardisation policy.
        conflicts_classification: What happens to measurements of one molecule that disagree on a class.
        conflicts_regression: The same for values.
        quorum: Fewest labels per class (classification) or in all (regression) to train on.
        workers: Processes for standardisation.
    """

    smiles_column: str = "smiles"
    endpoints: tuple[str, ...] = ("blocker",)
    standardize: StandardizeSpec = field(default_factory=StandardizeSpec)
    conflicts_classification: str = "drop"
    conflicts_regression: str = "mean"
    quorum: int = 25
    workers: int = 2


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the molecules are; `embedded:<part>` names a part of the embedded hERG set.

    Attributes:
        pool: Labelled molecules of the whole consortium, to be divided among companies.
        transfer: Public unlabelled molecules.
        validation: Labelled in-domain molecules for thresholds; empty: a share of the pool is set aside.
        test_in_domain: Labelled test molecules of the consortium's own chemical space; empty: a share of the pool is set aside.
        test_external: Labelled molecules from an independent source; may be empty.
        transfer_smiles_column: SMILES column of the transfer file.
        validation_share: Share of the pool set aside when `validation` is empty.
        test_share: Share of the pool set aside when `test_in_domain` is empty.
    """

    pool: str
    transfer: str
    validation: str = ""
    test_in_domain: str = ""
    test_external: str = ""
    transfer_smiles_column: str = "smiles"
    validation_share: float = 0.1
    test_share: float = 0.2


@dataclass(frozen=True, slots=True)
class AnnotationSpec:
    """How a teacher answers the transfer set.

    Attributes:
        edges: Public, fixed edges of the coarse domain score (mean Tanimoto similarity to the `k` nearest private molecules).
        k: Nearest private molecules that count.
        chunk: Molecules per streamed chunk; also the inference batch, so results do not depend on where they are computed.
        mc_samples: Dropout samples of the head, for the epistemic part; 0 is none.
    """

    edges: tuple[float, ...] = (0.3, 0.4, 0.5)
    k: int = 3
    chunk: int = 4096
    mc_samples: int = 8


@dataclass(frozen=True, slots=True)
class ConsensusSpec:
    """Which consensus, with its options by name."""

    method: str = "mean"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check method and options.

        Raises:
            ConfigError: The method or an option is unknown.
        """
        check_method(self.method, self.options)


@dataclass(frozen=True, slots=True)
class SelectionSpec:
    """Which annotated molecules the student learns from.

    Attributes:
        mode: `all`, `balanced`, `random`, `best` or `worst`.
        n: How many, at most.
        confidence_power: The loss weight of a molecule is its confidence to this power; 0 weighs all alike.
    """

    mode: str = "all"
    n: int = 20_000
    confidence_power: float = 1.0

    def __post_init__(self) -> None:
        """Check the mode and the number.

        Raises:
            ConfigError: The mode is unknown, or a number is out of range.
        """
        if self.mode not in MODES:
            raise ConfigError(f"selection.mode is {self.mode!r}", expected="one of " + ", ".join(MODES))
        if self.n < 1 or not self.confidence_power >= 0:
            raise ConfigError(
                f"selection.n is {self.n} and selection.confidence_power {self.confidence_power}", expected="at least 1, and 0 or more"
            )


@dataclass(frozen=True, slots=True)
class HybridSpec:
    """How a company adds its own data back: `fine_tune` the student, or `concatenate` consensus and private data."""

    mode: str = "fine_tune"

    def __post_init__(self) -> None:
        """Check the mode.

        Raises:
            ConfigError: The mode is unknown.
        """
        if self.mode not in ("fine_tune", "concatenate"):
            raise ConfigError(f"hybrid.mode is {self.mode!r}", expected="fine_tune or concatenate")


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """How models are judged.

    Attributes:
        n_bootstrap: Resamples of the test molecules for each interval.
        forest: Also judge a random forest on the pooled data, for reference.
    """

    n_bootstrap: int = 200
    forest: bool = True


@dataclass(frozen=True, slots=True)
class Training:
    """The recipes of one experiment, by the kind of model."""

    teacher: Recipe = field(default_factory=Recipe)
    pooled: Recipe = field(default_factory=Recipe)
    student: Recipe = field(default_factory=Recipe)
    hybrid: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True, slots=True)
class FederationSpec:
    """One whole experiment."""

    data: DataSpec
    intake: IntakeSettings = field(default_factory=IntakeSettings)
    companies: CompanySpec = field(default_factory=CompanySpec)
    model: ModelSpec = field(default_factory=NetworkSpec)
    student_model: NetworkSpec = field(default_factory=NetworkSpec)
    training: Training = field(default_factory=Training)
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    consensus: ConsensusSpec = field(default_factory=ConsensusSpec)
    selection: SelectionSpec = field(default_factory=SelectionSpec)
    hybrid: HybridSpec = field(default_factory=HybridSpec)
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    baselines: BaselinesSpec = field(default_factory=BaselinesSpec)
    seed: int = 0

    def __post_init__(self) -> None:
        """Check that weights can be averaged if a baseline does so.

        Raises:
            ConfigError: The companies' model has no weights of one architecture.
        """
        averaging = self.baselines.averaging()
        if averaging and not isinstance(self.model, NetworkSpec):
            kind = type(self.model).__name__.removesuffix("Spec").lower()
            raise ConfigError(
                f"baselines {', '.join(averaging)} average weights, but the companies' model is {kind!r}",
                expected="a graph network, the same in all companies",
                remedy="Choose model=gine, or the baselines fedmd, dsfl and sge, which need no common architecture.",
            )
