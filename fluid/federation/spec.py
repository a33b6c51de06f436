"""What a federation experiment is: plain, frozen, typed values, built from the configuration by `fluid.cli`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fluid.companies.spec import CompanySpec
from fluid.data.layout import Layout
from fluid.distillation import MODES, LossSpec, check_method, knows_noise, needs_labels
from fluid.errors import ConfigError
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.federation.taking_part import TakingPart
from fluid.models.heads import HeadsSpec
from fluid.models.neighbours import NeighbourSpec
from fluid.models.predictor import ForestSpec, NetworkSpec
from fluid.molecules.standardize import StandardizeSpec
from fluid.training.recipe import Keeping, Recipe, TrainerSpec


@dataclass(frozen=True, slots=True)
class PredictionsSpec:
    """A company's answers as a file of predictions, instead of a model that we train."""

    path: str


ModelSpec = NetworkSpec | ForestSpec | PredictionsSpec
StudentModel = NetworkSpec | ForestSpec


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
        near_duplicates: Tanimoto similarity (Morgan, radius 2) from which on molecules of two parts of an experiment count as the same; 0:
            only by the first block of the InChIKey.
        workers: Processes for standardisation.
    """

    smiles_column: str = "smiles"
    endpoints: tuple[str, ...] = ("blocker",)
    standardize: StandardizeSpec = field(default_factory=StandardizeSpec)
    conflicts_classification: str = "drop"
    conflicts_regression: str = "mean"
    quorum: int = 25
    near_duplicates: float = 0.0
    workers: int = 2

    def __post_init__(self) -> None:
        """Check the similarity.

        Raises:
            ConfigError: It is out of range.
        """
        if not 0 <= self.near_duplicates <= 1:
            raise ConfigError(f"intake.near_duplicates is {self.near_duplicates}", expected="a similarity from 0 (not looked for) to 1")


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
        transfer_labels: Labelled molecules of which some are in the transfer set, for a consensus that learns from public labels; may be
            empty. Labels of molecules that are not in the transfer set are not used.
        validation_share: Share of the pool set aside when `validation` is empty.
        test_share: Share of the pool set aside when `test_in_domain` is empty.
        endpoints: What is learnt from the labelled files, in the form of `IntakeSettings.endpoints`, which it replaces; empty: those.
        test_external_endpoints: The same endpoints as the external file has them, in the same order; empty: alike. A class that was
            measured as such stands for one that the pool has from a threshold.
        endpoint_columns: Of labelled files with one measurement per row: the columns that name the endpoint; empty: a column per endpoint.
        value_column: And the one that holds the measurement.
        pool_where: `column is value`: only these rows of the pool's file are read; empty: all.
        test_in_domain_where: The same for the in-domain test.
        transfer_where: The same for the transfer set.
        transfer_n: Transfer molecules that are used, drawn at random after overlaps are removed; 0: all.
        transfer_keeps_tests: Test molecules stay in the transfer set, as in the paper, where nobody looked.
    """

    pool: str
    transfer: str
    validation: str = ""
    test_in_domain: str = ""
    test_external: str = ""
    transfer_smiles_column: str = "smiles"
    transfer_labels: str = ""
    validation_share: float = 0.1
    test_share: float = 0.2
    endpoints: tuple[str, ...] = ()
    test_external_endpoints: tuple[str, ...] = ()
    endpoint_columns: tuple[str, ...] = ()
    value_column: str = ""
    pool_where: str = ""
    test_in_domain_where: str = ""
    transfer_where: str = ""
    transfer_n: int = 0
    transfer_keeps_tests: bool = False

    def layout(self, where: str = "") -> Layout:
        """Return how rows of a labelled file stand; `where` selects among them."""
        return Layout(where, self.endpoint_columns, self.value_column)


