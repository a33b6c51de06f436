"""The private names of W&B and Lightning that `fluid` uses are there: when an upgrade takes one away, this says which."""

import inspect
from importlib import import_module

import pytest
import wandb

from fluid.cli.tracking.training_run import PRIVATE

CASES = [(place, name) for place, names in PRIVATE.items() for name in names]


def text_of(place: str) -> str:
    """Return the source that a private name must be in: of a module, or of a class of one."""
    module, _, name = place.rpartition(".")
    found = getattr(import_module(module), name)
    return "\n".join(vars(found)) if inspect.ismodule(found) else inspect.getsource(found)


@pytest.mark.parametrize(("place", "name"), CASES)
def test_a_private_name_is_there(place: str, name: str) -> None:
    assert name in text_of(place), f"{place} has no {name} any more; see fluid/cli/tracking/training_run.py for what it is used for"


def test_the_settings_of_a_run_are_accepted() -> None:
    settings = {name: True for name in PRIVATE["wandb.Settings"] if name.startswith("x_disable")}
    assert all(getattr(wandb.Settings(**settings), name) for name in settings)
