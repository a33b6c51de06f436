import subprocess
import sys

import numpy as np
import pytest
import torch

from fluid.seeding import derive_seed, isolate, numpy_stream, torch_stream


def test_streams_depend_on_every_name_and_not_on_how_names_join() -> None:
    seeds = {
        derive_seed(0, "a", "b"),
        derive_seed(1, "a", "b"),
        derive_seed(0, "ab"),
        derive_seed(0, "b", "a"),
        derive_seed(0, "a", "b", 0),
    }
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_stream_is_the_same_in_another_process() -> None:
    code = "from fluid.seeding import derive_seed; print(derive_seed(7, 'teacher', 'T3'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(out) == derive_seed(7, "teacher", "T3")


def test_generators_repeat() -> None:
    assert np.array_equal(numpy_stream(3, "x").random(5), numpy_stream(3, "x").random(5))
    assert torch.equal(torch.rand(5, generator=torch_stream(3, "x")), torch.rand(5, generator=torch_stream(3, "x")))


def test_isolated_gives_the_stream_and_leaves_the_global_state_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with isolate(5, "weights"):
        first = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(100)
    with isolate(5, "weights"):
        assert torch.equal(torch.rand(3), first)


def test_isolated_restores_after_an_error() -> None:
    before = torch.get_rng_state()

    def interrupted() -> None:
        with isolate(5, "weights"):
            torch.rand(3)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        interrupted()
    assert torch.equal(torch.get_rng_state(), before)


def test_importing_fluid_is_light_and_changes_no_global_state() -> None:
    code = "import sys, fluid; print(sorted(m for m in ('torch', 'rdkit', 'numpy', 'hydra') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_prediction_starts_without_what_only_training_needs() -> None:
    names = ("lightning", "sklearn", "scipy", "skops", "torch_geometric", "pandas", "matplotlib")
    code = f"import sys, fluid.federation.predict; print(sorted(m for m in {names} if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
