import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psutil
import pynvml
import pytest

from fluid.errors import ConfigError
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.cost import Cost, Meter, Rates, gpus_used
from fluid.pipeline.energy import gpus_j, has_nvml, machine_busy_s, packages_j, used_j
from fluid.pipeline.processes import peak_memory_mb, process_cpu_s, tree_cpu_s
from fluid.pipeline.stage import Stage
from fluid.training.config import TrainingConfig

BUSY = "import time\nwhile time.process_time() < 0.4: pass\nprint(1, flush=True)\n"
NAN = float("nan")


@contextmanager
def child(code: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def test_children_count_while_they_live_and_once_when_they_have_ended() -> None:
    before = tree_cpu_s()
    with child(BUSY + "input()") as process:
        assert process.stdout
        process.stdout.readline()
        living = tree_cpu_s() - before
        process.communicate("\n")
    ended = tree_cpu_s() - before
    assert living == pytest.approx(ended, abs=0.1)
    assert 0.39 <= ended < 0.8


def test_grandchildren_count() -> None:
    before = tree_cpu_s()
    with child(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY + 'input()'!r}])") as process:
        assert process.stdout
        process.stdout.readline()
        assert tree_cpu_s() - before >= 0.39
        process.communicate("\n")


def test_a_child_that_ended_between_two_looks_counts_nothing_itself() -> None:
    with child(BUSY + "input()") as process:
        assert process.stdout
        process.stdout.readline()
        seen = psutil.Process(process.pid)
        assert process_cpu_s(seen) > 0.38
        process.communicate("\n")
    assert process_cpu_s(seen) == 0


def test_peak_memory_is_of_this_process_alone() -> None:
    """A child that does nothing has a small peak, however large this process once was."""
    large = bytearray(300_000_000)
    assert peak_memory_mb() > 300
    del large
    code = "from fluid.pipeline.processes import peak_memory_mb\nprint(peak_memory_mb())"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 5 < float(shown) < 150


def test_peak_memory_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("fluid.pipeline.processes.STATUS", tmp_path / "absent")
    assert peak_memory_mb() > 10


def test_sleep_costs_time_and_no_processor() -> None:
    meter = Meter()
    time.sleep(0.3)
    cost = meter.cost()
    assert cost.seconds >= 0.3
    assert cost.cpu_s < 0.15
    assert cost.gpu_s == cost.gpu_j == 0


def zone(root: Path, name: str, energy_j: float, span_j: float = 1000.0) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / "energy_uj").write_text(f"{round(energy_j * 1e6)}\n")
    (root / name / "max_energy_range_uj").write_text(f"{round(span_j * 1e6)}\n")


def test_packages_are_added_their_parts_are_not_and_counters_begin_again(tmp_path: Path) -> None:
    for name, energy_j in (("intel-rapl:0", 10.0), ("intel-rapl:0:0", 7.0), ("intel-rapl:1", 990.0)):
        zone(tmp_path, name, energy_j)
    before = packages_j(tmp_path)
    assert before == {"intel-rapl:0": (10.0, 1000.0), "intel-rapl:1": (990.0, 1000.0)}
    zone(tmp_path, "intel-rapl:0", 25.0)
    zone(tmp_path, "intel-rapl:1", 5.0)
    assert used_j(before, packages_j(tmp_path)) == pytest.approx(15 + 15)


def test_without_a_counter_energy_is_not_a_number(tmp_path: Path) -> None:
    assert packages_j(tmp_path) == {}
    assert math.isnan(used_j({}, {}))
    assert math.isnan(used_j({"a": (1.0, 2.0)}, {}))
    zone(tmp_path, "intel-rapl:0", 1.0)
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert packages_j(tmp_path) == {}


class Spent(NamedTuple):
    user: float
    nice: float
    system: float
    idle: float
    iowait: float = 0.0
    irq: float = 0.0
    softirq: float = 0.0
    steal: float = 0.0
    guest: float = 0.0
    guest_nice: float = 0.0


