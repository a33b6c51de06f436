"""The whole story in one process, as in Figure 1 of the paper (doi:10.1038/s42256-025-00991-2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.federation.baselines.suite import Baselines, baselines_in
from fluid.federation.consortium_data import ConsortiumData
from fluid.federation.data_nodes import COMPANIES, DATA, SPLIT
from fluid.federation.evaluation_nodes import CONSENSUS_EVALUATION, evaluation_name, model_roles
from fluid.federation.graph import federation_graph
from fluid.federation.model_nodes import CONSENSUS, FOREST, POOLED, STUDENT, annotations_name
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid import hybrid_name
from fluid.federation.stages.split import left_out_notes
from fluid.pipeline.graph import Graph
from fluid.pipeline.runner import Runner


@dataclass(frozen=True, slots=True)
class Federation:
    """All artifacts of one simulated federation, by what they are.

    Attributes:
        data: The molecules.
        split: Division of the pool.
        companies: Private split of each company, also of those that take no part.
        models: Model artifacts by name: pooled, forest, `T1`.., student, `H1`...
        annotations: Annotation artifacts by who annotates: teachers that take part, or the student that all of them made in rounds.
        consensus: The consensus.
        evaluated: Answers and scores by model name, and of the consensus itself.
        baselines: Other ways of federated learning, if any was asked for.
        analyses: Answers to further questions, by name; see `fluid.federation.analyses`.
    """

    data: ConsortiumData
    split: Artifact
    companies: Mapping[str, Dataset]
    models: Mapping[str, Artifact]
    annotations: Mapping[str, Artifact]
    consensus: Artifact
    evaluated: Mapping[str, Artifact]
    baselines: Baselines = field(default_factory=Baselines)
    analyses: Mapping[str, Artifact] = field(default_factory=dict)


def simulate(spec: FederationSpec, runner: Runner) -> Federation:
    """Run the whole federation; every stage that is in the store already is reused."""
    graph = federation_graph(spec, runner)
    companies = divide(graph)
    graph.make(*companies)  # teachers, each on its private split
    annotations = graph.make(*map(annotations_name, spec.annotators))
    # ══ the boundary: from here on, only annotation sets and public molecules are read ══
    consensus = graph.make(CONSENSUS)[CONSENSUS]
    graph.make(STUDENT, *upper_bounds(spec))  # the bounds are for comparison only, beside the student for speed
    # ══ back in each company: the released student meets the private split ══
    graph.make(*map(hybrid_name, spec.members))
    baselines = baselines_in(graph, spec)
    evaluated = evaluate(graph, spec)
    analyses = {name: graph.make(name)[name] for name in dict.fromkeys(spec.analyses)}
    models = graph.make(*model_roles(spec))
    sets = {name: annotations[annotations_name(name)] for name in spec.annotators}
    split = graph.value(SPLIT)
    return Federation(graph.value(DATA), split, companies, models, sets, consensus, evaluated, baselines, analyses)


def divide(graph: Graph) -> Mapping[str, Dataset]:
    """Divide the pool among companies, and say how."""
    split = graph.value(SPLIT)
    graph.runner.progress.note((split / "summary.txt").read_text(encoding="utf-8"))
    if notes := left_out_notes(split):
        graph.runner.progress.note("\n".join(notes))
    companies: Mapping[str, Dataset] = graph.value(COMPANIES)
    return companies


def upper_bounds(spec: FederationSpec) -> tuple[str, ...]:
    """Return the pooled teacher, and a forest on the same data if asked."""
    return (POOLED, FOREST) if spec.evaluation.forest else (POOLED,)


def evaluate(graph: Graph, spec: FederationSpec) -> dict[str, Artifact]:
    """Evaluate every model, then the consensus, asked directly about the same tests."""
    names = list(model_roles(spec))
    made = graph.make(*map(evaluation_name, names), CONSENSUS_EVALUATION)
    return {name: made[evaluation_name(name)] for name in names} | {CONSENSUS: made[CONSENSUS_EVALUATION]}