@dataclass(frozen=True, slots=True)
class AnnotationSpec:
    """How a teacher answers the transfer set.

    Attributes:
        edges: Public, fixed edges of the coarse domain score (mean Tanimoto similarity to the `k` nearest private molecules).
        k: Nearest private molecules that count.
        chunk: Molecules per streamed chunk; also the inference batch, so results do not depend on where they are computed.
        mc_samples: Dropout samples of the head, for the epistemic part; 0 is none.
        domain: What is released of the domain score: coarse `bins`, or also raw `distances` (the paper), which locate private compounds.
        distance_k: Nearest private molecules whose mean Euclidean distance is released.
        distance_share: Share of the private molecules, drawn at random, that distances are measured to.

    Raises:
        ConfigError: A value is unknown or out of range.
    """

    edges: tuple[float, ...] = (0.3, 0.4, 0.5)
    k: int = 3
    chunk: int = 4096
    mc_samples: int = 8
    domain: str = "bins"
    distance_k: int = 8
    distance_share: float = 0.2

    def __post_init__(self) -> None:
        """Check what is released."""
        if self.domain not in ("bins", "distances"):
            raise ConfigError(f"annotation.domain is {self.domain!r}", expected="bins or distances")
        if self.distance_k < 1 or not 0 < self.distance_share <= 1:
            raise ConfigError(
                f"annotation.distance_k is {self.distance_k} and annotation.distance_share {self.distance_share}",
                expected="at least 1, and a share above 0",
            )


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

    def require_labels(self, given: bool) -> None:
        """Refuse a method that learns from labels where none are given.

        Raises:
            ConfigError: It does, and there are none.
        """
        if needs_labels(self.method) and not given:
            raise ConfigError(
                f"consensus {self.method!r} learns from public labels, and there are none",
                expected="fluid simulate with data.transfer_labels=FILE, a file with labels of some transfer molecules",
                remedy="Or choose another consensus, such as consensus=similarity.",
            )


@dataclass(frozen=True, slots=True)
class SelectionSpec:
    """Which annotated molecules the student learns from.

    Attributes:
        mode: One of the modes of `fluid.distillation.select`.
        n: How many, at most.
        confidence_power: The loss weight of a molecule is its confidence to this power; 0 weighs all alike.
        coverage_power: And its coverage to this power: the highest coarse domain score of any teacher, as a share in (0, 1].
        clusters: Clusters that `diverse` takes from in turn.
        fill: `balanced` takes `n` molecules even where one class is short; otherwise only as many as that class has of each.
    """

    mode: str = "all"
    n: int = 20_000
    confidence_power: float = 1.0
    coverage_power: float = 0.0
    clusters: int = 256
    fill: bool = False

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
        if self.clusters < 1 or not 0 <= self.coverage_power < math.inf:
            raise ConfigError(
                f"selection.clusters is {self.clusters} and selection.coverage_power {self.coverage_power}",
                expected="at least 1, and 0 or more",
            )


def check_labels(group: str, labels: str) -> None:
    """Refuse an unknown kind of labels.

    Raises:
        ConfigError: It is unknown.
    """
    if labels not in ("soft", "hard"):
        raise ConfigError(f"{group}.labels is {labels!r}", expected="soft or hard")


