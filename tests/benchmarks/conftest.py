"""The benchmarks are scripts: their folders go on the path."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "performance"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "public_validation"))
sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "experts"))


def loaded(file: Path) -> ModuleType:
    """Return a script as a module, whatever other script has its name."""
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
