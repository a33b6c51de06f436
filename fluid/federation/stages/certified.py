"""A teacher with noise that a company can certify: how much there is of it, the ledger that counts it, and the certificate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fluid.annotation.evidence import Evidence
from fluid.artifacts import write_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.stages.teacher_settings import TeacherSettings
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import Predictor
from fluid.privacy.certificate import FILE, Contents, certificate
from fluid.privacy.ledger import charge, check_budget, open_ledger
from fluid.privacy.release_plan import ReleasePlan, check_certifiable, mechanisms_of, planned


def with_noise(settings: TeacherSettings, endpoints: Sequence[Endpoint]) -> TeacherSettings:
    """Return the settings of a teacher with the noise that its ε asks for; one with noise learns from all its molecules.

    Which molecules are held out would depend on all of them, and nothing is chosen by them anyway.

    Raises:
        ConfigError: A certificate is asked for, and the release cannot be certified; or a release asks for an ε and counts nowhere.
    """
    if isinstance(settings.model, AdditiveSpec) and settings.model.is_perturbed:
        settings = replace(settings, config=replace(settings.config, validation_share=0.0))
    privacy = settings.privacy
    if not privacy.is_asked:
        return settings
    if settings.is_release and privacy.ledger is None:
        raise ConfigError(
            "privacy.epsilon is given, and no ledger counts the release", expected="privacy.ledger=FILE privacy.budget=EPSILON"
        )
    plan = planned(plan_of(settings, endpoints), privacy)
    check_certifiable(plan)
    return replace(settings, model=plan.model, annotation=plan.annotation)


def plan_of(settings: TeacherSettings, endpoints: Sequence[Endpoint]) -> ReleasePlan:
    """Return what is about to be released."""
    return ReleasePlan(settings.model, settings.annotation, tuple(endpoints))


def check_affordable(name: str, settings: TeacherSettings, endpoints: Sequence[Endpoint]) -> None:
    """Refuse, before anything is learnt, a release that a company's budget does not allow; a ledger is begun here if there is none.

    Raises:
        BudgetError: The budget is too small.
        ConfigError: The ledger is another company's, or has another budget.
        ArtifactError: The ledger was altered, or is an old copy.
    """
    privacy = settings.privacy
    if privacy.ledger is not None:
        with open_ledger(privacy.ledger, name, (privacy.budget, privacy.delta), privacy.witness) as ledger:
            check_budget(ledger, mechanisms_of(plan_of(settings, endpoints)))


def certify(folder: Path, name: str, settings: TeacherSettings, predictor: Predictor, evidence: Evidence | None) -> None:
    """Count a release in the ledger, if there is one, then write its certificate.

    Args:
        folder: Of the teacher, which nobody sees yet.
        name: The company.
        settings: As `with_noise` returns them.
        predictor: The teacher.
        evidence: Its evidence.

    Raises:
        BudgetError: Other releases have used the budget meanwhile.
        ConfigError: The model has no noise of its own.
    """
    if not isinstance(predictor, AdditivePredictor) or evidence is None:
        raise ConfigError("this release cannot be certified: weights and evidence are not what was planned")
    mechanisms, privacy = mechanisms_of(plan_of(settings, predictor.endpoints)), settings.privacy
    contents = Contents.of(name, predictor.weights, predictor.bias, evidence.counts)
    longer = None
    if privacy.ledger is not None:
        with open_ledger(privacy.ledger, name, (privacy.budget, privacy.delta), privacy.witness) as ledger:
            longer = charge(ledger, mechanisms, contents.release, privacy.witness)
    write_json(folder / FILE, certificate(contents, mechanisms, privacy.delta, settings.is_release, longer))
