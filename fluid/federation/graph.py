"""One federation as a lazy graph: every stage is described here once, and every caller asks for what it wants of it.

private table → company split → teacher ─┐ (inside one company)
│
══ the boundary: only an AnnotationSet leaves ══
│
public transfer set ─────────────────────┴→ annotations → consensus → student → hybrid → report
"""

from collections.abc import Iterator

from fluid.errors import ConfigError
from fluid.federation.analyses import analysis_nodes
from fluid.federation.baselines.suite import baseline_nodes
from fluid.federation.data_nodes import DATA, data_nodes
from fluid.federation.evaluation_nodes import evaluation_nodes
from fluid.federation.model_nodes import (
    annotation_nodes,
    annotations_name,
    bound_nodes,
    consensus_nodes,
    home_nodes,
    hybrid_nodes,
    student_nodes,
    teacher_nodes,
)
from fluid.federation.spec import FederationSpec
from fluid.pipeline.graph import Graph, Node, Step
from fluid.pipeline.runner import Runner


def federation_nodes(spec: FederationSpec, runner: Runner) -> Iterator[Node]:
    """Yield all that a federation is made of, each node after those that it needs."""
    yield from data_nodes(spec, runner.progress.note)
    yield from teacher_nodes(spec, runner)
    if spec.distillation.how.in_rounds:
        yield from student_nodes(spec, runner)  # only what is opened of all companies' sums leaves them, and makes it
    yield from annotation_nodes(spec)
    # ══ the boundary: from here on, only annotation sets and public molecules are read ══
    yield from consensus_nodes(spec)
    if not spec.distillation.how.in_rounds:
        yield from student_nodes(spec, runner)
    # ══ back in each company: the released student meets the private split ══
    yield from home_nodes(spec, runner)
    yield from hybrid_nodes(spec, runner)
    # for comparison only: what a real consortium cannot do, or would do otherwise
    yield from bound_nodes(spec, runner)
    yield from baseline_nodes(spec)
    yield from evaluation_nodes(spec)
    yield from analysis_nodes(spec)


def federation_graph(spec: FederationSpec, runner: Runner) -> Graph:
    """Describe a federation; nothing is made yet.

    Raises:
        ConfigError: The settings contradict each other.
        InputError: A file is not there.
    """
    return Graph(federation_nodes(spec, runner), runner)


def nodes_of(target: str, spec: FederationSpec) -> tuple[str, ...]:
    """Return the nodes that a target stands for: of who annotates the model and its annotations."""
    if target == DATA:
        return (DATA,)
    return (target, annotations_name(target)) if target in spec.annotators else (target,)


def check_target(target: str, graph: Graph) -> None:
    """Refuse a target that the federation does not have.

    Raises:
        ConfigError: The federation has no target of that name.
    """
    known = targets(graph)
    if target not in known:
        raise ConfigError(f"target is {target!r}", expected="one of " + ", ".join(known))


def targets(graph: Graph) -> list[str]:
    """Return what can be made alone: `data`, and every stage by its name, in the order in which they need each other."""
    return [DATA, *(name for name, node in graph.nodes.items() if isinstance(node, Step))]


def make_target(target: str, spec: FederationSpec, runner: Runner) -> None:
    """Make one target, and what it needs if the store does not hold it: what a batch system gives to one of its jobs.

    Nothing is handed over but the store: a whole run looks every stage up by what goes in, finds it, and makes the rest.

    Raises:
        ConfigError: The federation has no such target.
    """
    graph = federation_graph(spec, runner)
    check_target(target, graph)
    for name in nodes_of(target, spec):
        graph.value(name)


def drawing(graph: Graph) -> str:
    """Return the graph as text: a line per stage, with the stages that it needs."""
    lines, before = [], dict[str, set[str]]()
    for step in graph.steps(graph.nodes):
        needed = [name for name in graph.closure([step.name]) if name != step.name and isinstance(graph.nodes[name], Step)]
        before[step.name] = set(needed)
        direct = [name for name in needed if not any(name in before[other] for other in needed)]
        lines.append(f"{step.name}" + (f" <- {', '.join(direct)}" if direct else ""))
    return "\n".join(lines)
