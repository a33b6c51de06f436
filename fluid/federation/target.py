"""One part of a federation, made alone and left in the store: what a batch system gives to one of its jobs.

Nothing is handed over but the store: a whole run looks every stage up by what goes in, finds the parts, and makes the rest.
"""

from collections.abc import Mapping

from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.errors import ConfigError
from fluid.federation.consensus_table import read_consensus
from fluid.federation.consortium_data import ConsortiumData
from fluid.federation.model_folder import read_model
from fluid.federation.simulation import STUDENT, add_back, aggregate, annotate, distil, divide, teacher_stages, upper_bounds
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid import Released, hybrid_name
from fluid.pipeline.runner import Runner

DATA, CONSENSUS = "data", "consensus"


def targets(spec: FederationSpec) -> list[str]:
    """Return the parts of a federation by name, in the order in which they need each other: all but baselines and the evaluation."""
    companies, members = spec.company_names, spec.taking_part.of(spec.company_names)
    bounds = ["pooled", "forest"] if spec.evaluation.forest else ["pooled"]
    return [DATA, *companies, *bounds, CONSENSUS, STUDENT, *map(hybrid_name, members)]


def check_target(name: str, spec: FederationSpec) -> None:
    """Refuse a part that the federation does not have.

    Raises:
        ConfigError: It has none of that name.
    """
    if name not in targets(spec):
        raise ConfigError(f"target is {name!r}", expected="one of " + ", ".join(targets(spec)))


def make_target(name: str, spec: FederationSpec, runner: Runner) -> None:
    """Make one part, and those that it needs if the store does not hold them.

    Args:
        name: `data` (molecules and their division), a company (its teacher and annotations), `pooled`, `forest`, `consensus`, `student`,
            or a hybrid.
        spec: The whole federation.
        runner: Where it is made.

    Raises:
        ConfigError: The federation has no such part.
    """
    check_target(name, spec)
    data, _, companies = divide(spec, runner)
    if name == DATA:
        return
    if bound := upper_bounds(data.pool, spec, runner).get(name):
        runner.make(bound)
        return
    asked = {name: companies[name]} if name in companies else spec.taking_part.among(companies)
    teachers = runner.make_all(teacher_stages(asked, spec, runner))
    annotations = annotate(teachers, data.transfer, spec, runner)
    if name not in companies:
        make_released(name, annotations, asked, teachers, data, spec, runner)


def make_released(
    name: str,
    annotations: Mapping[str, Artifact],
    companies: Mapping[str, Dataset],
    teachers: Mapping[str, Artifact],
    data: ConsortiumData,
    spec: FederationSpec,
    runner: Runner,
) -> None:
    """Make the consensus, the student, or a hybrid from the annotations of those companies that take part."""
    consensus = aggregate(annotations, data.transfer, spec, runner)
    if name == CONSENSUS:
        return
    student = runner.make(distil(consensus, data.transfer, spec, runner, annotations))
    if name != STUDENT:
        released = Released(student, read_model(student), read_consensus(consensus, data.transfer.transfer_digest), data.transfer)
        company = next(company for company in companies if hybrid_name(company) == name)
        runner.make(add_back(company, companies[company], teachers[company], released, spec, runner))
