"""A forward pass of `fluid`'s default network, and the machine's own rate of layer-sized products of matrices, in one process."""

from serve import Answer, Measure, serve, timed


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Lay out one chunk of molecules, count FLOPs, and check both paths against each other."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from fluid.data.endpoints import Endpoint
    from fluid.models.network import Network
    from fluid.models.predictor import NetworkSpec
    from fluid.molecules.batch import GraphTensors, gather
    from fluid.molecules.packed import PackedGraphs

    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    graphs = PackedGraphs.from_smiles(request["smiles"])
    spec = NetworkSpec(encoder=request["encoder"])
    network = Network(spec, (Endpoint("y"),)).eval()
    tensors, rows = GraphTensors.from_packed(graphs), torch.arange(len(graphs))
    plain = [gather(tensors, part) for part in rows.split(256)]
    library = network.environment_encoder.environments(graphs)
    distinct = [library.batch(rows.numpy())]
    rows_of_gemm, hidden = 2048, spec.hidden
    left, up, down = torch.randn(rows_of_gemm, hidden), torch.randn(hidden, 2 * hidden), torch.randn(2 * hidden, hidden)
    gemm_flops = 2 * 2 * rows_of_gemm * hidden * 2 * hidden

    def forward(batches):
        return torch.cat([network(batch).mean for batch in batches])

    def gemm(times=200):
        product = torch.empty(rows_of_gemm, 2 * hidden), torch.empty(rows_of_gemm, hidden)
        for _ in range(times):
            torch.mm(torch.mm(left, up, out=product[0]), down, out=product[1])
        return times

    def flops(batches):
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            forward(batches)
        return counter.get_total_flops()

    ways = {"plain": plain, "distinct": distinct}
    facts = {
        "flops": {name: flops(batches) for name, batches in ways.items()},
        "atoms": len(graphs.atoms),
        "threads": torch.get_num_threads(),
    }
    with torch.inference_mode():
        facts["largest_difference"] = float((forward(plain) - forward(distinct)).abs().max())

    def measure(asked: Answer) -> Answer:
        with torch.inference_mode():
            if asked.get("profile"):
                return {"profile": profiled(lambda: forward(ways[asked["profile"]]))}
            seconds, times = timed(gemm)
            answer = {"gemm_flops": gemm_flops * times / seconds}
            return answer | {name: timed(lambda batches=batches: forward(batches))[0] for name, batches in ways.items()}

    return facts, measure


def profiled(work) -> dict[str, float]:
    """Return each operator's share of the processor's time, largest first; what took less than 1 % together."""
    from torch.profiler import ProfilerActivity, profile

    work()
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(5):
            work()
    own = {event.key: event.self_cpu_time_total for event in found.key_averages()}
    total = sum(own.values())
    shares = {name: value / total for name, value in sorted(own.items(), key=lambda item: -item[1]) if value >= 0.01 * total}
    return {**shares, "rest": 1 - sum(shares.values())}


if __name__ == "__main__":
    serve(prepare)