def test_busy_seconds_leave_idling_out(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = Spent(1.0, 0.1, 0.4, 90.0, iowait=8.0, irq=0.05, softirq=0.05, steal=0.4, guest=0.7, guest_nice=0.1)
    monkeypatch.setattr("psutil.cpu_times", lambda: spent)
    assert machine_busy_s() == pytest.approx(2.0)  # guests are among user and nice


def test_busy_seconds_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise FileNotFoundError("/proc/stat")

    monkeypatch.setattr("psutil.cpu_times", absent)
    assert math.isnan(machine_busy_s())


def test_busy_seconds_count_the_work_of_this_process() -> None:
    before, used = machine_busy_s(), time.process_time()
    while time.process_time() - used < 0.3:
        pass
    assert machine_busy_s() - before >= 0.25


def has_gpus(monkeypatch: pytest.MonkeyPatch, *energies_mj: int | None) -> None:
    """Let NVML tell the energies of some devices; `None`: one that is too old to know."""

    def energy(device: int) -> int:
        if (found := energies_mj[device]) is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return found

    has_nvml.cache_clear()
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: len(energies_mj))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda number: number)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", energy)


@pytest.fixture
def nvml_anew() -> Iterator[None]:
    """Forget afterwards whether NVML is there."""
    yield
    has_nvml.cache_clear()


@pytest.mark.usefixtures("nvml_anew")
def test_energy_of_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    has_gpus(monkeypatch, 1500, 2500)
    assert gpus_j() == pytest.approx(4.0)
    has_gpus(monkeypatch, 1500, None)
    assert math.isnan(gpus_j())
    has_gpus(monkeypatch)
    assert math.isnan(gpus_j())


@pytest.mark.usefixtures("nvml_anew")
def test_without_a_driver_nobody_knows_the_energy_of_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    has_nvml.cache_clear()
    monkeypatch.setattr(pynvml, "nvmlInit", absent)
    assert math.isnan(gpus_j())


def test_energy_is_measured_where_it_can_be_and_says_where_from() -> None:
    rates, cost = Rates(core_w=10, gpu_w=300), Cost(seconds=4, cpu_s=2, gpu_s=0, peak_mb=1)
    assert cost.energy(rates) == (20.0, "estimated")
    assert replace(cost, cpu_j=7.0).energy(rates) == (7.0, "RAPL")
    on_gpu = replace(cost, gpu_s=4.0, gpu_j=NAN)
    assert on_gpu.energy(rates) == (1220.0, "estimated")
    assert replace(on_gpu, gpu_j=500.0).energy(rates) == (520.0, "estimated + NVML")
    assert replace(on_gpu, cpu_j=7.0, gpu_j=500.0).energy(rates) == (507.0, "RAPL + NVML")
    assert Cost(0, 0, 0, 1).energy(rates) == (0.0, "")


@pytest.mark.parametrize("values", [{"core_w": -1.0}, {"gpu_w": NAN}, {"gpu_w": math.inf}])
def test_impossible_powers(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected a power of 0 W or more"):
        Rates(**values)


def test_gpus_that_were_used() -> None:
    assert gpus_used([], []) == 0
    assert gpus_used([], [3, 0]) == 1
    assert gpus_used([3, 0], [3, 0]) == 0
    assert gpus_used([3, 0], [4, 9]) == 2


def test_gpus_of_training_on_several() -> None:
    def gpus(config: object = TrainingConfig(), **trainer: object) -> int:
        values = {"accelerator": "gpu", "devices": 2, **trainer}
        return Stage("teacher", "T1", {"model": NetworkSpec(), "trainer": values, "config": config}, lambda *_: None, "errors.py").gpus()

    assert gpus() == 2
    assert gpus(devices=1) == 0  # in this process, where it is seen
    assert gpus(accelerator="cpu") == 0
    assert gpus(config=0.1) == 0  # a forest
    assert Stage("split", "companies", {}, lambda *_: None, "errors.py").gpus() == 0
