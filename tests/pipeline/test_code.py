"""What makes a result old: any change of code that it was made by, and no other."""

import sys
from pathlib import Path

import pytest

import fluid.pipeline.code as code
from fluid.errors import ConfigError
from fluid.pipeline.code import CODE, code_of, find_source
from tests.pipeline.sources import BASELINES, STAGES, changed, keys, made_of, module_of, texts


def old_after(module: str, kinds: tuple[str, ...]) -> set[str]:
    before, after = keys(kinds), keys(kinds, changed(module, texts()[module] + "\nCHANGED = 1\n"))
    return {kind for kind in kinds if before[kind] != after[kind]}


@pytest.mark.parametrize(
    ("module", "old"),
    [
        ("fluid.distillation.combine", {"consensus", "evaluate"}),
        ("fluid.training.fit", {"teacher", "student", "hybrid"}),
        ("fluid.companies.scaffold", {"split"}),
        ("fluid.federation.model_folder", {"teacher", "annotate", "student", "hybrid", "evaluate"}),
        ("fluid.federation.consensus_table", {"consensus", "student", "hybrid", "evaluate"}),
        ("fluid.federation.stages.hybrid_spec", {"hybrid"}),
        ("fluid.molecules.standardize", set(STAGES) - {"consensus"}),
        ("fluid.artifacts", set(STAGES)),
        ("fluid.errors", set(STAGES)),
        ("fluid.pipeline.stage", set(STAGES)),
        ("fluid", set(STAGES)),
        ("fluid.reporting.page", set()),
        ("fluid.cli.main", set()),
        ("fluid.pipeline.runner", set()),
    ],
)
def test_a_change_makes_just_what_it_made_old(module: str, old: set[str]) -> None:
    assert old_after(module, STAGES) == old


@pytest.mark.parametrize(
    ("module", "old"),
    [
        ("fluid.federation.baselines.average", set(BASELINES)),  # all baselines know each other by name
        ("fluid.training.local_rounds", set(BASELINES)),
        ("fluid.federation.baselines.suite", set()),
    ],
)
def test_a_change_of_a_baseline_makes_no_stage_old(module: str, old: set[str]) -> None:
    assert old_after(module, STAGES) == set()
    assert old_after(module, BASELINES) == old


def test_a_file_and_its_dotted_name_are_the_same() -> None:
    assert code_of("federation/predict.py") == code_of("fluid.federation.predict") != code_of("fluid.federation.stages.intake")


WAYS = {
    "import fluid.b.c": {"fluid", "fluid.b", "fluid.b.c"},
    "import fluid.b.c as c": {"fluid", "fluid.b", "fluid.b.c"},
    "from fluid.b import c": {"fluid", "fluid.b", "fluid.b.c"},
    "from fluid.b import c as d": {"fluid", "fluid.b", "fluid.b.c"},
    "from fluid.b.c import x": {"fluid", "fluid.b", "fluid.b.c"},
    "from fluid.b import *": {"fluid", "fluid.b", "fluid.b.e"},  # what `__all__` names
    "from fluid import b": {"fluid", "fluid.b"},
    "from fluid import b\nb.c.x()": {"fluid", "fluid.b", "fluid.b.c"},
    "import fluid\nfluid.b.c.x()": {"fluid", "fluid.b", "fluid.b.c"},
    "def late():\n    from fluid.b import c": {"fluid", "fluid.b", "fluid.b.c"},
    "class A:\n    def late(self):\n        if self:\n            import fluid.b.c": {"fluid", "fluid.b", "fluid.b.c"},
    "from . import b": {"fluid", "fluid.b"},
    "from .b import c": {"fluid", "fluid.b", "fluid.b.c"},
    "from .b.c import x": {"fluid", "fluid.b", "fluid.b.c"},
    "KINDS = {'c': 'fluid.b.c:make'}": {"fluid", "fluid.b", "fluid.b.c"},
    "import_module('fluid.b.c')": {"fluid", "fluid.b", "fluid.b.c"},
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fluid.b\nelse:\n    import fluid.d": {"fluid", "fluid.d"},
    "import typing\nif typing.TYPE_CHECKING:\n    import fluid.b.c": {"fluid"},
    "if TYPE_CHECKING or True:\n    import fluid.b.c": {"fluid", "fluid.b", "fluid.b.c"},
    "'''import fluid.b'''\n# import fluid.b\nfrom fluidity import b\nimport json.decoder": {"fluid"},
    "'''See `fluid.b.c:make`.'''\n'fluid.b.c'": {"fluid"},  # strings without effect
    "x = 'see fluid.b.c', 'fluid.nothing:x', 'other.b.c:x'": {"fluid"},
}


@pytest.mark.parametrize(("text", "expected"), WAYS.items(), ids=range(len(WAYS)))
def test_every_way_of_importing_is_followed(text: str, expected: set[str]) -> None:
    others = {"fluid.b.__init__": "__all__ = ['e']", "fluid.b.c": "", "fluid.b.e": "", "fluid.d": ""}
    found = made_of({"fluid.__init__": "", "fluid.a": text, **others}).closure(["fluid.a"])
    assert set(found) == expected | {"fluid.a"}


