"""A key never misses what makes its result: hundreds of changes of the code, and what the code that runs says about them.

What a stage can depend on is told by two sources that know nothing of `fluid.pipeline.code`: the modules that run while it is made in a
process of its own, and the graph of imports as grimp sees it.
"""

import ast
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import count, islice
from pathlib import Path

import grimp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.pipeline.code import CODE, PACKAGE, Code, dotted
from fluid.pipeline.source import READS_TEXT, read
from tests.conftest import Files
from tests.pipeline.mutations import COSMETIC, Change, mutate
from tests.pipeline.sources import BASELINES, STAGES, changed, module_of, texts

SEED = 19
PER_ROOM = 18
SCRIPT = Path(__file__).with_name("executed.py")
Reach = Mapping[str, frozenset[str]]
"""For the module of each kind of stage: the modules of fluid that it can depend on."""


def rooms() -> dict[str, list[str]]:
    """Return the modules of every room; those that lie in none are one."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in texts():
        found[name.split(".")[1] if name.count(".") > 1 else "fluid"].append(name)
    return found


def drawn() -> list[Change]:
    """Return changes of places that are drawn at random in every room."""
    rng, found = random.Random(SEED), []
    for names in rooms().values():
        tried = (mutate(module := rng.choice(names), texts()[module], rng) for _ in count())
        found += islice((change for change in tried if change is not None), PER_ROOM)
    return found


@pytest.fixture(scope="module")
def mutants() -> list[Change]:
    return drawn()


@pytest.fixture(scope="module")
def ran(files: Files, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """Make every kind of stage in a process of its own; return what ran there and which other files of fluid were opened."""
    folder = tmp_path_factory.mktemp("executed")
    (folder / "files.json").write_text(json.dumps({name: str(path) for name, path in asdict(files).items()}))
    command = [sys.executable, str(SCRIPT), str(folder / "files.json"), str(folder / "out")]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=250)
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"ran": set(), "opened": set()})
    for file in (folder / "out" / "ran").iterdir():
        seen = json.loads(file.read_text())
        for what in ("ran", "opened"):
            found[dotted(seen["module"])][what].update(str(Path(one).relative_to(PACKAGE)) for one in seen[what])
    return found


@pytest.fixture(scope="module")
def at_run_time(ran: dict[str, dict[str, set[str]]]) -> Reach:
    return {kind: frozenset(dotted(file).removesuffix(".__init__") for file in seen["ran"]) for kind, seen in ran.items()}


@pytest.fixture(scope="module")
def by_imports() -> Reach:
    graph = grimp.build_graph("fluid", exclude_type_checking_imports=True, cache_dir=None)
    kinds = [module_of(kind) for kind in (*STAGES, *BASELINES)]
    return {kind: frozenset(graph.find_upstream_modules(kind)) | {kind} for kind in kinds}


def lies(changes: Iterable[Change], reach: Reach, exempt: frozenset[str] = frozenset()) -> list[str]:
    """Return every change that makes no new key of a stage that can depend on the changed code.

    Args:
        changes: What is changed.
        reach: What the stages can depend on.
        exempt: Modules that the version of code overlooks; none, but for a test of this function.
    """

    def looking(code: Code) -> Code:
        return Code(lambda name: None if name in exempt else code.find(name), {} if exempt else code.uses)

    before = {kind: looking(CODE).version([kind]) for kind in reach}
    found = []
    for change in changes:
        after = looking(changed(change.module, change.text))
        unseen = [kind for kind, modules in reach.items() if change.module in modules and after.version([kind]) == before[kind]]
        found += [f"{kind} does not see {change.module}, {change.what}" for kind in unseen]
    return found


def test_the_changes_are_many_and_lie_in_every_room(mutants: list[Change]) -> None:
    assert len(mutants) >= 200
    found = Counter(change.module.split(".")[1] if change.module.count(".") > 1 else "fluid" for change in mutants)
    assert set(found) == set(rooms())
    assert min(found.values()) >= 8
    assert all(ast.dump(ast.parse(change.text)) != ast.dump(ast.parse(texts()[change.module])) for change in mutants)


def test_what_ran_is_what_each_stage_is_for(at_run_time: Reach) -> None:
    assert set(at_run_time) >= {module_of(kind) for kind in (*STAGES, *BASELINES)}
    expected = {
        "intake": "data.intake", "split": "companies.split", "teacher": "models.forest", "annotate": "models.ensemble",
        "consensus": "distillation.combine", "student": "models.heads", "hybrid": "training.fit", "evaluate": "evaluation.bootstrap",
    }  # fmt: skip
    for kind, module in expected.items():
        assert f"fluid.{module}" in at_run_time[module_of(kind)]
    assert not any(name.startswith(("fluid.cli", "fluid.reporting")) for modules in at_run_time.values() for name in modules)


def test_no_key_misses_code_that_ran(mutants: list[Change], at_run_time: Reach) -> None:
    assert lies(mutants, at_run_time) == []
    assert sum(change.module in modules for change in mutants for modules in at_run_time.values()) > 300


def test_no_key_misses_code_that_is_imported(mutants: list[Change], by_imports: Reach) -> None:
    assert lies(mutants, by_imports) == []
    assert sum(change.module in modules for change in mutants for modules in by_imports.values()) > 300


def test_every_module_that_ran_or_is_imported_is_in_the_key(at_run_time: Reach, by_imports: Reach) -> None:
    """The same without drawing: whole files."""
    for reach in (at_run_time, by_imports):
        for kind, modules in reach.items():
            assert modules - set(CODE.closure([kind])) == set()


@pytest.mark.parametrize(
    "exempt", ["fluid.federation.stages.hybrid_spec", "fluid.training.module", "fluid.molecules.environments", "fluid.pipeline.stage"]
)
def test_a_version_that_overlooks_a_module_is_caught(exempt: str, at_run_time: Reach, by_imports: Reach) -> None:
    change = mutate(exempt, texts()[exempt], random.Random(SEED))
    assert change is not None
    for reach in (at_run_time, by_imports):
        assert lies([change], reach) == []
        assert any(exempt in found for found in lies([change], reach, frozenset({exempt})))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (r"weight_decay=0\.0", "weight_decay=0.1"),
        (r"FineTuning\(pull=([\w.]+)\)", r"FineTuning(pull=2 * \1)"),
        (r"learning_rate( ?= ?)([\w.]+)\.head_learning_rate", r"learning_rate\1\2.head_learning_rate / 2"),
        (r"pull: float = 0\.01", "pull: float = 0.02"),
    ],
)
def test_how_a_hybrid_learns_is_in_its_key(now: str, then: str) -> None:
    """This was overlooked once: settings were left out of every key, and set weight decay, pull and learning rate."""
    hybrids = {name: text for name, text in texts().items() if name.startswith("fluid.federation.") and "hybrid" in name}
    (name,) = [name for name, text in hybrids.items() if re.search(now, text)]
    other = changed(name, re.sub(now, then, texts()[name]))
    old = {kind for kind in STAGES if other.version([module_of(kind)]) != CODE.version([module_of(kind)])}
    assert old == {"hybrid"}


def test_comments_docstrings_and_formatting_change_no_key() -> None:
    rng, kinds, n = random.Random(SEED), [module_of(kind) for kind in (*STAGES, *BASELINES)], 0
    before = [CODE.version([kind]) for kind in kinds]
    reached = {name for kind in kinds for name in CODE.closure([kind])}
    for number in range(220):
        module = rng.choice([name for name in texts() if texts()[name]])
        text = COSMETIC[number % len(COSMETIC)](texts()[module], rng)
        assert text != texts()[module]
        after = changed(module, text)
        assert [after.version([kind]) for kind in kinds] == before, (module, number)
        n += module in reached
    assert n > 100


def test_no_code_of_fluid_looks_at_its_own_text() -> None:
    """Where one did, comments would count again for every stage that it is part of."""
    assert [name for name, text in texts().items() if read(text, name).words & READS_TEXT] == []


def test_stages_open_no_file_of_the_package_but_its_code(ran: dict[str, dict[str, set[str]]]) -> None:
    """The embedded data set is a file like those of users, and in the keys by its content."""
    assert {file for seen in ran.values() for file in seen["opened"] if not file.startswith(f"data{os.sep}embedded")} == set()


class Style:
    """One of many ways to write the same code."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def gap(self) -> str:
        return self.rng.choice(["", " ", "   "])

    def expression(self, tree: tuple) -> str:
        kind, *parts = tree
        match kind:
            case "name":
                text = parts[0]
            case "number":
                text = self.rng.choice([str(parts[0]), hex(parts[0]), f"{parts[0]:_}"])
            case "string":
                text = self.rng.choice([repr(parts[0]), f'"{parts[0]}"', f"'''{parts[0]}'''", f"'{parts[0][:1]}' '{parts[0][1:]}'"])
            case "call":
                text = f"f({self.gap()}{self.expression(parts[0])}{self.rng.choice(['', ','])}{self.gap()})"
            case _:
                text = f"({self.expression(parts[0])}{self.gap()}{kind}{self.gap()}{self.expression(parts[1])})"
        return f"({self.gap()}{text}{self.gap()})" if self.rng.random() < 0.3 else text

    def noise(self, indent: str) -> str:
        return self.rng.choice(["", "\n", f"{indent}# a remark\n", "# x = 1\n\n", f"{indent}'''A string.'''\n", f"{indent}pass\n"])

    def statement(self, tree: tuple, indent: str) -> str:
        kind, *parts = tree
        if kind == "set":
            return f"{indent}{parts[0]}{self.gap()}={self.gap()}{self.expression(parts[1])}{self.rng.choice(['', ';', '  # why'])}\n"
        head = f"def {parts[0]}():" if kind == "def" else f"if {self.expression(parts[0])}:"
        deeper = indent + self.rng.choice([" ", "    ", "\t"])
        return f"{indent}{head}\n{self.block(parts[1], deeper) or deeper + 'pass' + chr(10)}"

    def block(self, trees: list[tuple], indent: str = "") -> str:
        text = "".join(self.noise(indent) + self.statement(tree, indent) for tree in trees) + self.noise(indent)
        return text if any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()) else ""


