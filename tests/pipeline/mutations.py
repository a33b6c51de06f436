"""Changes of source code: some that may change a result, and some that cannot. They are made in memory."""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.USub: ast.UAdd, ast.Not: ast.UAdd,
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A module as somebody may have changed it."""

    module: str
    what: str
    text: str


def other_constant(value: Any) -> Any:
    """Return another constant of the same kind; what it cannot change it returns."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case bytes():
            return value + b"x"
    return value


def lone_strings(tree: ast.AST) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def places(tree: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield every constant and every operator of a syntax tree, and what changes it there; a default is a constant, too."""
    lone = lone_strings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in lone and other_constant(node.value) != node.value:
            yield f"line {node.lineno}: {node.value!r:.30}", lambda node=node: setattr(node, "value", other_constant(node.value))  # type: ignore[misc]
        elif isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp) and type(node.op) in OPERATORS:
            name = type(node.op).__name__
            yield f"line {node.lineno}: {name}", lambda node=node: setattr(node, "op", OPERATORS[type(node.op)]())  # type: ignore[misc]
        elif isinstance(node, ast.Compare):
            names = [type(op).__name__ for op in node.ops]
            yield f"line {node.lineno}: {names}", lambda node=node: setattr(node, "ops", [OPERATORS[type(op)]() for op in node.ops])  # type: ignore[misc]


def mutate(module: str, text: str, rng: random.Random) -> Change | None:
    """Change one place, drawn at random; `None` if there is none."""
    tree = ast.parse(text)
    found = list(places(tree))
    if not found:
        return None
    what, change = rng.choice(found)
    change()
    return Change(module, what, ast.unparse(tree))


def comment(text: str, rng: random.Random) -> str:
    """Put a comment above a statement, behind it, or both."""
    lines = text.splitlines(keepends=True)
    node = rng.choice([node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)])
    last = (node.end_lineno or node.lineno) - 1
    lines[last] = lines[last].rstrip("\n") + "  # a remark: 1 + 1 == 3\n"
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) - 1
    lines.insert(first, rng.choice(["# x = 1\n", "\n\n\n", "          # far out\n"]))
    return "".join(lines)


def document(text: str, rng: random.Random) -> str:
    """Change, add or remove the docstring of a module, a class or a function."""
    tree = ast.parse(text)
    node: Any = rng.choice([node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)])
    if ast.get_docstring(node, clean=False) is not None:
        node.body.pop(0)
    if rng.random() < 0.7 or not node.body:
        node.body.insert(0, ast.Expr(ast.Constant("Something else.")))
    return ast.unparse(ast.fix_missing_locations(tree))


def remark(text: str, rng: random.Random) -> str:
    """Put a string that stands alone, or `pass`, behind a statement of a block."""
    tree = ast.parse(text)
    node: Any = rng.choice([node for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list) and node.body])
    late = [place for place, one in enumerate(node.body, 1) if not isinstance(one, ast.ImportFrom) or one.module != "__future__"]
    node.body.insert(late[-1] if late else len(node.body), rng.choice([ast.Pass(), ast.Expr(ast.Constant("A remark."))]))
    return ast.unparse(ast.fix_missing_locations(tree))


COSMETIC: Sequence[Callable[[str, random.Random], str]] = (comment, document, remark, lambda text, rng: ast.unparse(ast.parse(text)))