def test_names_with_dots_begin_at_the_package() -> None:
    inside = {
        "fluid.__init__": "",
        "fluid.p.__init__": "from .one import x",
        "fluid.p.one": "from ..two import y",
        "fluid.two": "",
        "fluid.one": "",
    }
    deeper = {"fluid.p.q.__init__": "from ... import two", "fluid.p.q.three": "from .. import one"}
    assert set(made_of(inside).closure(["fluid.p"])) == {"fluid", "fluid.p", "fluid.p.one", "fluid.two"}
    assert set(made_of(inside | deeper).closure(["fluid.p.q.three"])) == {
        "fluid", "fluid.p", "fluid.p.one", "fluid.p.q", "fluid.p.q.three", "fluid.two",
    }  # fmt: skip


def test_a_package_on_the_way_runs_but_its_late_names_come_in_only_for_who_asks() -> None:
    door = "from fluid.eager import x\n\ndef __getattr__(name):\n    return load({'make': 'fluid.late:make'}[name])\n"
    sources = {"fluid.__init__": door, "fluid.eager": "", "fluid.late": "", "fluid.a": "from fluid.b import x", "fluid.b": ""}
    assert set(made_of(sources).closure(["fluid.a"])) == {"fluid", "fluid.eager", "fluid.a", "fluid.b"}
    door += "__version__ = '1.0'\n"
    asks_for_a_constant = {**sources, "fluid.__init__": door, "fluid.a": "from fluid import __version__"}
    assert set(made_of(asks_for_a_constant).closure(["fluid.a"])) == {"fluid", "fluid.eager", "fluid.a"}
    for asks in ("from fluid import make", "import fluid\nfluid.make()", "import fluid.b\nfluid.make()"):
        assert "fluid.late" in made_of({**sources, "fluid.a": asks}).closure(["fluid.a"])


def test_a_function_with_the_name_of_its_module_is_asked_of_the_package() -> None:
    sources = {
        "fluid.__init__": "",
        "fluid.b.__init__": "NAMES = {'fluid.b.c': ('c',), 'fluid.b.d': ('x',)}",
        "fluid.b.c": "",
        "fluid.b.d": "",
    }
    assert "fluid.b.d" in made_of({**sources, "fluid.a": "from fluid.b import c"}).closure(["fluid.a"])


def test_a_circle_ends() -> None:
    sources = {"fluid.__init__": "", "fluid.a": "from fluid import b", "fluid.b": "from fluid import a"}
    assert set(made_of(sources).closure(["fluid.a"])) == {"fluid", "fluid.a", "fluid.b"}


def test_who_reads_docstrings_is_made_of_them() -> None:
    def hashed(reader: str, text: str) -> str:
        return made_of({"fluid.__init__": "", "fluid.a": f"from fluid.b import f\n{reader}", "fluid.b": text}).version(["fluid.a"])

    one, two = "def f():\n    '''One.'''\n", "def f():\n    '''Two.'''\n"
    assert hashed("print(f())", one) == hashed("print(f())", two)
    for reader in ("print(f.__doc__)", "import inspect\nprint(inspect.getdoc(f))", "from inspect import getsource\nprint(getsource(f))"):
        assert hashed(reader, one) != hashed(reader, two)


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a package that is not part of fluid and must not be imported to be known."""
    place = tmp_path / "acme_models"
    place.mkdir()
    stop = "raise RuntimeError('imported')\n"
    for name, text in {
        "__init__": stop,
        "teacher": f"{stop}from acme_models.inside import weight\nfrom fluid.distillation.losses import soft_bce\nimport json\n",
        "inside": "weight = 1\n",
        "beside": "weight = 2\n",
    }.items():
        (place / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    code.folders_of.cache_clear()
    return place


def forget() -> None:
    """Look at the extension anew."""
    find_source.cache_clear()
    code_of.cache_clear()
    for name in [name for name in CODE.uses if name.startswith("acme")]:
        del CODE.uses[name]


def test_an_extension_is_its_own_modules_and_what_it_uses_of_fluid(extension: Path) -> None:
    found = set(CODE.closure(["acme_models.teacher"]))
    assert {"acme_models", "acme_models.teacher", "acme_models.inside", "fluid.distillation.losses", "fluid.errors"} <= found
    assert not found & {"acme_models.beside", "fluid.distillation.combine", "json"}
    assert "acme_models.teacher" not in sys.modules


@pytest.mark.parametrize(("file", "is_old"), [("inside", True), ("teacher", True), ("__init__", True), ("beside", False)])
def test_a_change_of_an_extension(extension: Path, file: str, is_old: bool) -> None:
    before = code_of("fluid.federation.stages.teacher", "acme_models.teacher")
    with (extension / f"{file}.py").open("a") as stream:
        stream.write("more = 3\n")
    forget()
    assert (code_of("fluid.federation.stages.teacher", "acme_models.teacher") != before) is is_old
    assert before != code_of("fluid.federation.stages.teacher")


@pytest.mark.parametrize("name", ["__main__", "acme_absent", "acme_absent.teacher", "fluid.absent", "federation/absent.py", "math"])
def test_a_module_without_source_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no source of the module '.*(main|absent|math).*'; expected a module in a file"):
        code_of(name)


def test_no_file_beside_the_code_decides_a_result() -> None:
    """Templates and published figures belong to pages; the embedded data set comes in by the content of its files, as other files do."""
    files = {file.relative_to(code.PACKAGE) for file in code.PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    others = {file.parts[0] if len(file.parts) < 3 else "/".join(file.parts[:2]) for file in files if file.suffix != ".py"} - {"py.typed"}
    assert others == {"reporting", "reporting/templates", "data/embedded"}
    for kind in (*STAGES, *BASELINES):
        assert not any(name.startswith("fluid.reporting") for name in CODE.closure([module_of(kind)]))
