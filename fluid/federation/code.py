"""The version of the code that makes a result: the source of everything that it imports, so that changed code never reuses old results."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fluid.artifacts import PACKAGE, code_version

VALUES = ("federation/spec.py", "federation/stage.py")
"""Settings, whose values are in every key, and the bookkeeping of stages: no result depends on their text, nor on what they import."""


def named_modules(source: str) -> Iterator[str]:
    """Yield the dotted names that source code imports, anywhere in it: modules, and for `from a import b` also `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@cache
def imported(module: str) -> frozenset[str]:
    """Return the modules of fluid that a module imports; all are paths relative to the package."""
    names = named_modules((PACKAGE / module).read_text(encoding="utf-8"))
    places = [Path(*name.split(".")[1:]) for name in names if name.startswith(f"{PACKAGE.name}.")]
    files = [file for place in places for file in (place.with_name(f"{place.name}.py"), place / "__init__.py")]
    return frozenset(str(file) for file in files if (PACKAGE / file).is_file())


@cache
def sources(*modules: str) -> tuple[str, ...]:
    """Return the modules, and all of fluid that they import, directly or not, in order, without `VALUES`."""
    found: set[str] = set()
    waiting = set(modules)
    while waiting:
        found |= waiting
        waiting = {one for module in waiting for one in imported(module)} - found - set(VALUES)
    return tuple(sorted(found))


def code_of(*modules: str) -> str:
    """Return the hash of the source of modules and of all that they import."""
    return code_version(*sources(*modules))
