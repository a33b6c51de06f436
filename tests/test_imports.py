"""No circle of imports in the package: not at the top of files, not inside functions, not for types alone.

The packages that a file lies in, which Python runs first, count only where an import names them: a package may gather what its files offer.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import fluid

ROOT = Path(fluid.__file__).parent
Graph = Mapping[str, frozenset[str]]


def name_of(file: Path, root: Path) -> str:
    parts = file.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the dotted name of everything that any import statement names, wherever it stands; `package` resolves relative ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_graph(root: Path) -> Graph:
    """Return which file of a package imports which other ones, by dotted names; a package's own file goes by the package's name."""
    files = {name_of(file, root): file for file in sorted(root.rglob("*.py"))}
    graph: dict[str, frozenset[str]] = {}
    for name, file in files.items():
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        named = [text if text in files else text.rpartition(".")[0] for text in imported(ast.parse(file.read_text()), package)]
        graph[name] = frozenset(text for text in named if text in files) - {name}
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """Return the sets of files that import each other, directly or through others."""
    reach = {name: reachable(graph, name) for name in graph}
    found = {frozenset({name, *(other for other in reach[name] if name in reach[other])}) for name in graph if name in reach[name]}
    return sorted(sorted(circle) for circle in found)


def reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    left = list(graph[start])
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph[name]
    return found


def test_no_file_of_the_package_imports_itself_through_others() -> None:
    graph = import_graph(ROOT)
    assert "fluid.errors" in graph["fluid.artifacts"]  # the graph is of the real package
    found = circles(graph)
    assert not found, "circles of imports:\n" + "\n".join(" <-> ".join(circle) for circle in found)


def test_every_kind_of_import_counts(tmp_path: Path) -> None:
    files = {
        "__init__": "from p.sub import a",
        "top": "import p.inside",
        "inside": "def f():\n    from p import types_only",
        "types_only": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.top import name",
        "sub/__init__": "",
        "sub/a": "from . import b\nfrom ..lonely import x",
        "sub/b": "from .a import y",
        "lonely": "import os",
    }
    for name, text in files.items():
        file = tmp_path / "p" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    graph = import_graph(tmp_path / "p")
    assert graph["p"] == {"p.sub.a"}
    assert graph["p.sub.a"] == {"p.sub.b", "p.lonely"}
    assert circles(graph) == [["p.inside", "p.top", "p.types_only"], ["p.sub.a", "p.sub.b"]]
    (tmp_path / "p" / "types_only.py").write_text("")
    assert circles(import_graph(tmp_path / "p")) == [["p.sub.a", "p.sub.b"]]
