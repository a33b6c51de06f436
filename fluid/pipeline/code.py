"""The version of the code that makes a result: the source of everything that it imports, so that changed code never reuses old results."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fluid.artifacts import PACKAGE, code_version, hash_json

VALUES = ("federation/spec.py", "pipeline/stage.py")
"""Settings, whose values are in every key, and the bookkeeping of stages: no result depends on their text, nor on what they import."""


def found(name: str) -> str:
    """Return the source file of a module of fluid, relative to the package; empty if it is none."""
    place = Path(*name.split(".")[1:])
    files = (place.with_suffix(".py"), place / "__init__.py") if name.startswith(f"{PACKAGE.name}.") else ()
    return next((str(file) for file in files if (PACKAGE / file).is_file()), "")


def named_modules(source: str) -> Iterator[str]:
    """Yield the files of the modules of fluid that source code imports, anywhere in it; `from a import b` means `a.b`, if that is one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (found(f"{node.module}.{name.name}") or found(node.module) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (found(name.name) for name in node.names)


@cache
def imported(module: str) -> frozenset[str]:
    """Return the modules of fluid that a module imports; all are paths relative to the package."""
    return frozenset(named_modules((PACKAGE / module).read_text(encoding="utf-8"))) - {""}


@cache
def sources(*modules: str) -> tuple[str, ...]:
    """Return the modules, and all of fluid that they import, directly or not, in order, without `VALUES`."""
    known: set[str] = set()
    waiting = set(modules)
    while waiting:
        known |= waiting
        waiting = {one for module in waiting for one in imported(module)} - known - set(VALUES)
    return tuple(sorted(known))


def package_source(module: str) -> Iterator[str]:
    """Yield the sources of the top-level package of a module of another package, without importing it."""
    spec = find_spec(module.partition(".")[0])
    for place in spec.submodule_search_locations or () if spec else ():
        for file in sorted(Path(place).rglob("*.py")):
            yield file.read_text(encoding="utf-8")


def code_of(*modules: str) -> str:
    """Return the hash of the source of modules and of all that they import; of other packages (dotted names) that of the whole package."""
    own = [module for module in modules if module.endswith(".py")]
    others = [text for module in modules if module not in own for text in package_source(module)]
    return hash_json([code_version(*sources(*own)), *others]) if others else code_version(*sources(*own))
