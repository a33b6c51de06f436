"""What something costs: wall time, processor and GPU seconds, memory, energy."""

import sys
import time
from dataclasses import dataclass, field

from fluid.errors import ConfigError
from fluid.pipeline.energy import gpus_j, machine_busy_s, packages_j, used_j
from fluid.pipeline.processes import peak_memory_mb, tree_cpu_s

NAN = float("nan")
ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Rates:
    """Power that is assumed where a counter cannot be read, in W.

    Attributes:
        core_w: Of one busy processor core, with its share of memory and machine.
        gpu_w: Of one busy GPU.
    """

    core_w: float = 10.0
    gpu_w: float = 300.0

    def __post_init__(self) -> None:
        for name in ("core_w", "gpu_w"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"cost.{name} is {getattr(self, name)}", expected="a power of 0 W or more")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work cost.

    Attributes:
        seconds: Wall time.
        cpu_s: User and system seconds of the process and all below it.
        gpu_s: Wall time, times the GPUs that were used: how long they may have been busy at most. 0 without CUDA.
        peak_mb: The process's peak memory so far in MB.
        cpu_j: Measured energy of the processors in J: of the machine's, the share of its busy seconds. NaN if it cannot be read.
        gpu_j: Measured energy of the machine's GPUs in J; 0 if none was used, NaN if it cannot be read.
    """

    seconds: float
    cpu_s: float
    gpu_s: float
    peak_mb: float
    cpu_j: float = NAN
    gpu_j: float = 0.0

    def energy(self, rates: Rates) -> tuple[float, str]:
        """Return the energy in J, and where it is from: `RAPL`, `NVML` and `estimated`, joined by ` + `; empty without work."""
        parts = [("RAPL", self.cpu_j, self.cpu_s * rates.core_w), ("NVML", self.gpu_j, self.gpu_s * rates.gpu_w)]
        chosen = [(estimate, ESTIMATED) if measured != measured else (measured, meter) for meter, measured, estimate in parts]
        return sum(value for value, _ in chosen), " + ".join(dict.fromkeys(source for value, source in chosen if value > 0))


def cuda_allocations() -> list[int]:
    """Return how often memory was asked for on each GPU by this process; nothing if it has not used CUDA."""
    torch = sys.modules.get("torch")  # who has not imported it has used no GPU
    if torch is None or not torch.cuda.is_initialized():
        return []
    return [torch.cuda.memory_stats(number).get("allocation.all.allocated", 0) for number in range(torch.cuda.device_count())]


def gpus_used(before: list[int], after: list[int]) -> int:
    """Return on how many GPUs memory was asked for between two readings."""
    return sum(count > (before[number] if number < len(before) else 0) for number, count in enumerate(after))


@dataclass(slots=True)
class Meter:
    """Measures a piece of work of this process, from its making until `cost` is called.

    Attributes:
        gpus: GPUs that child processes of the work use.
    """

    gpus: int = 0
    began: float = field(default_factory=time.perf_counter)
    cpu_s: float = field(default_factory=tree_cpu_s)
    busy_s: float = field(default_factory=machine_busy_s)
    packages: dict[str, tuple[float, float]] = field(default_factory=packages_j)
    allocations: list[int] = field(default_factory=cuda_allocations)
    gpus_j: float = field(default_factory=gpus_j)

    def cost(self) -> Cost:
        """Return what the work cost so far."""
        seconds, cpu_s = time.perf_counter() - self.began, max(0.0, tree_cpu_s() - self.cpu_s)
        busy_s = machine_busy_s() - self.busy_s
        share = min(1.0, cpu_s / busy_s) if busy_s > 0 else NAN  # too short for the machine's clock: estimated
        gpus = max(self.gpus, gpus_used(self.allocations, cuda_allocations()))
        gpu_j = gpus_j() - self.gpus_j if gpus else 0.0
        return Cost(seconds, cpu_s, gpus * seconds, peak_memory_mb(), used_j(self.packages, packages_j()) * share, gpu_j)
