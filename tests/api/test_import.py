"""`import fluid` is quick, changes nothing, and shows its names."""

import statistics
import subprocess
import sys
import time

import pytest

import fluid
import fluid.api
from tests.api.conftest import Script

HEAVY = ("torch", "rdkit", "pandas", "numpy", "lightning", "hydra", "omegaconf", "sklearn", "fluid.api", "fluid.cli")


def test_import_loads_nothing_heavy(python: Script) -> None:
    done = python("-c", f"import fluid, sys; dir(fluid); print([name for name in {HEAVY!r} if name in sys.modules])")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_import_takes_less_than_a_fifth_of_a_second() -> None:
    def median(code: str) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    assert median("import fluid") - median("pass") < 0.2


def test_names_are_those_of_the_interface() -> None:
    assert set(fluid.__all__) == {*fluid.api.__all__, "__version__"}
    assert set(fluid.__all__) <= set(dir(fluid))
    assert all(getattr(fluid, name) is getattr(fluid.api, name) for name in fluid.api.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'fluid' has no attribute 'train'"):
        fluid.train  # noqa: B018


def test_types_are_declared() -> None:
    import importlib.resources

    assert (importlib.resources.files("fluid") / "py.typed").is_file()
