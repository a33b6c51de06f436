"""A training step of `fluid` under Lightning, and the same steps in a bare loop, in one process."""

import time

from serve import Answer, Measure, serve


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Make examples with random labels."""
    import numpy as np
    import torch

    from fluid.data.endpoints import Endpoint
    from fluid.models.network import Network
    from fluid.models.predictor import NetworkSpec
    from fluid.molecules.packed import PackedGraphs
    from fluid.seeding import derive_seed, isolate
    from fluid.training.config import TrainerSpec, TrainingConfig
    from fluid.training.fit import Fit, fit_network
    from fluid.training.loader import ExampleLoader, Examples
    from fluid.training.module import TeacherModule

    torch.set_num_threads(request["threads"])
    graphs = PackedGraphs.from_smiles(request["smiles"])
    labels = np.random.default_rng(0).integers(0, 2, (len(graphs), 1)).astype(np.float32)
    examples, endpoints = Examples(graphs, labels, np.ones_like(labels)), (Endpoint("y"),)
    none = examples.take(np.arange(0))
    config = TrainingConfig(epochs=request["epochs"], batch_size=request["batch_size"], threads=request["threads"])

    def fresh() -> Network:
        with isolate(0, "weights"):
            return Network(NetworkSpec(), endpoints)

    def lightning() -> tuple[Network, list[float]]:
        network, ends = fresh(), []
        fit = Fit(network, TeacherModule, endpoints, examples, none, config, TrainerSpec(threads=request["threads"]), 0)
        fit_network(fit, report=lambda _: ends.append(time.perf_counter()))
        return network, list(np.diff(ends))

    def bare() -> tuple[Network, list[float]]:
        network, ends = fresh(), []
        naming = network.environment_encoder.environments
        loader = ExampleLoader(examples, config.batch_size, 0, torch.device("cpu"), naming)
        module = TeacherModule(network, endpoints, config, total_steps=config.epochs * len(loader))
        made = module.configure_optimizers()
        optimizer, schedule = made["optimizer"], made["lr_scheduler"]["scheduler"]
        network.train()
        with isolate(derive_seed(0, "dropout")):
            for _ in range(config.epochs):
                for batch in loader:
                    optimizer.zero_grad()
                    module.objective(network(batch.graph), batch.target, batch.weight).backward()
                    module.clip_norm()
                    optimizer.step()
                    schedule.step()
                ends.append(time.perf_counter())
        return network, list(np.diff(ends))

    steps = len(ExampleLoader(examples, config.batch_size, 0, torch.device("cpu"), None))

    def measure(_: Answer) -> Answer:
        (one, own), (two, loop) = lightning(), bare()
        pairs = zip(one.parameters(), two.parameters(), strict=True)
        difference = max(float((a - b).detach().abs().max()) for a, b in pairs)
        return {"lightning": min(own) / steps, "bare": min(loop) / steps, "largest_difference": difference}

    return {"steps": steps, "torch": torch.__version__}, measure


if __name__ == "__main__":
    serve(prepare)
