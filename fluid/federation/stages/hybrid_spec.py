"""How a company adds its own data back: the settings, and the modes that they choose from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from fluid.data.dataset import Dataset
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.model_folder import Model
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.student_spec import check_labels, no_options
from fluid.models.own_measured import MeasuredSpec
from fluid.models.own_trust import OwnTrust
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.ranges import require_positive
from fluid.registry import Registry
from fluid.training.kinds.kind import Fitted, Fitting
from fluid.training.train import Rows


@dataclass(frozen=True, slots=True)
class HybridSpec:
    """How a company adds its own data back.

    Attributes:
        mode: `fine_tune` the student; `concatenate` consensus and private data; `mix` measured labels with the student's answers;
            `l2_sp`: fine-tune with a pull back to the student; `frozen`: a new head on the student's encoder; `gate`: own teacher near the
            company's molecules, student elsewhere; `own_expert`: own teacher as an expert among those of an experts student; or one that
            another package adds.
        own_share: Share of the company's molecules in the weight of all, of `concatenate`; `None`: all molecules alike.
        labels: What `concatenate` learns of transfer molecules: `soft` labels, or the `hard` class.
        undersample: `concatenate` drops molecules of the larger class of the first endpoint at random until both are equal.
        alpha: Share of measured labels in the loss of `mix` in the last epoch.
        alpha_start: The same in the first epoch.
        pull: Strength of the pull of `l2_sp` (Li et al. 2018, arXiv:1802.01483).
        head_learning_rate: Peak learning rate of the new head of `frozen`.
        trust: How far `own_expert` trusts the own teacher near the company's molecules: a company knows its assay best.
        measured: How much the company's labels near a molecule count beside the answer of `own_expert`.
        guard: Keep the own teacher, or the student, where it is better than the hybrid on the company's own validation part.
        options: Settings of a mode that another package adds.
    """

    mode: str = "fine_tune"
    own_share: float | None = None
    labels: str = "soft"
    undersample: bool = False
    alpha: float = 0.5
    alpha_start: float = 0.5
    pull: float = 0.01
    head_learning_rate: float = 2e-3
    trust: OwnTrust = field(default_factory=OwnTrust)
    measured: MeasuredSpec = field(default_factory=MeasuredSpec)
    guard: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The mode is unknown, a number is out of range, or the mode refuses its settings.
        """
        check_labels("hybrid", self.labels)
        HYBRIDS.check(self.mode)
        for name in ("own_share", "alpha", "alpha_start"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ConfigError(f"hybrid.{name} is {value}", expected="a share in [0, 1]")
        require_positive(self, "hybrid", "pull", "head_learning_rate")
        self.how.check(self)

    @property
    def how(self) -> "HybridMode":
        """The mode."""
        return HYBRIDS[self.mode]

    @property
    def modules(self) -> tuple[str, ...]:
        """The module of a mode that another package adds."""
        return HYBRIDS.modules(self.mode)

    @property
    def needs_teacher(self) -> bool:
        """Whether the company's own teacher takes part."""
        return self.guard or self.how.needs_teacher

    @property
    def chooses(self) -> bool:
        """Whether something is chosen on molecules that the own teacher held out: an own expert takes its place as it is."""
        return self.guard or not self.how.needs_experts

    def check_weightless(self, kind: str) -> None:
        """Refuse what cannot be done with a student without weights, of some kind of model.

        Raises:
            ConfigError: The mode goes on from weights.
        """
        if self.how.needs_weights:
            raise ConfigError(
                f"hybrid.mode is {self.mode!r}, and the student is of kind {kind!r}, which has no weights to go on from",
                expected=" or ".join(f"hybrid={name}" for name in HYBRIDS.own if not HYBRIDS[name].needs_weights),
            )

    def check_student(self, student: str, takes_labels: bool, has_experts: bool) -> None:
        """Refuse what cannot be done with a kind of student.

        Args:
            student: Its mode or kind, for the message.
            takes_labels: Whether a company can add labels to it.
            has_experts: Whether it has an expert for each teacher.

        Raises:
            ConfigError: The mode adds labels to a student that takes none, or puts the own teacher in the place of an expert that is not
                there.
        """
        if self.how.adds_labels and not takes_labels:
            raise ConfigError(
                f"hybrid={self.mode} adds a company's labels to the student, and a student of {student} takes none",
                expected=" or ".join(f"hybrid={name}" for name in HYBRIDS.own if not HYBRIDS[name].adds_labels),
            )
        if self.how.needs_experts and not has_experts:
            raise ConfigError(
                f"hybrid={self.mode} needs a student of experts, and this is one of {student}", expected="distillation=experts"
            )


@dataclass(frozen=True, slots=True)
class Released:
    """What the coordinator gives to everybody.

    Attributes:
        model: The student.
        consensus: The consensus it learnt.
        transfer: The transfer set.
    """

    model: Model
    consensus: ConsensusTable
    transfer: Dataset

    def inputs(self) -> dict[str, str]:
        """Return what of it decides a hybrid: all of it, whatever the mode reads."""
        return {"student": self.model.digest, "consensus": self.consensus.digest, "transfer": self.transfer.transfer_digest}


@dataclass(frozen=True, slots=True)
class AddingBack:
    """What a mode is given to make a hybrid.

    Attributes:
        spec: The settings of the hybrid.
        part: The company's private split.
        labels: Its labels `(M, T)` in the student's columns, NaN missing.
        rows: Rows of the split that are learnt, and those held out.
        released: What the coordinator gave.
        selection: Which public molecules are learnt, by a mode that learns some.
        fitting: Name, config, hardware and seed.
        own: The company's own teacher, for a mode that needs it.
        censored: Which labels are bounds `(M, T)`, as in `MoleculeTable`; `None`: none is.
    """

    spec: HybridSpec
    part: Dataset
    labels: np.ndarray
    rows: Rows
    released: Released
    selection: SelectionSpec
    fitting: Fitting
    own: OwnTeacher | None
    censored: np.ndarray | None = None

    @property
    def student(self) -> Predictor:
        """The student."""
        return self.released.model.predictor

    def learnt(self) -> tuple[MoleculeSet, np.ndarray]:
        """Return the molecules of the split that are learnt, and their labels."""
        return self.part.molecules.take(self.rows[0]), self.labels[self.rows[0]]


CHECK_NO_OPTIONS: Callable[[HybridSpec], None] = partial(no_options, "hybrid")


@dataclass(frozen=True, slots=True)
class HybridMode:
    """A way to add a company's own data back.

    Attributes:
        fit: Makes the hybrid.
        check: Refuses settings that it cannot follow.
        needs_weights: Whether it goes on from the student's weights.
        needs_teacher: Whether the company's own teacher takes part.
        learns_consensus: Whether it learns soft labels of public molecules too, so that the loss of soft labels counts.
        learns_bounds: Whether `fit` reads which of the company's labels are bounds (`AddingBack.censored`).
        adds_labels: Whether the student itself learns or keeps the company's labels, so that it must be able to learn bounds.
        needs_experts: Whether the own teacher takes the place of one of the student's experts.
    """

    fit: Callable[[AddingBack], Fitted]
    check: Callable[[HybridSpec], None] = CHECK_NO_OPTIONS
    needs_weights: bool = False
    needs_teacher: bool = False
    learns_consensus: bool = False
    learns_bounds: bool = False
    adds_labels: bool = True
    needs_experts: bool = False


HYBRIDS: Registry[HybridMode] = Registry(
    "fluid.hybrids",
    "hybrid mode",
    {
        "fine_tune": "fluid.federation.hybrids.fine_tune:MODE",
        "concatenate": "fluid.federation.hybrids.concatenate:MODE",
        "mix": "fluid.federation.hybrids.mix:MODE",
        "l2_sp": "fluid.federation.hybrids.l2_sp:MODE",
        "frozen": "fluid.federation.hybrids.frozen:MODE",
        "gate": "fluid.federation.hybrids.gate:MODE",
        "own_expert": "fluid.federation.hybrids.own_expert:MODE",
    },
    HybridMode,
    "hybrid.mode",
)
"""Modes by name; a package adds its own under the entry points `fluid.hybrids`."""
