import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fluid.errors import ConfigError
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.cost import Cost, Meter, Rates, gpus_used
from fluid.pipeline.energy import gpus_j, machine_busy_s, packages_j, used_j
from fluid.pipeline.processes import Process, all_processes, below, read_process, tree_cpu_s
from fluid.pipeline.stage import Stage
from fluid.training.config import TrainingConfig

BUSY = "import time\nwhile time.process_time() < 0.4: pass\nprint(1, flush=True)\n"
NAN = float("nan")


def test_a_process_with_brackets_in_its_name() -> None:
    stat = "12 (a) b (c)) S 7 " + " ".join(map(str, range(5, 14))) + " 100 50 30 20 0"
    assert read_process(stat, 100) == Process(7, 2.0)


def test_below_is_at_any_depth_and_not_beside() -> None:
    tree = {1: Process(0, 0), 2: Process(1, 0), 3: Process(2, 0), 4: Process(3, 0), 5: Process(1, 0), 6: Process(5, 0)}
    assert sorted(below(2, tree)) == [3, 4]
    assert sorted(below(1, tree)) == [2, 3, 4, 5, 6]
    assert below(9, tree) == []


def test_this_process_is_among_all() -> None:
    assert all_processes()[os.getpid()].parent == os.getppid()


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
    assert math.isnan(machine_busy_s(tmp_path / "stat"))


def test_busy_seconds_leave_idling_out(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  100 10 40 9000 800 5 5 40 77 88\ncpu0 1 1 1 1\n")
    assert machine_busy_s(tmp_path / "stat", 100) == pytest.approx(2.0)


class Library:
    """NVML with two devices, as far as it is used; fills what it is given by reference."""

    def __init__(self, energies_mj: tuple[int, ...], answer: int = 0) -> None:
        self.energies_mj, self.answer = energies_mj, answer

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:  # noqa: N802
        count._obj.value = len(self.energies_mj)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, number: int, device: Any) -> int:  # noqa: N802
        device._obj.value = number + 1
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, device: Any, energy: Any) -> int:  # noqa: N802
        energy._obj.value = self.energies_mj[device.value - 1]
        return self.answer


def test_energy_of_gpus() -> None:
    assert gpus_j(Library((1500, 2500))) == pytest.approx(4.0)
    assert math.isnan(gpus_j(Library((1500,), answer=3)))  # not supported
    assert math.isnan(gpus_j(Library(())))


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
        return Stage("teacher", "T1", {"model": NetworkSpec(), "trainer": values, "config": config}, lambda *_: None).gpus()

    assert gpus() == 2
    assert gpus(devices=1) == 0  # in this process, where it is seen
    assert gpus(accelerator="cpu") == 0
    assert gpus(config=0.1) == 0  # a forest
    assert Stage("split", "companies", {}, lambda *_: None).gpus() == 0
