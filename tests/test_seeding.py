import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from fluid.seeding import SystemNoise, derive_seed, isolate, noise_source, numpy_stream, torch_stream


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


def test_noise_of_the_system_is_normal_and_never_the_same() -> None:
    noise = SystemNoise().normal(2.0, 3.0, (200, 100))
    assert noise.shape == (200, 100)
    assert kstest((noise.ravel() - 2) / 3, "norm").pvalue > 1e-6
    assert not np.isin(SystemNoise().normal(2.0, 3.0, (200, 100)), noise).any()


@pytest.mark.parametrize(("byte", "value"), [(b"\x00", -8.2), (b"\xff", 8.2)])
def test_the_furthest_noise_of_the_system_is_finite(monkeypatch: pytest.MonkeyPatch, byte: bytes, value: float) -> None:
    monkeypatch.setattr("os.urandom", lambda size: byte * size)
    np.testing.assert_allclose(SystemNoise().normal(0.0, 1.0, (2,)), value, atol=0.1)


def test_a_release_draws_noise_of_the_system_and_a_simulation_that_of_its_seed() -> None:
    assert isinstance(noise_source(True, 7, "T1", "noise"), SystemNoise)
    first, again = (noise_source(False, 7, "T1", "noise").normal(0.0, 1.0, (3,)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, numpy_stream(7, "T1", "noise").normal(0.0, 1.0, 3))
