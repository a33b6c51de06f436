"""A student's training step and its losses alone, in one process: processor seconds of a step, and of every loss forward and backward."""

from statistics import median
from time import process_time

from serve import Answer, Measure, serve

TIMES = 300
CONFUSION = ((0.9, 0.1), (0.2, 0.8))


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Make one batch, a default network, and every loss of the configuration."""
    import torch

    from fluid.data.endpoints import Endpoint
    from fluid.distillation.loss_spec import LossSpec
    from fluid.distillation.losses import LOSSES
    from fluid.models.network import Network, Output
    from fluid.models.predictor import NetworkSpec
    from fluid.molecules.packed import PackedGraphs
    from fluid.training.config import TrainingConfig
    from fluid.training.loader import ExampleLoader, Examples
    from fluid.training.module import StudentModule
    from fluid.training.objective import Objective

    torch.set_num_threads(request["threads"])
    graphs, size, endpoints = PackedGraphs.from_smiles(request["smiles"]), request["batch_size"], (Endpoint("y"),)
    draw = torch.Generator().manual_seed(0)
    target = torch.rand((len(graphs), 1), generator=draw).numpy()
    config = TrainingConfig(epochs=1, batch_size=size, threads=request["threads"])
    network = Network(NetworkSpec(), endpoints)
    loader = ExampleLoader(Examples(graphs, target, target), size, 0, torch.device("cpu"), network.environment_encoder.environments)
    module = StudentModule(network, endpoints, config, len(loader))
    optimizer = module.configure_optimizers()["optimizer"]
    specs = {name: LossSpec(name) for name in LOSSES}
    specs |= {"ranking": LossSpec(ranking=0.5), "forward": LossSpec(confusion=CONFUSION)}
    said, batch_target = torch.randn((size, 1), generator=draw), torch.rand((size, 1), generator=draw)

    def steps() -> list[float]:
        taken = []
        for batch in loader:
            began = process_time()
            optimizer.zero_grad()
            module.objective(network(batch.graph), batch.target, batch.weight).backward()
            module.clip_norm()
            optimizer.step()
            taken.append(process_time() - began)
        return taken

    def alone(spec: LossSpec) -> float:
        objective, taken = Objective(endpoints, spec), []
        for _ in range(TIMES):
            mean = said.clone().requires_grad_()
            output, weight = Output(mean, torch.zeros_like(said)), torch.ones_like(said)
            began = process_time()
            objective(output, batch_target, weight).backward()
            taken.append(process_time() - began)
        return median(taken)

    def measure(_: Answer) -> Answer:
        return {"step": median(steps()), "losses": {name: alone(spec) for name, spec in specs.items()}}

    return {"batches": len(loader)}, measure


if __name__ == "__main__":
    serve(prepare)
