"""What is imported is declared in pyproject.toml, and what is declared is imported."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
OWN = {"fluid", "tests"}
TOOLS = {"build", "hatchling", "import-linter", "mypy", "pandas-stubs", "pytest-timeout", "pytest-xdist", "ruff"}
"""Of the extra `test`: programs, plugins and types, which no file imports."""
STARTED = {"fluid", "ipykernel"}
"""Also of the extra `test`: our own extra `docs`, and the kernel that notebooks start by its name."""
SITE = {"mkdocs", "mkdocs-material", "mkdocstrings"}
"""The extra `docs`: programs that read `mkdocs.yml`; tests start them."""
COMPARED = {"crowdkit"}
"""What a test compares with where somebody has installed it."""


def plain(name: str) -> str:
    """Return a distribution's name as pip compares it, without versions and extras."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name.strip())[0]).lower()


def declared(*extras: str) -> set[str]:
    """Return what pyproject.toml asks for, with some extras."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    texts = project["dependencies"] + [text for extra in extras for text in project["optional-dependencies"][extra]]
    return {plain(text) for text in texts}


def extras() -> list[str]:
    return list(tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def modules_in(text: str) -> set[str]:
    """Return the top names of what a file imports or looks for, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("find_spec", "import_module", "importorskip"):
            found |= {argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)}
    return {name.split(".")[0] for name in found}


@cache
def imported(folder: str) -> dict[str, str]:
    """Return the distributions that the files of a folder import, each with a file that does."""
    found: dict[str, str] = {}
    known = packages_distributions()
    for file in sorted((CHECKOUT / folder).rglob("*.py")):
        for name in modules_in(file.read_text()) - OWN - sys.stdlib_module_names:
            for distribution in known.get(name, [name])[:1]:
                found.setdefault(plain(distribution), f"{file.relative_to(CHECKOUT)} imports {name}")
    return found


def test_what_the_package_imports_is_declared() -> None:
    used = imported("fluid")
    assert "torch" in used  # the files are found
    assert {name: where for name, where in used.items() if name not in declared(*set(extras()) - {"test"})} == {}


def test_what_the_tests_import_is_declared() -> None:
    local = {plain(file.stem) for file in [*CHECKOUT.glob("benchmarks/**/*.py"), *CHECKOUT.glob("tests/**/*.py")]}
    used = imported("tests")
    assert {name: where for name, where in used.items() if name not in declared(*extras()) | local | COMPARED} == {}


@pytest.mark.parametrize("name", sorted(declared(*set(extras()) - {"test"}) - SITE))
def test_what_is_declared_is_imported(name: str) -> None:
    assert name in imported("fluid"), f"{name} is declared in pyproject.toml, but no file of fluid imports it"


def test_what_makes_the_site_is_named_by_it() -> None:
    settings = (CHECKOUT / "mkdocs.yml").read_text()
    assert declared("docs") - declared() == SITE
    assert "name: material" in settings
    assert "mkdocstrings:" in settings


def test_what_is_declared_for_tests_is_used() -> None:
    left = declared("test") - declared() - set(imported("tests")) - set(imported("fluid"))
    assert left == TOOLS | STARTED


def test_what_is_looked_for_in_any_way_counts() -> None:
    text = "import a.b\ndef f():\n    from c.d import e\n    import_module('g.h')\n    find_spec('i')\n    from . import j\n"
    assert modules_in(text) == {"a", "c", "g", "i"}
    assert plain("Pebble>=5.1") == "pebble"
    assert plain("scikit_learn[x]!=2") == "scikit-learn"
