"""All baselines that an experiment asks for, made in its runner from its own splits, teachers and student."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.federation.baselines.dsfl import dsfl_stage
from fluid.federation.baselines.fedavg import fedavg_stage
from fluid.federation.baselines.feddf import feddf_stage
from fluid.federation.baselines.fedmd import CENTRAL, fedmd_stage, member_stage
from fluid.federation.baselines.fedprox import fedprox_stage
from fluid.federation.baselines.sge import sge_stage
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.federation.model_folder import read_model
from fluid.federation.spec import FederationSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage


@dataclass(frozen=True, slots=True)
class BaselineModel:
    """A model of a baseline: artifact, role in the score table, owner (empty: everybody)."""

    artifact: Artifact
    role: str
    company: str = ""


@dataclass(frozen=True, slots=True)
class Baselines:
    """What the baselines made.

    Attributes:
        models: Models by name.
        rounds: Artifacts that say what was sent, by baseline.
        spec: What was asked for.
    """

    models: Mapping[str, BaselineModel] = field(default_factory=dict)
    rounds: Mapping[str, Artifact] = field(default_factory=dict)
    spec: BaselinesSpec = field(default_factory=BaselinesSpec)


def make_baselines(
    parts: Mapping[str, Dataset],
    teachers: Mapping[str, Artifact],
    student: Artifact,
    transfer: Dataset,
    spec: FederationSpec,
    runner: Runner,
) -> Baselines:
    """Make the baselines that the experiment asks for.

    Args:
        parts: Private split by company.
        teachers: Teacher by company.
        student: The student.
        transfer: The transfer set.
        spec: The experiment.
        runner: Where stages are carried out.
    """
    if not any(spec.baselines.asked()):
        return Baselines()
    rounds = runner.make_all(round_stages(parts, teachers, transfer, spec))
    models = {name: BaselineModel(artifact, name) for name, artifact in rounds.items() if name != "fedmd"}
    stages, owners = member_stages(parts, teachers, {"student": student, **rounds}, spec)
    models |= {name: BaselineModel(artifact, *owners[name]) for name, artifact in runner.make_all(stages).items()}
    return Baselines(models, rounds, spec.baselines)


def round_stages(
    parts: Mapping[str, Dataset], teachers: Mapping[str, Artifact], transfer: Dataset, spec: FederationSpec
) -> dict[str, Stage]:
    """Describe the baselines that have rounds."""
    asked, stages = spec.baselines, {}
    if asked.fedavg:
        stages["fedavg"] = fedavg_stage(parts, transfer, spec, asked.fedavg)
    if asked.fedprox:
        stages["fedprox"] = fedprox_stage(parts, transfer, spec, asked.fedprox)
    if asked.feddf:
        stages["feddf"] = feddf_stage(parts, transfer, spec, asked.feddf)
    models = {name: read_model(teacher) for name, teacher in teachers.items()} if asked.fedmd or asked.dsfl else {}
    if asked.fedmd:
        stages["fedmd"] = fedmd_stage(parts, teachers, models, transfer, spec, asked.fedmd)
    if asked.dsfl:
        stages["dsfl"] = dsfl_stage(parts, teachers, models, transfer, spec, asked.dsfl)
    return stages


def member_stages(
    parts: Mapping[str, Dataset], teachers: Mapping[str, Artifact], made: Mapping[str, Artifact], spec: FederationSpec
) -> tuple[dict[str, Stage], dict[str, tuple[str, str]]]:
    """Describe the models that are made of other results, and say role and owner of each by name."""
    described: list[tuple[Stage, str, str]] = []
    if "fedmd" in made:
        described += [(member_stage(made["fedmd"], CENTRAL), "fedmd", "")]
        described += [(member_stage(made["fedmd"], company), "fedmd_member", company) for company in parts]
    if settings := spec.baselines.sge:
        federated = made[settings.federated]
        common = read_model(federated)
        for company, part in parts.items():
            own = read_model(teachers[company])
            stage = sge_stage(company, part, teachers[company], own, federated, common, spec, settings)
            described.append((stage, "sge_member", company))
    return {s.name: s for s, _, _ in described}, {s.name: (role, company) for s, role, company in described}
