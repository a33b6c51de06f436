"""Other packages that add to fluid, as `pip` would install them: a folder with their modules and their entry points."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fluid.pipeline import code
from fluid.registry import forget_installed
from tests.cli.conftest import undrawn as undrawn

PACKAGE = Path(__file__).parent / "package"


def look_again() -> None:
    """Forget what was known of installed packages and of their code."""
    importlib.invalidate_caches()
    forget_installed()
    for value in vars(code).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    code.CODE.uses.clear()


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """Let the packages in a folder be installed for a while, in this process and in those that it starts."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=":")
        patch.syspath_prepend(str(folder))
        look_again()
        yield
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    look_again()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a copy of the package that adds a kind of teacher and more; it is installed."""
    folder = tmp_path_factory.mktemp("site") / "packages"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with on_path(folder):
        yield folder


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Return a function that installs a package of one module, with entry points given as text."""
    folder = tmp_path / "others"
    folder.mkdir()

    def add(name: str, entry_points: str, source: str) -> None:
        (folder / f"{name}.py").write_text(source)
        about = folder / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(entry_points)
        look_again()

    with on_path(folder):
        yield add


@pytest.fixture(name="look_again")
def look_again_fixture() -> Callable[[], None]:
    """Return the function that forgets what was known of installed packages and of their code."""
    return look_again
