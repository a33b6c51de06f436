"""Bytes and FLOPs per molecule, counted from shapes, and what an accelerator could make of them at best.

`python benchmarks/performance/arithmetic.py` prints the tables of `docs/explanation/speed.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CATEGORIES = 8
FLOAT = 4


@dataclass(frozen=True)
class Shape:
    """Mean size of a molecule: heavy atoms and directed bonds."""

    atoms: float
    bonds: float


@dataclass(frozen=True)
class Device:
    """Published peak figures of an accelerator.

    Attributes:
        name: Its name.
        flops: Dense float32 (not tensor cores), TF32 and bfloat16 FLOP/s.
        bandwidth: Bytes per second of its memory.
    """

    name: str
    flops: tuple[float, float, float]
    bandwidth: float


DEVICES = (
    Device("H100 SXM", (67e12, 494e12, 989e12), 3.35e12),
    Device("H200 SXM", (67e12, 494e12, 989e12), 4.8e12),
)
LAUNCH_S = 5e-6
"""Time to launch one small kernel from Python."""


def linear_flops(rows: float, width: int, out: int) -> float:
    """Return the FLOPs of a linear layer: a multiplication and an addition per weight and row."""
    return 2.0 * rows * width * out


def head_flops(molecules: float, width: int, hidden: int, endpoints: int) -> float:
    """Return the FLOPs of the head: hidden units, then two outputs per endpoint."""
    return linear_flops(molecules, width, hidden) + linear_flops(molecules, hidden, 2 * endpoints)


def gine_flops(states: Iterable[float], molecules: float, hidden: int, endpoints: int = 1) -> float:
    """Return the FLOPs of all products of matrices in a forward pass of GINE.

    Args:
        states: Updated states in each layer: atoms, or distinct environments.
        molecules: Molecules.
        hidden: Width `D`.
        endpoints: Endpoints `T`.
    """
    layers = sum(2 * linear_flops(rows, hidden, 2 * hidden) for rows in states)
    return layers + head_flops(molecules, 2 * hidden, hidden, endpoints)


def dmpnn_flops(states: Iterable[float], atoms: float, molecules: float, hidden: int, endpoints: int = 1) -> float:
    """Return the FLOPs of all products of matrices in a forward pass of the D-MPNN.

    Args:
        states: Updated bond states in each step: directed bonds, or distinct ones.
        atoms: Atom states in the end: atoms, or distinct ones.
        molecules: Molecules.
        hidden: Width `D`.
        endpoints: Endpoints `T`.
    """
    steps = sum(linear_flops(rows, hidden, hidden) for rows in states)
    return steps + linear_flops(atoms, 2 * hidden, hidden) + head_flops(molecules, 2 * hidden, hidden, endpoints)


def packed_bytes(shape: Shape) -> float:
    """Return the bytes of a molecule in a library on disk: categories, neighbours (2) and bonds (1), two offsets."""
    return CATEGORIES * shape.atoms + 3 * shape.bonds + 16


def device_bytes(shape: Shape) -> float:
    """Return the bytes of a molecule in `GraphTensors`, where a neighbour takes 4 bytes."""
    return CATEGORIES * shape.atoms + 5 * shape.bonds + 16


def batch_bytes(shape: Shape) -> float:
    """Return the bytes of a molecule in a `GraphBatch`: int64 categories and owner per atom; two ends, category and reverse per bond."""
    return 8 * ((CATEGORIES + 1) * shape.atoms + 4 * shape.bonds + 1)


def gine_traffic(shape: Shape, hidden: int, layers: int) -> float:
    """Return the bytes that a plain GINE forward pass reads and writes in memory when no operators are fused.

    Per layer and bond: gather (read, write), bond embedding (write, then read both, write), relu (read, write), sum (read): 9 rows.
    Per layer and atom: sum (write zeros, read, write), adding itself (2 reads, write), products (read 1, write 2, read 2, write 1),
    relu (read and write 2, read and write 1), residual (2 reads, write): 21 rows.
    """
    return layers * FLOAT * hidden * (9 * shape.bonds + 21 * shape.atoms)


def gine_saved(shape: Shape, hidden: int, layers: int) -> float:
    """Return the bytes of activations that a plain GINE training step keeps for the backward pass.

    Per layer and bond: the messages after relu (1 row of floats). Per layer and atom: input of the first product (1), its output (2,
    for the norm), after relu (2), output of the second (1), after relu (1), dropout mask (1): 8 rows.
    """
    return layers * FLOAT * hidden * (shape.bonds + 8 * shape.atoms)


def bounds(device: Device, flops: float, traffic: float, launches: int, batch: int) -> dict[str, float]:
    """Return the molecules per second that each limit alone would allow.

    Args:
        device: Accelerator.
        flops: FLOPs per molecule.
        traffic: Bytes per molecule.
        launches: Kernels per batch.
        batch: Molecules per batch.
    """
    float32, tf32, bf16 = (peak / flops for peak in device.flops)
    return {
        "float32": float32, "TF32": tf32, "bfloat16": bf16, "memory": device.bandwidth / traffic, "launches": batch / (launches * LAUNCH_S),
    }  # fmt: skip


def lines(shape: Shape, hidden: int, layers: int, launches: int, batches: Sequence[int]) -> list[str]:
    """Return the table of bounds as Markdown, in millions of molecules per second."""
    flops, traffic = gine_flops([shape.atoms] * layers, 1, hidden), gine_traffic(shape, hidden, layers)
    names = ("float32", "TF32", "bfloat16", "memory")
    heads = [*names, *(f"launches, batch {batch:,}" for batch in batches)]
    table = ["| 10⁶ molecules/s | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for device in DEVICES:
        found = bounds(device, flops, traffic, launches, batches[0])
        values = [found[name] for name in names] + [bounds(device, flops, traffic, launches, batch)["launches"] for batch in batches]
        table.append(f"| {device.name} | " + " | ".join(f"{value / 1e6:.2f}" for value in values) + " |")
    return table


def main() -> None:
    """Print what one molecule of the embedded transfer set costs at the default sizes."""
    shape, hidden, layers = Shape(24.9, 53.9), 96, 4
    flops = gine_flops([shape.atoms] * layers, 1, hidden)
    print(f"packed {packed_bytes(shape):.0f} B, on the device {device_bytes(shape):.0f} B, in a batch {batch_bytes(shape):.0f} B")
    print(f"GINE: {flops / 1e6:.2f} MFLOP forward, {3 * flops / 1e6:.1f} MFLOP per training step")
    print(
        f"GINE: {gine_traffic(shape, hidden, layers) / 1e6:.2f} MB read and written, {gine_saved(shape, hidden, layers) / 1e3:.0f} kB saved"
    )
    own_dmpnn = dmpnn_flops([shape.bonds] * 3, shape.atoms, 1, 128)
    print(f"D-MPNN: {own_dmpnn / 1e6:.2f} MFLOP forward")
    print("\n".join(lines(shape, hidden, layers, launches=110, batches=(256, 4096, 65_536))))


if __name__ == "__main__":
    main()
