"""Speed and memory on an accelerator: batching, forward passes, training steps, several teachers, compiled or not.

`bash benchmarks/performance/gpu.sh` carries it out on a GPU; `--device cpu --quick` works anywhere.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from arithmetic import gine_flops
from common import Row, finish
from molecules import transfer
from torch import Tensor

from fluid.data.endpoints import Endpoint
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphTensors, gather
from fluid.molecules.packed import PackedGraphs
from fluid.molecules.workers import featurize_part
from fluid.training.config import TrainingConfig
from fluid.training.loader import Examples, LabelledBatch, batches_of
from fluid.training.module import TeacherModule

ENDPOINTS = (Endpoint("y"),)
CLOSE = {"cpu": 1e-5, "cuda": 1e-4}  # sums on a GPU are added in another order, products may use other kernels
TEACHERS = 8
Making = Callable[[Tensor], object]


@dataclass(frozen=True)
class Site:
    """Where and how much is measured.

    Attributes:
        device: Device.
        smiles: Molecules.
        graphs: The same, packed.
        repeats: Measured repeats after the warm-up.
        compile: Whether `torch.compile` is measured too.
    """

    device: torch.device
    smiles: list[str]
    graphs: PackedGraphs
    repeats: int
    compile: bool

    def seconds(self, work: Callable[[], object]) -> list[float]:
        """Return the times of some work, each until the device has finished it, after two warm-ups."""
        times = []
        for _ in range(2 + self.repeats):
            self.finish()
            began = time.perf_counter()
            work()
            self.finish()
            times.append(time.perf_counter() - began)
        return times[2:]

    def finish(self) -> None:
        """Wait until the device has done all it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def reset_peak(self) -> None:
        """Forget the highest memory so far."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_mb(self) -> float | None:
        """Return the highest memory of tensors since the last reset, in MB; nothing on a CPU."""
        return torch.cuda.max_memory_allocated(self.device) / 1e6 if self.device.type == "cuda" else None

    def row(self, name: str, count: int, unit: str, work: Callable[[], object], holds: bool = True, **more: object) -> Row:
        """Measure some work that handles a number of things."""
        self.reset_peak()
        times = self.seconds(work)
        made = {"name": name, "ours": count / median(times), "unit": unit, "seconds_raw": times, "peak_mb": self.peak_mb(), "holds": holds}
        print(f"{name}: {made['ours']:,.0f} {unit}", flush=True)
        return made | more


def fresh(site: Site, training: bool = False) -> Network:
    """Return the default network on the device."""
    return Network(NetworkSpec(), ENDPOINTS).to(site.device).train(training)


def ways(site: Site) -> dict[str, Making]:
    """Return functions from rows to batches: whole graphs, and distinct environments."""
    encoder = fresh(site).environment_encoder
    naming = encoder.environments if encoder else None
    return {"plain": batches_of(site.graphs, site.device, None), "environments": batches_of(site.graphs, site.device, naming)}


def featurising(site: Site) -> list[Row]:
    """Measure featurisation on one core of the host."""
    some = site.smiles[:2000]
    return [site.row("featurise on one core", len(some), "molecules/s", lambda: featurize_part(some))]


def batching(site: Site, sizes: tuple[int, ...]) -> list[Row]:
    """Measure batches of all molecules in random order, made on the device or (environments) on the host."""
    rows = []
    for way, make in ways(site).items():
        for size in sizes:
            order = torch.randperm(len(site.graphs), device=site.device).split(size)
            rows.append(
                site.row(f"batch: {way}, {size}", len(site.graphs), "graphs/s", lambda make=make, order=order: list(map(make, order)))
            )
    return rows


def same(site: Site, network: Network, made: dict[str, Making]) -> float:
    """Return the largest difference between both paths on the device, and to the plain path on the host."""
    few = torch.arange(min(len(site.graphs), 512), device=site.device)
    host = Network(NetworkSpec(), ENDPOINTS).eval()
    host.load_state_dict(network.state_dict())
    with torch.inference_mode():
        expected = host(gather(GraphTensors.from_packed(site.graphs), few.cpu())).mean
        return max(float((network(make(few)).mean.cpu() - expected).abs().max()) for make in made.values())


def forward(site: Site, sizes: tuple[int, ...]) -> list[Row]:
    """Measure forward passes over ready batches, and FLOP/s in products of matrices."""
    made, network, rows = ways(site), fresh(site), []
    difference = same(site, network, made)
    holds = difference <= CLOSE[site.device.type]
    for way, make in made.items():
        for size in sizes:
            batch = make(torch.arange(min(size, len(site.graphs)), device=site.device))
            n = batch.ptr.numel() - 1
            states = [len(layer.centre) for layer in batch.layers] if way == "environments" else [len(batch.atoms)] * 4
            count = gine_flops(states, n, 96)
            with torch.inference_mode():
                row = site.row(f"forward: {way}, {n}", n, "molecules/s", lambda batch=batch: network(batch).mean, holds)
            rows.append(row | {"gflops_per_s": count / median(row["seconds_raw"]) / 1e9, "largest_difference": difference})
    return rows


def several(site: Site) -> list[Row]:
    """Measure one and eight teachers on the same molecules, batches included."""
    rows = []
    for way, make in ways(site).items():
        for count in (1, TEACHERS):
            networks, index = [fresh(site) for _ in range(count)], torch.arange(min(4096, len(site.graphs)), device=site.device)

            def answer(networks: list[Network] = networks, make: Making = make, index: Tensor = index) -> None:
                batch = make(index)
                for network in networks:
                    network(batch).mean.cpu()

            with torch.inference_mode():
                rows.append(site.row(f"annotate: {way}, {count} teacher{'s' * (count > 1)}", len(index), "molecules/s", answer))
    return rows


def compiled(site: Site) -> list[Row]:
    """Measure the plain forward pass with and without `torch.compile`."""
    network, batch = fresh(site), ways(site)["plain"](torch.arange(min(4096, len(site.graphs)), device=site.device))
    quick, n = torch.compile(network, dynamic=True), batch.ptr.numel() - 1
    with torch.inference_mode():
        difference = float((network(batch).mean - quick(batch).mean).abs().max())
        close = difference <= CLOSE[site.device.type]
        eager = site.row("forward: plain, eager", n, "molecules/s", lambda: network(batch).mean)
        return [
            eager,
            site.row("forward: plain, torch.compile", n, "molecules/s", lambda: quick(batch).mean, close, largest_difference=difference),
        ]


def training(site: Site, sizes: tuple[int, ...]) -> list[Row]:
    """Measure training steps, batches included, in float32 and in bfloat16 mixed precision."""
    rows = []
    for way, make in ways(site).items():
        for size in sizes:
            for precision in ("32-true", "bf16-mixed"):
                step = stepper(site, make, size, precision)
                rows.append(site.row(f"train: {way}, {precision}, batch {size}", size, "molecules/s", step))
    return rows


def stepper(site: Site, make: Making, size: int, precision: str) -> Callable[[], Tensor]:
    """Return a function that does one training step, as the product's module does."""
    size = min(size, len(site.graphs))
    labels = np.random.default_rng(0).integers(0, 2, (len(site.graphs), 1)).astype(np.float32)
    examples = Examples(site.graphs, labels, np.ones_like(labels))
    module = TeacherModule(fresh(site, training=True), ENDPOINTS, TrainingConfig(), total_steps=10_000).to(site.device)
    optimizer = module.configure_optimizers()["optimizer"]
    target, weight = (torch.as_tensor(values, device=site.device) for values in (examples.target, examples.weight))

    def step() -> Tensor:
        rows = torch.randperm(len(target), device=site.device)[:size]
        batch = LabelledBatch(make(rows), target[rows], weight[rows])
        optimizer.zero_grad()
        with torch.autocast(site.device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
            loss = module.objective(module.network(batch.graph), batch.target, batch.weight)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.network.parameters(), 5.0, foreach=True)
        optimizer.step()
        return loss

    return step


def measure(site: Site, quick: bool) -> list[Row]:
    """Measure everything."""
    batches = (64, 256) if quick else (128, 1024, 4096, 16_384)
    rows = featurising(site) + batching(site, batches) + forward(site, batches) + several(site)
    rows += training(site, batches[:1] if quick else (64, 512, 4096))
    return rows + (compiled(site) if site.compile else [])


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the rows go")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="a few hundred molecules: to see that everything works")
    parser.add_argument("--no-compile", action="store_true", help="leave out torch.compile")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("SKIPPED: torch finds no GPU here; --device cpu measures on the processor", file=sys.stderr)
        sys.exit(3)
    smiles = transfer(300 if options.quick else 40_000)
    site = Site(torch.device(options.device), smiles, PackedGraphs.from_smiles(smiles), options.repeats, not options.no_compile)
    rows = [row | {"device": name(site.device), "quick": options.quick} for row in measure(site, options.quick)]
    print(json.dumps({"device": name(site.device), "torch": torch.__version__}))
    finish(rows, options.json)


def name(device: torch.device) -> str:
    """Return the name of the device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    main()
