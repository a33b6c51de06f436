"""The version of the code that makes a result: a hash of everything that it imports, so that changed code never reuses old results.

What counts is the code itself: comments, docstrings and formatting are left out. Imports are followed wherever they stand, in functions
too, and so are names in strings that are looked up late (`"fluid.models.forest:load"`); only what stands under `if TYPE_CHECKING` never
runs and is left out. A package that is only passed through, as `fluid` on the way to `fluid.models.forest`, runs its `__init__`; what that
would import late, when one of its names is asked for, comes in where a module does ask.

Other packages come in where they are named: of an extension, its whole own package as far as it is imported, and what it uses of fluid.
The versions of libraries are in the keys beside this one.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fluid.errors import ConfigError
from fluid.pipeline.source import READS_TEXT, Import, Source, read

PACKAGE = Path(__file__).parents[1]

Find = Callable[[str], Source | None]


@cache
def folders_of(root: str) -> tuple[Path, ...]:
    """Return where the modules of a top-level package lie, without importing it; nothing if there is none."""
    if root == PACKAGE.name:
        return (PACKAGE.parent,)
    if root == "__main__":  # a script, or a notebook
        return ()
    spec = None
    with suppress(ImportError, ValueError):
        spec = find_spec(root)
    if spec is None:
        return ()
    inside = [Path(place) for place in spec.submodule_search_locations or ()]
    alone = [Path(spec.origin)] if spec.has_location and spec.origin else []
    return tuple(place.parent for place in inside or alone)


@cache
def find_source(name: str) -> Source | None:
    """Return what is known of a module by its dotted name; `None` if it has no source in Python."""
    place = Path(*name.split("."))
    for folder in folders_of(root_of(name)):
        for file, package in ((folder / place / "__init__.py", name), (folder / place.with_suffix(".py"), name.rpartition(".")[0])):
            if file.is_file():
                return read(file.read_text(encoding="utf-8"), package)
    return None


def root_of(module: str) -> str:
    """Return the top-level package of a module."""
    return module.partition(".")[0]


def above(module: str) -> list[str]:
    """Return the packages above a module, outermost first."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def reached(module: str, words: Iterable[str], find: Find) -> Iterator[str]:
    """Yield a module and, if it is a package, those of its modules that words may reach as attributes (`fluid.models.forest`)."""
    yield module
    source = find(module)
    if source is not None and source.package == module:
        for word in words:
            if word.isidentifier() and find(f"{module}.{word}"):
                yield from reached(f"{module}.{word}", words, find)


def entered(one: Import, words: Iterable[str], find: Find) -> Iterator[str]:
    """Yield the modules that an import makes use of.

    Args:
        one: The import.
        words: Names in the module that imports.
        find: Tells what is known of a module.
    """
    if one.above:
        yield from above(one.module)
    inside, source = f"{one.module}.{one.name}", find(one.module)
    if one.name == "*" and source is not None:
        yield from reached(one.module, source.words, find)
    elif one.name and find(inside):
        yield from reached(inside, words, find)
        if source is not None and one.name in source.words:  # the package may call something else by that name
            yield one.module
    elif source is not None and one.name in source.constants:
        yield inside  # no module: the package is only passed through
    else:
        yield from reached(one.module, words, find)


def dotted(module: str) -> str:
    """Return the dotted name of a module that may be given as a file of fluid (`federation/predict.py`)."""
    return ".".join((PACKAGE.name, *Path(module).with_suffix("").parts)) if module.endswith(".py") else module


@dataclass(frozen=True, slots=True)
class Code:
    """The modules of fluid and of other packages, each looked at once.

    Attributes:
        find: Tells what is known of a module.
        uses: What modules make use of, as far as it has been asked for.
    """

    find: Find
    uses: dict[str, set[str]] = field(default_factory=dict)

    def used_by(self, name: str, source: Source) -> set[str]:
        """Return the modules that a module imports; of packages that are neither fluid nor its own, all that it may be."""
        if name not in self.uses:
            near = [one for one in source.imports if root_of(one.module) in (PACKAGE.name, root_of(name))]
            far = {target for one in source.imports.difference(near) for target in (one.module, f"{one.module}.{one.name}".rstrip("."))}
            self.uses[name] = far.union(*(entered(one, source.words, self.find) for one in near))
        return self.uses[name]

    def closure(self, modules: Iterable[str]) -> dict[str, Source]:
        """Return the modules and all that they import, directly or not, by dotted name; of the packages of the modules and of fluid.

        Raises:
            ConfigError: A module has no source that could be read.
        """
        names = list(modules)
        for name in names:
            if self.find(name) is None:
                raise ConfigError(f"there is no source of the module {name!r}", expected="a module in a file that can be imported")
        roots = {PACKAGE.name, *map(root_of, names)}
        known: dict[str, Source] = {}
        waiting, seen = [(name, True) for name in names], set()
        while waiting:
            step = name, is_used = waiting.pop()
            if step in seen or root_of(name) not in roots:
                continue
            seen.add(step)
            waiting += [(package, False) for package in above(name)]
            if (source := self.find(name)) is not None:
                known[name] = source
                waiting += [(target, True) for target in self.used_by(name, source)]
                waiting += [(target, True) for target in source.late if is_used]
        return known

    def version(self, modules: Iterable[str]) -> str:
        """Return the hash of the code of modules and of all that they import."""
        known = self.closure(map(dotted, modules))
        as_it_stands = any(source.words & READS_TEXT for source in known.values())
        parts = (f"{name} {source.text if as_it_stands else source.code}" for name, source in sorted(known.items()))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


CODE = Code(find_source)


@cache
def code_of(*modules: str) -> str:
    """Return the hash of the code of modules and of all that they import.

    Args:
        modules: Dotted names, of fluid or of an extension; or files relative to `fluid/`.

    Raises:
        ConfigError: A module has no source that could be read, as what was typed into a notebook.
    """
    return CODE.version(modules)
