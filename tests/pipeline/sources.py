"""Sources of fluid as they would be if somebody changed them; nothing on disk is touched."""

from collections.abc import Iterable, Mapping
from functools import cache

from fluid.pipeline.code import CODE, PACKAGE, Code, find_source
from fluid.pipeline.source import Source, read

STAGES = ("intake", "split", "teacher", "annotate", "consensus", "student", "hybrid", "evaluate")
BASELINES = ("fedavg", "fedprox", "feddf", "fedmd", "dsfl", "sge")


def module_of(kind: str) -> str:
    return f"fluid.federation.{'baselines' if kind in BASELINES else 'stages'}.{kind}"


@cache
def texts() -> Mapping[str, str]:
    """Return the text of every module of fluid by its dotted name."""
    files = {".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts): file for file in sorted(PACKAGE.rglob("*.py"))}
    return {name.removesuffix(".__init__"): file.read_text(encoding="utf-8") for name, file in files.items()}


@cache
def package_of(name: str) -> str:
    source = find_source(name)
    assert source is not None
    return source.package


def changed(name: str, text: str) -> Code:
    """Return the code of fluid, with another text of one module."""
    other, same = read(text, package_of(name)), dict(CODE.uses)
    if package_of(name) == name:  # what others take from a package depends on its text
        same.clear()
    same.pop(name, None)
    return Code(lambda module: other if module == name else find_source(module), same)


def made_of(sources: Mapping[str, str]) -> Code:
    """Return code of the given sources only; a name that ends in `.__init__` is a package."""
    known: dict[str, Source] = {}
    for name, text in sources.items():
        module = name.removesuffix(".__init__")
        known[module] = read(text, module if module != name else name.rpartition(".")[0])
    return Code(known.get)


def keys(kinds: Iterable[str], of: Code = CODE) -> dict[str, str]:
    """Return the version of the code of each kind of stage."""
    return {kind: of.version([module_of(kind)]) for kind in kinds}
