"""What is known of one module from its source: a hash of its code, without comments, docstrings and formatting, and what it imports."""

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

LATE = re.compile(r"([^\W\d]\w*(?:\.\w+)+)(?::[\w.]+)?")
TEXT_READERS = "__doc__ getdoc getcomments getsource getsourcelines findsource"  # in one string: as names, they would be used here
READS_TEXT = frozenset(TEXT_READERS.split())
"""Who uses one of these names may see comments and docstrings: then the text counts as it stands."""

NO_CODE = ("ctx", "kind")
"""Fields of nodes that the place, or the value, tells as well."""
NO_CODE_EITHER = (*NO_CODE, "body")


@dataclass(frozen=True, slots=True)
class Import:
    """One thing that a module imports.

    Attributes:
        module: A dotted name.
        name: What is taken from it; empty if it is imported as a whole.
        above: Whether the packages above it can be used by their name too, as after `import a.b` (but not `import a.b as c`).
    """

    module: str
    name: str = ""
    above: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of one module.

    Attributes:
        package: The package that it stands in, or that it is.
        code: Hash of its code.
        text: Hash of its text.
        imports: What it imports.
        late: Dotted names in its strings.
        words: Names and strings in it.
        constants: Names that it gives to constants, as `__version__`: who asks for one runs none of its functions.
    """

    package: str
    code: str
    text: str
    imports: frozenset[Import]
    late: frozenset[str]
    words: frozenset[str]
    constants: frozenset[str]


def without_effect(statement: object) -> bool:
    """Return whether a statement does nothing: `pass`, a docstring, or another string that stands alone."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    return isinstance(statement, ast.Pass)


def never_runs(node: ast.AST) -> bool:
    """Return whether a node is an `if TYPE_CHECKING` (or `if typing.TYPE_CHECKING`), whose body is read by type checkers only."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return (test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")) == "TYPE_CHECKING"


def parts_of(tree: ast.AST) -> Iterator[object]:
    """Yield what a syntax tree is made of, such that other code yields something else: nodes, their fields, lists, values.

    What has no effect and what never runs are left out.
    """
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if type(node) is list:
            node = [one for one in node if not without_effect(one)]
            waiting += node
        yield node
        if isinstance(node, ast.AST):
            held, hidden = node.__dict__, NO_CODE_EITHER if never_runs(node) else NO_CODE
            names = tuple(
                name
                for name in node._fields
                if name not in hidden
                and (value := held.get(name)) is not None
                and (type(value) is not list or not all(map(without_effect, value)))
            )
            waiting += [held[name] for name in names]
            yield names


def imports_of(node: ast.AST, package: str) -> Iterator[Import]:
    """Yield what one statement imports; `package` is where names with leading dots begin."""
    if isinstance(node, ast.Import):
        yield from (Import(one.name, above=one.asname is None) for one in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")[: 1 - node.level or None] if node.level else []
        module = ".".join([*parts, *([node.module] if node.module else [])])
        yield from (Import(module, one.name) for one in node.names)


def constants_of(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module gives to constants."""
    for one in tree.body:
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant):
            yield from (target.id for target in one.targets if isinstance(target, ast.Name))


def read(text: str, package: str) -> Source:
    """Read the source of a module that stands in a package (or is it)."""
    imports: list[Import] = []
    strings, words, parts = set(), set(), []
    tree = ast.parse(text)
    for part in parts_of(tree):
        if isinstance(part, ast.AST):
            parts.append(type(part).__name__)
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                imports += imports_of(part, package)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                strings.add(part.value)
        else:
            parts.append(f"[{len(part)}" if type(part) is list else repr(part))
            if type(part) is str:
                words.add(part)
    late = frozenset(match.group(1) for word in strings if "." in word and (match := LATE.fullmatch(word)))
    code, whole = (hashlib.sha256(value.encode()).hexdigest() for value in ("\0".join(parts), text))
    return Source(package, code, whole, frozenset(imports), late, frozenset(words), frozenset(constants_of(tree)))
