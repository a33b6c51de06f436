from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from fluid.data.embedded import embedded_path
from fluid.data.endpoints import Endpoint
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphTensors, gather
from fluid.molecules.packed import PackedGraphs

SPECS = {"gine": NetworkSpec(), "dmpnn": NetworkSpec(encoder="dmpnn", hidden=128, layers=3)}


@pytest.fixture(scope="module")
def graphs() -> PackedGraphs:
    import pandas as pd

    return PackedGraphs.from_smiles(pd.read_parquet(embedded_path("transfer"))["smiles"].iloc[:300].tolist())


def counted(network: Network, batch: object) -> int:
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network.eval()(batch)
    return counter.get_total_flops()


@pytest.mark.parametrize("encoder", SPECS)
@pytest.mark.parametrize("endpoints", [1, 3])
def test_flops_from_shapes_are_those_that_torch_counts(graphs: PackedGraphs, encoder: str, endpoints: int) -> None:
    from arithmetic import dmpnn_flops, gine_flops

    spec, n = SPECS[encoder], len(graphs)
    network = Network(spec, tuple(Endpoint(f"y{i}") for i in range(endpoints)))
    batch = gather(GraphTensors.from_packed(graphs), torch.arange(n))
    atoms, bonds = len(batch.atoms), len(batch.bonds)
    if encoder == "gine":
        expected = gine_flops([atoms] * spec.layers, n, spec.hidden, endpoints)
    else:
        expected = dmpnn_flops([bonds] * spec.layers, atoms, n, spec.hidden, endpoints)
    assert counted(network, batch) == expected


def test_flops_of_distinct_environments(graphs: PackedGraphs) -> None:
    from arithmetic import gine_flops

    network = Network(NetworkSpec(), (Endpoint("y"),))
    batch = network.environment_encoder.environments(graphs).batch(np.arange(len(graphs)))
    assert counted(network, batch) == gine_flops([len(layer.centre) for layer in batch.layers], len(graphs), 96)


def shape_of(graphs: PackedGraphs):
    from arithmetic import Shape

    return Shape(len(graphs.atoms) / len(graphs), len(graphs.bonds) / len(graphs))


def test_bytes_of_packed_graphs_and_batches(graphs: PackedGraphs) -> None:
    from arithmetic import batch_bytes, device_bytes, packed_bytes

    shape, n = shape_of(graphs), len(graphs)
    tensors = GraphTensors.from_packed(graphs)
    names = ("atom_offsets", "edge_offsets", "atoms", "neighbours", "bonds")
    batch = gather(tensors, torch.arange(n))
    assert graphs.nbytes_per_molecule == pytest.approx(packed_bytes(shape) + 16 / n)
    assert sum(getattr(tensors, name).nbytes for name in names) == pytest.approx(n * device_bytes(shape) + 16)
    assert sum(part.nbytes for part in batch) == pytest.approx(n * batch_bytes(shape) + 8)


def test_activations_that_a_training_step_keeps(graphs: PackedGraphs) -> None:
    from arithmetic import gine_saved

    sizes: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dtype == torch.float32 and tensor.ndim == 2 and len(tensor) >= len(graphs.atoms):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    spec = replace(NetworkSpec(), layers=2)
    network = Network(spec, (Endpoint("y"),)).train()
    batch = gather(GraphTensors.from_packed(graphs), torch.arange(len(graphs)))
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        total = network(batch).mean.sum()
    assert sum(sizes.values()) == pytest.approx(len(graphs) * gine_saved(shape_of(graphs), spec.hidden, spec.layers), rel=0.2)
    total.backward()


def test_the_smallest_bound_decides() -> None:
    from arithmetic import Device, bounds

    found = bounds(Device("x", (10.0, 20.0, 40.0), 6.0), flops=2.0, traffic=3.0, launches=100, batch=1000)
    assert found == {"float32": 5.0, "TF32": 10.0, "bfloat16": 20.0, "memory": 2.0, "launches": pytest.approx(2e6)}
