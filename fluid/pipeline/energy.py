"""Energy counters of processors (RAPL) and GPUs (NVML), where they are there and may be read."""

import ctypes
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
STAT = Path("/proc/stat")
NVML = "libnvidia-ml.so.1"
IDLE = (3, 4)


def packages_j(root: Path = POWERCAP) -> dict[str, tuple[float, float]]:
    """Return counter and range, both in J, of every processor package; none if a counter is absent or may not be read.

    References:
        Linux kernel, Power Capping Framework: `energy_uj` counts up to `max_energy_range_uj`, then begins again at 0.
    """
    found = {}
    for zone in sorted(root.glob("intel-rapl:*")):
        if zone.name.count(":") == 1:  # `intel-rapl:0`, not a part of it such as `intel-rapl:0:1`
            try:
                values = [float((zone / name).read_text()) / 1e6 for name in ("energy_uj", "max_energy_range_uj")]
            except (OSError, ValueError):
                return {}
            found[zone.name] = (values[0], values[1])
    return found


def used_j(before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]) -> float:
    """Return the J that all packages used between two readings, each of which may have begun again once; NaN without readings."""
    if not before or before.keys() != after.keys():
        return float("nan")
    pairs = [(before[name][0], *after[name]) for name in before]
    return sum(end - start if end >= start else end + span - start for start, end, span in pairs)


def machine_busy_s(stat: Path = STAT, ticks: int = 100) -> float:
    """Return the seconds that all cores together have been busy since the machine started; NaN where `/proc/stat` is absent."""
    try:
        first = stat.read_text().split("\n", 1)[0].split()
    except OSError:
        return float("nan")
    values = [int(text) for text in first[1:9]]  # user, nice, system, idle, iowait, irq, softirq, steal
    return sum(value for place, value in enumerate(values) if place not in IDLE) / ticks


@cache
def nvml(name: str = NVML) -> Any:
    """Return the opened NVML library, or nothing."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(name)
        if library.nvmlInit_v2() == 0:
            return library
    return None


def gpus_j(library: Any = None) -> float:
    """Return the J that all GPUs of the machine used since their driver started; NaN if NVML does not tell.

    References:
        NVML API, `nvmlDeviceGetTotalEnergyConsumption` (mJ; Volta and newer).
    """
    library = library or nvml()
    count = ctypes.c_uint()
    if library is None or library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0 or not count.value:
        return float("nan")
    total = 0.0
    for number in range(count.value):
        device, energy_mj = ctypes.c_void_p(), ctypes.c_ulonglong()
        library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(device))
        if library.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(energy_mj)) != 0:
            return float("nan")
        total += energy_mj.value / 1e3
    return total
