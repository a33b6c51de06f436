"""Functions and files stay small enough to be read: the numbers that the house promises.

A function's lines are those from its `def` to its end, docstring and inner functions included; a file's are all of them.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "fluid"
MOST = 0.9


class Function(NamedTuple):
    """A function or method, where it stands, its lines and its parameters."""

    name: str
    lines: int
    parameters: int


def functions_in(text: str, where: str) -> Iterator[Function]:
    """Yield every function of a module, methods and inner functions too; `self` and `cls` are no parameters."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            named = [
                a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg) if a
            ]
            own = named[1:] if named[:1] in (["self"], ["cls"]) else named
            yield Function(f"{where}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1, len(own))


def share_within(sizes: list[int], limit: int) -> float:
    """Return the share of sizes that are no larger than the limit."""
    return sum(size <= limit for size in sizes) / len(sizes)


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.fixture(scope="module")
def functions(sources: dict[str, str]) -> list[Function]:
    return [function for where, text in sources.items() for function in functions_in(text, where)]


def test_nine_functions_of_ten_have_at_most_20_lines(functions: list[Function]) -> None:
    assert share_within([function.lines for function in functions], 20) >= MOST


def test_no_function_has_more_than_60_lines(functions: list[Function]) -> None:
    assert [function.name for function in functions if function.lines > 60] == []


def test_no_function_has_more_than_8_parameters(functions: list[Function]) -> None:
    assert [f"{function.name}: {function.parameters}" for function in functions if function.parameters > 8] == []


def test_nine_files_of_ten_have_at_most_200_lines(sources: dict[str, str]) -> None:
    assert share_within([text.count("\n") for text in sources.values()], 200) >= MOST


def test_no_file_has_more_than_350_lines(sources: dict[str, str]) -> None:
    assert [f"{where}: {text.count(chr(10))}" for where, text in sources.items() if text.count("\n") > 350] == []


def test_what_is_counted() -> None:
    text = '''
class Thing:
    @property
    def short(self, a, *more, b=1, **others):
        """Say something.

        And more.
        """
        return a


async def waits(a, /, b):
    def inner():
        return b

    return inner
'''
    assert {f.name: (f.lines, f.parameters) for f in functions_in(text, "m")} == {
        "m:4 short": (6, 4), "m:12 waits": (5, 2), "m:13 inner": (2, 0),
    }  # fmt: skip
    assert share_within([1, 2, 3, 4], 2) == 0.5
