"""What kind of model learns the consensus: the settings, and the modes that they choose from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.errors import ConfigError
from fluid.models.experts_spec import CONSENSUS, ExpertsSpec
from fluid.models.heads import HeadsSpec
from fluid.models.neighbours import NeighbourSpec
from fluid.models.predictor import NetworkSpec, Predictor, StudentModel
from fluid.models.regions_spec import RegionsSpec
from fluid.molecules.generated_spec import GeneratedSpec
from fluid.ranges import require_positive
from fluid.registry import Registry
from fluid.training.kinds.kind import Fitted, Fitting, architecture
from fluid.training.lesson import Lesson
from fluid.training.summed.spec import SummedSpec
from fluid.training.train import held_out_rows


class Chosen(Protocol):
    """Settings of a student or a hybrid: a mode, and options for a mode of another package."""

    @property
    def mode(self) -> str:
        """The mode's name."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """Settings of a mode that another package adds."""
        ...


def no_options(group: str, chosen: Chosen) -> None:
    """Refuse options of a mode that has none.

    Raises:
        ConfigError: Options are given for a mode that takes no options.
    """
    if chosen.options:
        raise ConfigError(f"{group}={chosen.mode} takes no {group}.options", expected="none")


def check_labels(group: str, labels: str) -> None:
    """Refuse an unknown kind of labels.

    Raises:
        ConfigError: The kind of labels is neither soft nor hard.
    """
    if labels not in ("soft", "hard"):
        raise ConfigError(f"{group}.labels is {labels!r}", expected="soft or hard")


