"""What each step of a consortium by files is asked to do: one typed order per verb."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from fluid.annotation.spec import AnnotationSpec
from fluid.data.carried import refuse_carry
from fluid.data.intake_spec import IntakeSpec
from fluid.distillation.consensus_spec import DEFAULT_CONSENSUS, ConsensusSpec
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation.cross_fit import check_cross_fit
from fluid.federation.stages.hybrid_settings import HybridSettings
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_settings import StudentSettings
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.teacher_settings import TeacherSettings
from fluid.file_names import check_file_name
from fluid.models.predictor import ModelSpec, NetworkSpec, StudentModel
from fluid.privacy.policy import FEWEST_MOLECULES, PolicySpec
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.training.config import TrainerSpec, Training


@dataclass(frozen=True, slots=True)
class TeacherRequest:
    """Train the teacher of `company` on the molecule file `input` into the folder `out`; `transfer`, if any, is what it is cross-fitted to.

    `intake.layout` is of `input`; `transfer_where` selects rows of `transfer`, as `intake.layout.where` does for `annotate`.
    """

    input: str
    company: str
    out: Path
    model: ModelSpec = field(default_factory=NetworkSpec)
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    training: Training = field(default_factory=Training)
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    privacy: PrivacySpec = field(default_factory=PrivacySpec)
    transfer: str = ""
    transfer_where: str = ""
    seed: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check the company's name, which names files and keys, and refuse columns that would go nowhere.

        Raises:
            ConfigError: The name cannot be that of a file, columns are carried, or it cannot be cross-fitted as asked.
        """
        check_file_name(self.company, "company")
        refuse_carry(self.intake, "train-teacher")
        check_cross_fit(self.model, self.transfer, self.annotation.overlap == "cross_fit")

    @property
    def settings(self) -> TeacherSettings:
        """How the teacher is trained."""
        how = (self.training.teacher, self.trainer, self.annotation, self.seed, self.intake.quorum, self.privacy)
        return TeacherSettings(self.model, *how, is_release=True)


@dataclass(frozen=True, slots=True)
class AnnotateRequest:
    """Let the teacher in a folder answer the molecule file `transfer`."""

    teacher: Path
    transfer: str
    out: Path
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class AggregateRequest:
    """Combine annotation-set folders; with `details`, which stay with the coordinator; of two or three only with `few_companies`.

    Certificates are compared with each other, and with those of what companies sent `earlier`.
    """

    annotations: tuple[Path, ...]
    out: Path
    consensus: ConsensusSpec = DEFAULT_CONSENSUS
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    details: bool = False
    few_companies: bool = False
    earlier: tuple[Path, ...] = ()
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check the consensus before any file is read.

        Raises:
            ConfigError: The consensus learns from labels, which a coordinator is not given.
        """
        self.consensus.require_labels(False)


@dataclass(frozen=True, slots=True)
class DistillRequest:
    """Train the student on a consensus over the molecule file `transfer`; a student of heads also needs the `annotations` behind it."""

    consensus_folder: Path
    transfer: str
    out: Path
    distillation: StudentSpec = field(default_factory=StudentSpec)
    model: StudentModel = field(default_factory=NetworkSpec)
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    training: Training = field(default_factory=Training)
    loss: LossSpec = field(default_factory=LossSpec)
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    selection: SelectionSpec = field(default_factory=SelectionSpec)
    annotations: tuple[Path, ...] = ()
    seed: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Refuse columns that would go nowhere."""
        refuse_carry(self.intake, "distill")

    @property
    def settings(self) -> StudentSettings:
        """How the student is distilled."""
        config = replace(self.training.student, loss=self.loss)
        return StudentSettings(self.distillation, self.model, config, self.trainer, self.selection, self.annotation, self.seed)


@dataclass(frozen=True, slots=True)
class HybridRequest:
    """Add the molecule file `input` of `company` back to the released student; `teacher` is the folder of its own, or empty.

    `intake.layout` is of `input`; `transfer_where` selects rows of `transfer`, as `intake.layout.where` did for `annotate`.
    """

    input: str
    company: str
    student: Path
    consensus_folder: Path
    transfer: str
    out: Path
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    training: Training = field(default_factory=Training)
    loss: LossSpec = field(default_factory=LossSpec)
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    selection: SelectionSpec = field(default_factory=SelectionSpec)
    hybrid: HybridSpec = field(default_factory=HybridSpec)
    teacher: str = ""
    transfer_where: str = ""
    seed: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check the company's name, which names files and keys, and refuse columns that would go nowhere.

        Raises:
            ConfigError: The name cannot be that of a file, or columns are carried.
        """
        check_file_name(self.company, "company")
        refuse_carry(self.intake, "hybrid")

    @property
    def settings(self) -> HybridSettings:
        """How the hybrid is made."""
        config = replace(self.training.hybrid, loss=self.loss)
        return HybridSettings(self.hybrid, self.selection, config, self.trainer, self.annotation, self.seed, self.intake.quorum)


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """Answer every row of the molecule file `input` into the file `out`."""

    model_folder: Path
    input: str
    out: Path
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """Evaluate a model on the labelled molecule file `input`, with thresholds from `validation` or its own."""

    model_folder: Path
    input: str
    out: Path
    validation: str = ""
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    seed: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Refuse columns that would go nowhere."""
        refuse_carry(self.intake, "evaluate")


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """Attack what is about to be sent, `release`, of the company whose own molecule file is `input`; the findings go to `out`.

    Attributes:
        release: Folder of an annotation set, a consensus, a student or another model.
        input: The company's own labelled molecules: the members.
        out: Folder for the findings.
        non_members: Labelled molecules of the same chemistry that the release was made without; empty: public ones stand for them.
        transfer: The public molecules.
        teacher: Folder of the teacher behind an annotation set, to ask as if the transfer set held other molecules; or empty.
        annotations: Annotation sets of other companies.
        company: Whose part of a student of experts or heads is looked at.
        candidates: Members, and non-members, that are looked at, at most.
        shadows: Made-up companies of the audited model's own kind (forests, networks on fingerprints); 0: none, 2 or more.
        policy: The bounds.
        intake: How `input` and `non_members` are read.
        transfer_where: Rows of `transfer`, as for `annotate`.
        seed: Of random streams.
        overwrite: Whether earlier findings may be replaced.

    Raises:
        ConfigError: The number of candidates is too small, or columns are carried.
    """

    release: Path
    input: str
    out: Path
    non_members: str = ""
    transfer: str = ""
    teacher: str = ""
    annotations: tuple[Path, ...] = ()
    company: str = ""
    candidates: int = 5000
    shadows: int = 0
    policy: PolicySpec = field(default_factory=PolicySpec)
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    transfer_where: str = ""
    seed: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        if self.candidates < FEWEST_MOLECULES:
            raise ConfigError(f"candidates is {self.candidates}", expected=f"{FEWEST_MOLECULES} or more")
        if self.shadows < 0 or self.shadows == 1:
            raise ConfigError(f"shadows is {self.shadows}", expected="0, or 2 or more")
        refuse_carry(self.intake, "audit")


REQUESTS: Mapping[str, type] = {
    "train_teacher": TeacherRequest,
    "annotate": AnnotateRequest,
    "aggregate": AggregateRequest,
    "distill": DistillRequest,
    "hybrid": HybridRequest,
    "predict": PredictRequest,
    "evaluate": EvaluateRequest,
    "audit": AuditRequest,
}
"""What each verb is asked, by its name with `_` for `-`."""