@dataclass(frozen=True, slots=True)
class StudentSpec:
    """What kind of model learns the consensus.

    Attributes:
        mode: `network` (a network or a forest learns), `nearest` (the transfer molecules themselves, nothing is learnt), `blend` (the
            nearest where there are any, the network elsewhere; the shares are chosen on held-out transfer molecules) or `heads` (a network
            with one head per teacher and predicted domain scores, gated when asked).
        sharpen: Log-odds of the soft labels are multiplied by this before they are learnt; 1 leaves them.
        labels: `soft`, or `hard`: only the likelier class is learnt (the paper); values are not changed.
        neighbours: How neighbours are weighed.
        heads: How heads are learnt and gated.
    """

    mode: str = "network"
    sharpen: float = 1.0
    labels: str = "soft"
    neighbours: NeighbourSpec = field(default_factory=NeighbourSpec)
    heads: HeadsSpec = field(default_factory=HeadsSpec)

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The mode or the kind of labels is unknown, or the factor is not above 0.
        """
        check_labels("distillation", self.labels)
        if self.mode not in ("network", "nearest", "blend", "heads"):
            raise ConfigError(f"distillation.mode is {self.mode!r}", expected="network, nearest, blend or heads")
        if self.mode == "heads" and self.labels == "hard":
            raise ConfigError("distillation=heads learns what each teacher said", expected="distillation.labels=soft")
        if not 0 < self.sharpen < math.inf:
            raise ConfigError(f"distillation.sharpen is {self.sharpen}", expected="a finite number above 0")


UNPREJUDICED = ("all", "random", "covered", "diverse")
"""Selections that do not look at what teachers said of a molecule."""
HYBRIDS = ("fine_tune", "concatenate", "mix", "l2_sp", "frozen", "gate")
FOREST_HYBRIDS = ("concatenate", "gate")


@dataclass(frozen=True, slots=True)
class HybridSpec:
    """How a company adds its own data back.

    Attributes:
        mode: `fine_tune` the student; `concatenate` consensus and private data; `mix` measured labels with the student's answers;
            `l2_sp`: fine-tune with a pull back to the student; `frozen`: a new head on the student's encoder; `gate`: own teacher near the
            company's molecules, student elsewhere.
        own_share: Share of the company's molecules in the weight of all, of `concatenate`; `None`: all molecules alike.
        labels: What `concatenate` learns of transfer molecules: `soft` labels, or the `hard` class.
        undersample: `concatenate` drops molecules of the larger class of the first endpoint at random until both are equal.
        alpha: Share of measured labels in the loss of `mix` in the last epoch.
        alpha_start: The same in the first epoch.
        pull: Strength of the pull of `l2_sp` (Li et al. 2018, arXiv:1802.01483).
        head_learning_rate: Peak learning rate of the new head of `frozen`.
        guard: Keep the own teacher, or the student, where it is better than the hybrid on the company's own validation part.
    """

    mode: str = "fine_tune"
    own_share: float | None = None
    labels: str = "soft"
    undersample: bool = False
    alpha: float = 0.5
    alpha_start: float = 0.5
    pull: float = 0.01
    head_learning_rate: float = 2e-3
    guard: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The mode is unknown, or a number is out of range.
        """
        check_labels("hybrid", self.labels)
        if self.mode not in HYBRIDS:
            raise ConfigError(f"hybrid.mode is {self.mode!r}", expected="one of " + ", ".join(HYBRIDS))
        for name in ("own_share", "alpha", "alpha_start"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ConfigError(f"hybrid.{name} is {value}", expected="a share in [0, 1]")
        for name in ("pull", "head_learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(f"hybrid.{name} is {getattr(self, name)}", expected="a finite number above 0")

    def check_forest(self) -> None:
        """Refuse what cannot be done with a forest as student.

        Raises:
            ConfigError: The mode goes on from weights.
        """
        if self.mode not in FOREST_HYBRIDS:
            raise ConfigError(
                f"hybrid.mode is {self.mode!r}, and the student is a forest, which has no weights to go on from",
                expected=" or ".join(f"hybrid={mode}" for mode in FOREST_HYBRIDS),
            )

    @property
    def needs_teacher(self) -> bool:
        """Whether the company's own teacher takes part."""
        return self.guard or self.mode == "gate"

    def recipe(self, recipe: Recipe) -> Recipe:
        """Return the recipe as this mode wants it."""
        if self.mode == "mix":
            return replace(recipe, keeping=Keeping(alpha=self.alpha, alpha_start=self.alpha_start))
        if self.mode == "l2_sp":
            return replace(recipe, keeping=Keeping(pull=self.pull), weight_decay=0.0)  # the pull is towards the student, not towards 0
        if self.mode == "frozen":
            return replace(recipe, keeping=Keeping(frozen=True), learning_rate=self.head_learning_rate)
        return recipe


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """How models are judged.

    Attributes:
        n_bootstrap: Resamples of the test molecules for each interval.
        forest: Also judge a random forest on the pooled data, for reference.
        threshold: Probability from which on a molecule is called active, for all models; `None`: each model's, from validation data.
        auroc: Of `probabilities`, or of `calls` (the paper), which is the balanced accuracy.
    """

    n_bootstrap: int = 200
    forest: bool = True
    threshold: float | None = None
    auroc: str = "probabilities"

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The threshold is no probability, or `auroc` is unknown.
        """
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ConfigError(f"evaluation.threshold is {self.threshold}", expected="a probability from 0 to 1, or null")
        if self.auroc not in ("probabilities", "calls"):
            raise ConfigError(f"evaluation.auroc is {self.auroc!r}", expected="probabilities or calls")


@dataclass(frozen=True, slots=True)
class Training:
    """The recipes of one experiment, by the kind of model."""

    teacher: Recipe = field(default_factory=Recipe)
    pooled: Recipe = field(default_factory=Recipe)
    student: Recipe = field(default_factory=Recipe)
    hybrid: Recipe = field(default_factory=Recipe)


def check_noise(loss: LossSpec, student: StudentSpec, selection: SelectionSpec) -> None:
    """Refuse `loss.confusion=auto` where the confusion of a consensus is not that of what is learnt.

    It is estimated for its labels as they are, over all molecules: choosing or weighing molecules by what teachers said, or
    sharpening their labels, changes it. Domain scores and chance may choose.

    Raises:
        ConfigError: The settings do so.
    """
    if not loss.automatic or student.mode == "nearest":
        return
    wrong = [] if student.mode != "heads" else ["distillation=heads"]
    wrong += [] if student.sharpen == 1 else [f"distillation.sharpen={student.sharpen:g}"]
    wrong += [] if selection.mode in UNPREJUDICED else [f"selection={selection.mode}"]
    wrong += [] if selection.confidence_power == 0 else [f"selection.confidence_power={selection.confidence_power:g}"]
    if wrong:
        raise ConfigError(
            f"loss.confusion is auto, and with {', '.join(wrong)} the consensus' confusion is not that of what is learnt",
            expected="distillation=network or blend, not sharpened; selection=all, random, covered or diverse, not weighted by confidence",
            remedy="Or give loss.confusion by hand.",
        )


def check_head(model: ModelSpec, mode: str, loss: LossSpec, who: str = "a student") -> None:
    """Refuse an evidential head that is to learn what it cannot: what each teacher said, or soft labels by a loss that is not its own.

    Raises:
        ConfigError: It is.
    """
    if not isinstance(model, NetworkSpec) or not model.evidential or mode == "nearest":
        return
    if mode == "heads":
        raise ConfigError("distillation=heads has a head per teacher, and the student's is evidential", remedy="Choose its head plain.")
    if loss != LossSpec():
        raise ConfigError(
            f"an evidential head of {who} has a loss of its own", expected="loss=soft_bce", remedy="Or choose a model with head=plain."
        )


@dataclass(frozen=True, slots=True)
class FederationSpec:
    """One whole experiment.

    `taking_part` is `companies.taking_part` and `companies.left_out` of the configuration; `analyses` are those of `analyses.py`.
    """

    data: DataSpec
    intake: IntakeSettings = field(default_factory=IntakeSettings)
    companies: CompanySpec = field(default_factory=CompanySpec)
    taking_part: TakingPart = field(default_factory=TakingPart)
    model: ModelSpec = field(default_factory=NetworkSpec)
    distillation: StudentSpec = field(default_factory=StudentSpec)
    student_model: StudentModel = field(default_factory=NetworkSpec)
    training: Training = field(default_factory=Training)
    loss: LossSpec = field(default_factory=LossSpec)
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    consensus: ConsensusSpec = field(default_factory=ConsensusSpec)
    selection: SelectionSpec = field(default_factory=SelectionSpec)
    hybrid: HybridSpec = field(default_factory=HybridSpec)
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    baselines: BaselinesSpec = field(default_factory=BaselinesSpec)
    analyses: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Check that weights can be averaged if a baseline does so, and that the student is asked for what it can do.

        Raises:
            ConfigError: The companies' model has no weights of one architecture, the student is a forest and needs weights, an
                evidential head would learn soft labels by another loss than its own, a confusion is to be looked up that is not
                there, or those who take part are unknown or nobody.
        """
        self.taking_part.of(self.company_names)
        check_head(self.student_model, self.distillation.mode, self.loss)
        rounds = self._soft_rounds()
        if self.loss.automatic:
            self._check_noise(rounds)
        if rounds:
            check_head(self.model, "network", self.loss, "teachers that learn soft labels in " + ", ".join(rounds))
        if isinstance(self.student_model, ForestSpec):
            self._check_forest()
        averaging = self.baselines.averaging()
        if averaging and not isinstance(self.model, NetworkSpec):
            kind = type(self.model).__name__.removesuffix("Spec").lower()
            raise ConfigError(
                f"baselines {', '.join(averaging)} average weights, but the companies' model is {kind!r}",
                expected="a graph network, the same in all companies",
                remedy="Choose model=gine, or the baselines fedmd, dsfl and sge, which need no common architecture.",
            )

    def _check_noise(self, rounds: list[str]) -> None:
        check_noise(self.loss, self.distillation, self.selection)
        if not knows_noise(self.consensus.method) or rounds:
            who = f"the mean that baselines {', '.join(rounds)} learn" if rounds else f"consensus {self.consensus.method!r}"
            raise ConfigError(
                f"loss.confusion is auto, and {who} knows of no confusion",
                expected="consensus=dawid_skene, without these baselines" if rounds else "consensus=dawid_skene",
                remedy="Or give the confusion by hand: loss.confusion=[[0.95,0.05],[0.05,0.95]].",
            )

    def _soft_rounds(self) -> list[str]:
        return [name for name, _ in self.baselines.asked() if name in ("feddf", "fedmd", "dsfl")]

    def _check_forest(self) -> None:
        if self.distillation.mode == "network":
            self.hybrid.check_forest()
        rounds = self._soft_rounds()
        mode = self.distillation.mode
        if rounds or mode in ("blend", "heads"):
            what = f"baselines {', '.join(rounds)}" if rounds else f"distillation={mode}"
            raise ConfigError(f"{what} trains a network, and the student is a forest", remedy="Choose student_model={kind: network}.")

    @property
    def company_names(self) -> list[str]:
        """Names of all companies, largest first."""
        return [f"T{number}" for number in range(1, self.companies.n + 1)]

    @property
    def labelled_intake(self) -> IntakeSettings:
        """How labelled files are read: with the endpoints of the data, where these name them."""
        return replace(self.intake, endpoints=self.data.endpoints) if self.data.endpoints else self.intake

    @property
    def student_recipe(self) -> Recipe:
        """How soft labels are learnt: the student's recipe with the experiment's loss."""
        return replace(self.training.student, loss=self.loss)
