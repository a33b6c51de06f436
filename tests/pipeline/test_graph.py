"""A lazy graph: nothing is made before it is asked for, nothing twice, and what does not need each other is made together."""

from pathlib import Path

import pytest

from fluid.artifacts import Artifact
from fluid.errors import ConfigError
from fluid.pipeline.graph import Graph, Step, Value, Values
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage, Work
from fluid.pipeline.store import ArtifactStore

MODULE = "pipeline/graph.py"


def text_stage(name: str, text: str) -> Stage:
    def build(folder: Path, work: Work) -> None:
        (folder / "text").write_text(text)

    return Stage("text", name, {"text": text}, build, module=MODULE)


def read(artifact: Artifact, values: Values) -> str:
    return (artifact / "text").read_text()


def step(name: str, *needs: str, together: object = None) -> Step:
    """Return a node whose text is its name after the texts of what it needs, in brackets."""
    return Step(name, needs, lambda values: text_stage(name, f"{name}({','.join(values[need] for need in needs)})"), read, together)  # type: ignore[arg-type]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


def diamond(runner: Runner) -> Graph:
    return Graph([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"), step("apart")], runner)


def made(runner: Runner) -> list[str]:
    return [record.name for record in runner.records if not record.reused]


def test_only_what_a_target_needs_is_made_and_nothing_twice(runner: Runner) -> None:
    graph = diamond(runner)
    assert made(runner) == []
    assert graph.value("d") == "d(b(a()),c(a()))"
    assert made(runner) == ["a", "b", "c", "d"]
    assert graph.value("d") == graph.value("d")
    graph.make("d", "b")
    assert len(runner.records) == 4


def test_another_graph_finds_everything_in_the_store(runner: Runner) -> None:
    for target in ("d", "b", "apart"):
        diamond(runner).make(target)
    again = Runner(runner.store)
    assert diamond(again).make("a", "b", "c", "d", "apart").keys() == {"a", "b", "c", "d", "apart"}
    assert made(again) == []


def test_the_order_of_asking_changes_no_result(tmp_path: Path) -> None:
    digests = []
    for number, names in enumerate([("d", "apart"), ("apart", "c", "b", "d")]):
        graph = diamond(Runner(ArtifactStore(tmp_path / str(number))))
        for name in names:
            graph.make(name)
        digests.append({name: graph.make(name)[name].digest for name in ("b", "c", "d", "apart")})
    assert digests[0] == digests[1]


def test_values_are_computed_when_they_are_needed_and_once(runner: Runner) -> None:
    asked = []
    graph = Graph(
        [
            step("a"),
            Value("length", ("a",), lambda values: asked.append("length") or len(values["a"])),
            Step("b", ("length",), lambda values: text_stage("b", str(values["length"])), read),
            Value("unused", ("b",), lambda values: asked.append("unused")),
        ],
        runner,
    )
    assert graph.values(["b", "length"]) == {"b": "3", "length": 3}
    assert asked == ["length"]


def test_a_value_is_no_artifact(runner: Runner) -> None:
    graph = Graph([step("a"), Value("v", ("a",), lambda values: 1)], runner)
    assert graph.make("a", "v").keys() == {"a"}


def test_an_artifact_is_opened_only_for_those_who_need_it(runner: Runner) -> None:
    opened = []

    def note(artifact: Artifact, values: Values) -> str:
        opened.append(artifact.digest)
        return read(artifact, values)

    nodes = [Step(name, (), lambda values, name=name: text_stage(name, name), note) for name in ("a", "b")]
    graph = Graph([*nodes, step("c", "a")], runner)
    graph.make("a", "b", "c")
    assert opened == [graph.artifacts["a"].digest]


def test_what_is_new_of_a_group_is_prepared_together(runner: Runner) -> None:
    prepared = []

    def together(asked: object, runner: Runner) -> None:
        prepared.append([stage.name for stage, _ in asked])  # type: ignore[attr-defined]

    def graph(runner: Runner) -> Graph:
        return Graph([step("a"), *(step(name, "a", together=together) for name in "xyz")], runner)

    graph(runner).make("y")
    graph(Runner(runner.store)).make("x", "y", "z")
    graph(Runner(runner.store)).make("x", "z")
    assert prepared == [["y"], ["x", "z"]]


def test_what_has_workers_of_its_own_is_made_alone(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[set[str]] = []
    make_all = Runner.make_all

    def note(self: Runner, stages: dict[str, Stage]) -> dict[str, Artifact]:
        beside.append(set(stages))
        return make_all(self, stages)

    monkeypatch.setattr(Runner, "make_all", note)
    nodes = [Step(name, (), lambda values, name=name: text_stage(name, name), alone=name == "b") for name in "abc"]
    assert Graph(nodes, runner).make("a", "b", "c").keys() == {"a", "b", "c"}
    assert beside == [{"a", "c"}]


def test_a_closure_is_in_order_of_need(runner: Runner) -> None:
    graph = diamond(runner)
    assert graph.closure(["d"]) == ["a", "b", "c", "d"]
    assert [node.name for node in graph.steps(["c", "apart"])] == ["a", "c", "apart"]
    assert graph.closure([]) == []


def test_wrong_graphs_are_refused(runner: Runner) -> None:
    with pytest.raises(ConfigError, match="two nodes of the graph are called 'a'"):
        Graph([step("a"), step("a")], runner)
    with pytest.raises(ConfigError, match="'b' needs 'c', which does not come before it"):
        Graph([step("a"), step("b", "c"), step("c", "a")], runner)
    with pytest.raises(ConfigError, match="the graph has no 'e'; expected one of a, b, c, d, apart"):
        diamond(runner).value("e")


def test_a_stage_that_fails_leaves_what_was_made_before_it(runner: Runner) -> None:
    def broken(folder: Path, work: Work) -> None:
        raise ConfigError("it broke")

    graph = Graph([step("a"), Step("b", ("a",), lambda values: Stage("text", "b", {}, broken, module=MODULE))], runner)
    with pytest.raises(ConfigError, match="it broke"):
        graph.value("b")
    assert graph.value("a") == "a()"
    assert made(runner) == ["a"]
