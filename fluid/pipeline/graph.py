"""A lazy graph of named stages: each is described once, and made, read and hashed once, when something first needs it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluid.artifacts import Artifact
from fluid.errors import ConfigError
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage

Values = Mapping[str, Any]
"""What nodes gave, by their names: an opened artifact, or a value of this process."""
Together = Callable[[Sequence[tuple[Stage, Values]], Runner], None]
"""What several new stages have in common, done for all of them at once before each is made; it changes no result."""


def as_it_is(artifact: Artifact, values: Values) -> Artifact:
    """Open an artifact as itself."""
    return artifact


@dataclass(frozen=True, slots=True)
class Step:
    """A node whose result is kept in the store.

    Attributes:
        name: Its name in the graph.
        needs: Names of the nodes that it needs; they come before it.
        describe: The stage that makes it, from the values of what it needs.
        opened: What others get of the result, read once, from the artifact and the values of what the node needs.
        together: What it does together with others of the same kind, if anything.
        alone: Whether it has worker processes of its own, so that nothing is made beside it.
    """

    name: str
    needs: tuple[str, ...]
    describe: Callable[[Values], Stage]
    opened: Callable[[Artifact, Values], Any] = as_it_is
    together: Together | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A node that is computed in this process whenever it is needed, and is kept nowhere.

    Attributes:
        name: Its name in the graph.
        needs: Names of the nodes that it needs; they come before it.
        compute: The value, from the values of what it needs.
    """

    name: str
    needs: tuple[str, ...]
    compute: Callable[[Values], Any]


Node = Step | Value


class Graph:
    """Nodes that need each other. Nothing is made before it is asked for, and nothing twice.

    Args:
        nodes: All nodes, each after those that it needs: so there is no circle.
        runner: Where stages are carried out.

    Raises:
        ConfigError: Two nodes have one name, or one needs what does not come before it.
    """

    def __init__(self, nodes: Iterable[Node], runner: Runner) -> None:
        self.nodes: dict[str, Node] = {}
        self.runner = runner
        self.artifacts: dict[str, Artifact] = {}
        self._values: dict[str, Any] = {}
        for node in nodes:
            if node.name in self.nodes:
                raise ConfigError(f"two nodes of the graph are called {node.name!r}", expected="different names")
            if missing := [need for need in node.needs if need not in self.nodes]:
                raise ConfigError(f"{node.name!r} needs {missing[0]!r}, which does not come before it", expected="nodes in order of need")
            self.nodes[node.name] = node

    def closure(self, names: Iterable[str]) -> list[str]:
        """Return the named nodes with all that they need, in order.

        Raises:
            ConfigError: There is no node of a name.
        """
        wanted = set(names)
        if unknown := sorted(wanted - self.nodes.keys()):
            raise ConfigError(f"the graph has no {unknown[0]!r}", expected="one of " + ", ".join(self.nodes))
        for name in reversed(self.nodes):
            if name in wanted:
                wanted |= set(self.nodes[name].needs)
        return [name for name in self.nodes if name in wanted]

    def make(self, *names: str) -> dict[str, Artifact]:
        """Return the artifacts of the named nodes that have one; what they need is found in the store or made now.

        Steps that do not need each other are made side by side.
        """
        waiting = [name for name in self.closure(names) if isinstance(self.nodes[name], Step) and name not in self.artifacts]
        while waiting:
            ready = [name for name in waiting if self._is_ready(name)]
            self.artifacts |= self._make_all(ready)
            waiting = [name for name in waiting if name not in self.artifacts]
        return {name: self.artifacts[name] for name in names if name in self.artifacts}

    def value(self, name: str) -> Any:
        """Return what a node gives: its opened artifact, or its value; made now if it is new."""
        if name not in self._values:
            self.make(name)
            self._values[name] = self._open(name)
        return self._values[name]

    def values(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what some nodes give, by their names."""
        names = list(names)
        self.make(*names)
        return {name: self.value(name) for name in names}

    def steps(self, names: Iterable[str]) -> Iterator[Step]:
        """Yield the nodes of the closure of some names whose results are kept, in order."""
        for name in self.closure(names):
            node = self.nodes[name]
            if isinstance(node, Step):
                yield node

    def _is_ready(self, name: str) -> bool:
        others = (need for need in self.closure([name]) if need != name and isinstance(self.nodes[need], Step))
        return all(need in self.artifacts for need in others)

    def _open(self, name: str) -> Any:
        node = self.nodes[name]
        values = self._needs(node)
        return node.compute(values) if isinstance(node, Value) else node.opened(self.artifacts[name], values)

    def _needs(self, node: Node) -> Values:
        return {need: self.value(need) for need in node.needs}

    def _make_all(self, names: Sequence[str]) -> dict[str, Artifact]:
        steps = [node for name in names if isinstance(node := self.nodes[name], Step)]
        values = {step.name: self._needs(step) for step in steps}
        stages = {step.name: step.describe(values[step.name]) for step in steps}
        for together in dict.fromkeys(step.together for step in steps if step.together):
            own = {step.name: stages[step.name] for step in steps if step.together is together}
            if new := self.runner.new(own):
                together([(stage, values[name]) for name, stage in new.items()], self.runner)
        apart = {step.name: stages[step.name] for step in steps if not step.together and not step.alone}
        made = self.runner.make_all(apart)
        return made | {name: self.runner.make(stage) for name, stage in stages.items() if name not in made}
