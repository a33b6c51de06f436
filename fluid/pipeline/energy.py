"""Energy counters of processors (RAPL) and GPUs (NVML), where they are there and may be read."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psutil
import pynvml

POWERCAP = Path("/sys/class/powercap")
NOT_BUSY = ("idle", "iowait", "guest", "guest_nice")
"""States of a core in which it does nothing; the seconds of guests are among those of users already."""


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


def machine_busy_s() -> float:
    """Return the seconds that all cores together have been busy since the machine started; NaN where the system does not tell."""
    try:
        spent = psutil.cpu_times()._asdict()
    except (OSError, psutil.Error):
        return float("nan")
    return float(sum(seconds for state, seconds in spent.items() if state not in NOT_BUSY))


@cache
def has_nvml() -> bool:
    """Open NVML, the library of NVIDIA's driver; return whether it is there."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    return True


def gpus_j() -> float:
    """Return the J that all GPUs of the machine used since their driver started; NaN if NVML does not tell.

    References:
        NVML API, `nvmlDeviceGetTotalEnergyConsumption` (mJ; Volta and newer).
    """
    if not has_nvml():
        return float("nan")
    try:
        devices = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        total = sum(pynvml.nvmlDeviceGetTotalEnergyConsumption(device) / 1e3 for device in devices)
    except pynvml.NVMLError:
        return float("nan")
    return total if devices else float("nan")
