"""One epoch of batches in `fluid`: whole graphs, or distinct environments, by index arithmetic."""

from serve import Answer, Measure, serve, timed

EPOCHS = 5  # one alone is too short to be timed well


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Featurise the molecules once and lay them out as training does."""
    import torch

    from fluid.data.endpoints import Endpoint
    from fluid.models.network import Network
    from fluid.models.predictor import NetworkSpec
    from fluid.molecules.packed import PackedGraphs
    from fluid.training.loader import batches_of

    graphs = PackedGraphs.from_smiles(request["smiles"])
    encoder = Network(NetworkSpec(), (Endpoint("y"),)).environment_encoder
    make = batches_of(graphs, torch.device("cpu"), encoder.environments if request["distinct"] and encoder else None)
    generator = torch.Generator().manual_seed(0)

    def epoch() -> tuple[int, int]:
        parts = torch.randperm(len(graphs), generator=generator).split(request["batch_size"])
        sizes = [(len(batch.molecule), batch.ptr.numel() - 1) for batch in map(make, parts)]
        return sum(atoms for atoms, _ in sizes), sum(molecules for _, molecules in sizes)

    def measure(_: Answer) -> Answer:
        seconds, counts = timed(lambda: [epoch() for _ in range(EPOCHS)])
        atoms, molecules = (sum(column) / EPOCHS for column in zip(*counts, strict=True))
        return {"seconds": seconds / EPOCHS, "atoms": atoms, "molecules": molecules}

    return {"torch": torch.__version__, "threads": torch.get_num_threads()}, measure


if __name__ == "__main__":
    serve(prepare)
