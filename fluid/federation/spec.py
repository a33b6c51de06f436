"""One whole experiment: plain, frozen, typed values, built from the configuration by `fluid.cli`."""

from dataclasses import dataclass, field, replace

from fluid.annotation.spec import AnnotationSpec
from fluid.companies.spec import CompanySpec
from fluid.data.carried import refuse_carry
from fluid.data.data_spec import DataSpec
from fluid.data.intake_spec import IntakeSpec
from fluid.distillation.combine import knows_noise
from fluid.distillation.consensus_spec import DEFAULT_CONSENSUS, ConsensusSpec
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.federation.stages.consensus import reads_evidence
from fluid.federation.stages.hybrid_settings import HybridSettings
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_checks import EVIDENCE, check_head, check_noise
from fluid.federation.stages.student_settings import StudentSettings
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.teacher_settings import TeacherSettings
from fluid.federation.summed.settings import SummedSettings
from fluid.federation.taking_part import TakingPart
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import ModelSpec, NetworkSpec, StudentModel
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.training.config import TrainerSpec, Training, TrainingConfig
from fluid.training.kinds.kind import kind_of


@dataclass(frozen=True, slots=True)
class FederationSpec:
    """One whole experiment.

    `taking_part` is `companies.taking_part` and `companies.left_out` of the configuration; `analyses` are those of `analyses.py`.
    """

    data: DataSpec
    intake: IntakeSpec = field(default_factory=IntakeSpec)
    companies: CompanySpec = field(default_factory=CompanySpec)
    taking_part: TakingPart = field(default_factory=TakingPart)
    model: ModelSpec = field(default_factory=NetworkSpec)
    distillation: StudentSpec = field(default_factory=StudentSpec)
    student_model: StudentModel = field(default_factory=NetworkSpec)
    training: Training = field(default_factory=Training)
    loss: LossSpec = field(default_factory=LossSpec)
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    annotation: AnnotationSpec = field(default_factory=AnnotationSpec)
    privacy: PrivacySpec = field(default_factory=PrivacySpec)
    consensus: ConsensusSpec = DEFAULT_CONSENSUS
    selection: SelectionSpec = field(default_factory=SelectionSpec)
    hybrid: HybridSpec = field(default_factory=HybridSpec)
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    baselines: BaselinesSpec = field(default_factory=BaselinesSpec)
    analyses: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Check that weights can be averaged if a baseline does so, and that the student is asked for what it can do.

        Raises:
            ConfigError: The companies' model has no weights of one architecture, the student has no weights and needs some, an
                evidential head would learn soft labels by another loss than its own, a confusion is to be looked up that is not
                there, columns are to go along, a ledger is named, those who take part are unknown or nobody, evidence is needed that
                nobody releases, hybrids do not fit a student of experts, teachers are to be cross-fitted, or teachers are to release what
                a student made in rounds has no use for.
        """
        self.taking_part.of(self.company_names)
        refuse_carry(self.intake, "simulate")
        if self.privacy.ledger is not None:
            raise ConfigError("privacy.ledger counts releases, and a simulation makes none", expected="no ledger; privacy.epsilon may stay")
        if self.annotation.overlap == "cross_fit":
            raise ConfigError("a simulation keeps companies and transfer set apart", expected="annotation.overlap=refuse")
        if self.distillation.how.in_rounds:
            self._check_rounds()
        self._check_experts()
        check_head(self.student_model, self.distillation.mode, self.loss)
        rounds = self._soft_rounds()
        if self.loss.automatic:
            self._check_noise(rounds)
        if rounds:
            check_head(self.model, "network", self.loss, "teachers that learn soft labels in " + ", ".join(rounds))
        if not kind_of(self.student_model).has_weights:
            self._check_weightless(self.student_model.kind)
        averaging = self.baselines.averaging()
        if averaging and not kind_of(self.model).has_weights:
            kind = self.model.kind
            raise ConfigError(
                f"baselines {', '.join(averaging)} average weights, but the companies' model is {kind!r}",
                expected="a graph network, the same in all companies",
                remedy="Choose model=gine, or the baselines fedmd, dsfl and sge, which need no common architecture.",
            )

    def _check_experts(self) -> None:
        how, mode, evidence = self.distillation.how, self.distillation.mode, self.annotation.domain == "evidence"
        if not evidence and (how.needs_evidence or reads_evidence(self.consensus)):
            what = f"distillation={mode}" if how.needs_evidence else f"consensus={self.consensus.method}"
            raise ConfigError(f"{what} needs evidence, which nobody releases", expected=EVIDENCE)
        if evidence and how.reads_annotations and not how.needs_evidence:
            said = f"distillation={mode} learns coarse domain scores, which nobody releases"
            raise ConfigError(said, expected="annotation.domain=bins, or distillation=experts")
        self.hybrid.check_student(mode, how.takes_labels, how.has_experts)

    def _check_rounds(self) -> None:
        mode = self.distillation.mode
        if reads_evidence(self.consensus) or self.annotation.domain != "bins":
            told = f"annotation.domain={self.annotation.domain} consensus={self.consensus.method}"
            raise ConfigError(
                f"with distillation={mode} no teacher annotates, and {told} is about what teachers release",
                expected="annotation.domain=bins consensus=mean",
            )
        self.hybrid.check_student(mode, self.distillation.how.takes_labels, self.distillation.how.has_experts)
        self.hybrid.check_weightless("additive")

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
        return self.baselines.learning_soft()

    def _check_weightless(self, kind: str) -> None:
        if self.distillation.how.trains and not self.distillation.how.needs_weights:
            self.hybrid.check_weightless(kind)
        rounds = self._soft_rounds()
        mode = self.distillation.mode
        if rounds or self.distillation.how.needs_weights:
            what = f"baselines {', '.join(rounds)}" if rounds else f"distillation={mode}"
            raise ConfigError(
                f"{what} trains a network, and the student is of kind {kind!r}", remedy="Choose student_model={kind: network}."
            )

    @property
    def company_names(self) -> list[str]:
        """Names of all companies, largest first."""
        return [f"T{number}" for number in range(1, self.companies.n + 1)]

    @property
    def members(self) -> list[str]:
        """Names of the companies that take part in consensus, student and hybrids."""
        return self.taking_part.of(self.company_names)

    @property
    def annotators(self) -> list[str]:
        """Names of the models that annotate the transfer set: teachers, or the student that companies make in rounds."""
        return ["student"] if self.distillation.how.in_rounds else self.members

    @property
    def teacher_settings(self) -> TeacherSettings:
        """How teachers are trained; where the student is made in rounds they stay at home, so that nothing is promised of them."""
        privacy = PrivacySpec() if self.distillation.how.in_rounds else self.privacy
        how = (self.training.teacher, self.trainer, self.annotation, self.seed, self.intake.quorum, privacy)
        return TeacherSettings(self.model, *how)

    @property
    def summed_settings(self) -> SummedSettings:
        """How a student of summed gradients is made."""
        dictionary = self.annotation.evidence.dictionary
        return SummedSettings(self.distillation.summed, dictionary, self.annotation, self.seed, self.intake.quorum, self.privacy)

    @property
    def pooled_settings(self) -> TeacherSettings:
        """How the pooled teacher is trained: without noise, since nobody releases it."""
        model = replace(self.model, noise=0.0) if isinstance(self.model, AdditiveSpec) else self.model
        return replace(self.teacher_settings, model=model, config=self.training.pooled, privacy=PrivacySpec())

    @property
    def home_settings(self) -> TeacherSettings | None:
        """How companies train a teacher for their own use, where the one that they release has noise; `None`: that one has none."""
        if not isinstance(self.model, AdditiveSpec) or not self.model.is_perturbed:
            return None
        model = AdditiveSpec(self.model.radius, self.model.n_bits)
        return replace(self.teacher_settings, model=model, privacy=PrivacySpec())

    @property
    def student_settings(self) -> StudentSettings:
        """How the student is distilled."""
        how = (self.student_config, self.trainer, self.selection, self.annotation, self.seed)
        return StudentSettings(self.distillation, self.student_model, *how)

    @property
    def hybrid_settings(self) -> HybridSettings:
        """How hybrids are made."""
        config = replace(self.training.hybrid, loss=self.loss)
        return HybridSettings(self.hybrid, self.selection, config, self.trainer, self.annotation, self.seed, self.intake.quorum)

    @property
    def labelled_intake(self) -> IntakeSpec:
        """How labelled files are read: with the endpoints of the data, where these name them."""
        return replace(self.intake, endpoints=self.data.endpoints) if self.data.endpoints else self.intake

    @property
    def student_config(self) -> TrainingConfig:
        """How soft labels are learnt: the student's config with the experiment's loss."""
        return replace(self.training.student, loss=self.loss)