@dataclass(frozen=True, slots=True)
class StudentSpec:
    """What kind of model learns the consensus.

    Attributes:
        mode: `network` (a network or a forest learns), `nearest` (the transfer molecules themselves, nothing is learnt), `blend` (the
            nearest where there are any, the network elsewhere; the shares are chosen on held-out transfer molecules), `heads` (a network
            with one head per teacher and predicted domain scores, gated when asked) or `experts` (one additive head per teacher, combined
            by released evidence), `regions` (experts of public regions of chemistry instead of companies), `wide_experts` (experts beside a
            network that learns the consensus, or what they say), `distilled_experts` (a model learns what experts say of transfer and
            generated molecules) or `summed_gradients` (an additive model, learnt in rounds of which only sums are opened), or
            one that another package adds.
        sharpen: Log-odds of the soft labels are multiplied by this before they are learnt; 1 leaves them.
        labels: `soft`, or `hard`: only the likelier class is learnt (the paper); values are not changed.
        neighbours: How neighbours are weighed.
        heads: How heads are learnt and gated.
        experts: How experts are copied and combined.
        regions: How experts of companies become experts of regions.
        generated: Which molecules a model of mode `distilled_experts` learns beside the transfer set.
        summed: How gradients are summed over companies.
        options: Settings of a mode that another package adds.
    """

    mode: str = "network"
    sharpen: float = 1.0
    labels: str = "soft"
    neighbours: NeighbourSpec = field(default_factory=NeighbourSpec)
    heads: HeadsSpec = field(default_factory=HeadsSpec)
    experts: ExpertsSpec = field(default_factory=ExpertsSpec)
    regions: RegionsSpec = field(default_factory=RegionsSpec)
    generated: GeneratedSpec = field(default_factory=GeneratedSpec)
    summed: SummedSpec = field(default_factory=SummedSpec)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The mode or the kind of labels is unknown, the factor is not above 0, or the mode refuses its settings.
        """
        check_labels("distillation", self.labels)
        STUDENTS.check(self.mode)
        require_positive(self, "distillation", "sharpen")
        self.how.check(self)

    @property
    def reads_annotations(self) -> bool:
        """Whether the student also learns what each teacher said, beside the consensus."""
        return self.how.reads_annotations

    @property
    def learns_labels(self) -> bool:
        """Whether what is learnt are the labels of the consensus; if not, what teachers or their experts say."""
        return self.how.learns_labels and self.experts.network_learns == CONSENSUS

    @property
    def how(self) -> "StudentMode":
        """The mode."""
        return STUDENTS[self.mode]

    @property
    def modules(self) -> tuple[str, ...]:
        """The module of a mode that another package adds."""
        return STUDENTS.modules(self.mode)


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a mode is given to make a student.

    Attributes:
        fitting: Name, config, hardware and seed.
        student: The settings of the student.
        model: The kind of model that learns.
        lesson: What is learnt.
        rows: Rows of the transfer set that the lesson is of.
        sets: What each teacher said, for a mode that reads it; else none.
        edges: Public edges of the coarse domain score.
    """

    fitting: Fitting
    student: StudentSpec
    model: StudentModel
    lesson: Lesson
    rows: np.ndarray
    sets: Sequence[AnnotationSet]
    edges: tuple[float, ...]

    @property
    def network(self) -> NetworkSpec:
        """The architecture of a model that is a network.

        Raises:
            ConfigError: The student's model has no weights.
        """
        found = architecture(self.model)
        if found is None:
            raise ConfigError(f"distillation={self.student.mode} trains a network", expected="student_model={kind: network}")
        return found

    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the lesson that are learnt, and those held out."""
        return held_out_rows(self.fitting, self.lesson.molecules)


Probe = tuple[Predictor, np.ndarray]
"""A model, and the rows of the lesson on which its thresholds are chosen."""


def whole(predictor: Predictor, teaching: Teaching) -> Probe:
    """Return the student itself, and all rows of its lesson."""
    return predictor, np.arange(len(teaching.lesson.molecules))


CHECK_NO_OPTIONS: Callable[[StudentSpec], None] = partial(no_options, "distillation")


def check_labels_stay(student: StudentSpec, learns: str) -> None:
    """Refuse what changes soft labels before they are learnt, where none are.

    Args:
        student: The settings.
        learns: What is learnt instead, in words.

    Raises:
        ConfigError: Hard or sharpened labels are asked for, or options are given.
    """
    CHECK_NO_OPTIONS(student)
    if student.labels == "hard" or student.sharpen != 1:
        said = f"distillation.labels={student.labels} distillation.sharpen={student.sharpen:g}"
        raise ConfigError(f"distillation={student.mode} {learns}, and {said}", expected="soft and 1")


@dataclass(frozen=True, slots=True)
class StudentMode:
    """A way to make a student of a consensus.

    Attributes:
        fit: Makes the student.
        check: Refuses settings that it cannot follow.
        probe: The student as it is judged when its thresholds are chosen, and on which rows of its lesson.
        trains: Whether the model learns; if not, neither its kind nor the loss counts.
        learns_labels: Whether it learns the labels of the consensus; if not, what each teacher said.
        needs_weights: Whether the model must be a network.
        reads_annotations: Whether it is given what each teacher said.
        forgets_labels: Whether its students keep no label that a company adds by itself, so that some of them may be bounds.
        takes_labels: Whether a company can add its labels to its students, which learn or keep them.
        needs_evidence: Whether it reads the evidence that teachers released.
        has_experts: Whether its students have an expert for each teacher, in whose place a company's own teacher can be put.
        in_rounds: Whether companies make it together, in rounds, from what teachers learn from: no teacher annotates then, and the
            consensus is what the student says.
    """

    fit: Callable[[Teaching], Fitted]
    check: Callable[[StudentSpec], None] = CHECK_NO_OPTIONS
    probe: Callable[[Predictor, Teaching], Probe] = whole
    trains: bool = True
    learns_labels: bool = True
    needs_weights: bool = False
    reads_annotations: bool = False
    forgets_labels: bool = False
    takes_labels: bool = True
    needs_evidence: bool = False
    has_experts: bool = False
    in_rounds: bool = False


STUDENTS: Registry[StudentMode] = Registry(
    "fluid.students",
    "student mode",
    {
        "network": "fluid.federation.students.network:MODE",
        "nearest": "fluid.federation.students.nearest:MODE",
        "blend": "fluid.federation.students.blend:MODE",
        "heads": "fluid.federation.students.heads:MODE",
        "experts": "fluid.federation.students.experts:MODE",
        "regions": "fluid.federation.students.regions:MODE",
        "wide_experts": "fluid.federation.students.wide_experts:MODE",
        "distilled_experts": "fluid.federation.students.distilled_experts:MODE",
        "summed_gradients": "fluid.federation.students.summed_gradients:MODE",
    },
    StudentMode,
    "distillation.mode",
)
"""Modes by name; a package adds its own under the entry points `fluid.students`."""