NAMES = st.sampled_from(["a", "b", "name", "value"])
NUMBERS, STRINGS = st.integers(0, 3), st.sampled_from(["a", "bc"])
LEAVES = st.one_of(st.tuples(st.just("name"), NAMES), st.tuples(st.just("number"), NUMBERS), st.tuples(st.just("string"), STRINGS))
OPERATORS = st.sampled_from(["+", "-", "*", "<"])
EXPRESSIONS = st.recursive(
    LEAVES, lambda inner: st.one_of(st.tuples(OPERATORS, inner, inner), st.tuples(st.just("call"), inner)), max_leaves=4
)
STATEMENTS = st.recursive(
    st.tuples(st.just("set"), NAMES, EXPRESSIONS),
    lambda inner: st.one_of(
        st.tuples(st.just("def"), NAMES, st.lists(inner, max_size=2)), st.tuples(st.just("if"), EXPRESSIONS, st.lists(inner, max_size=2))
    ),
    max_leaves=4,
)
PROGRAMS = st.lists(STATEMENTS, max_size=3)


def hash_of(program: list[tuple], seed: int) -> str:
    return read(Style(random.Random(seed)).block(program), "p").code


@given(PROGRAMS, st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_the_same_code_has_one_hash_however_it_is_written(program: list[tuple], one: int, two: int) -> None:
    assert hash_of(program, one) == hash_of(program, two)


@given(PROGRAMS, PROGRAMS)
@settings(max_examples=150, deadline=None)
def test_other_code_has_another_hash(program: list[tuple], other: list[tuple]) -> None:
    assert (hash_of(program, 0) == hash_of(other, 0)) == (program == other)
