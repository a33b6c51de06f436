"""The package itself: its names come when they are asked for."""

import subprocess
import sys
from importlib import import_module
from types import FunctionType

import pytest

import fluid.distillation as package


def test_every_public_name_is_that_of_its_module() -> None:
    assert sorted(package.__all__) == sorted(package.HOMES)
    for name, module in package.HOMES.items():
        assert getattr(package, name) is getattr(import_module(module), name)


def test_a_function_with_the_name_of_its_module_is_the_function_whatever_was_imported_first() -> None:
    code = "import fluid.distillation.combine, fluid.distillation.sharpen as _\n"
    code += "from fluid.distillation import combine, sharpen\nprint(combine, sharpen)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.count("<function") == 2
    assert isinstance(package.dawid_skene, FunctionType)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match=r"module 'fluid\.distillation' has no attribute 'unknown'"):
        _ = package.unknown
    with pytest.raises(ImportError, match="cannot import name 'unknown'"):
        exec("from fluid.distillation import unknown")


def test_a_loss_needs_no_consensus() -> None:
    code = "import sys, fluid.distillation.distiller\nprint(*(name for name in sys.modules if name.startswith('fluid.distillation.')))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "fluid.distillation.losses" in imported
    assert not {"fluid.distillation.combine", "fluid.distillation.methods", "fluid.distillation.dawid_skene"} & set(imported)
