"""One epoch of batches with PyTorch Geometric's `DataLoader` over `Data` objects."""

from serve import Answer, Measure, serve, timed


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Featurise the molecules once and make the loader."""
    import torch
    from torch_geometric.loader import DataLoader
    from torch_geometric.utils import from_smiles

    data = [from_smiles(text) for text in request["smiles"]]
    workers = request["workers"]
    loader = DataLoader(data, request["batch_size"], shuffle=True, num_workers=workers, persistent_workers=workers > 0)

    def epoch() -> tuple[int, int]:
        sizes = [(batch.num_nodes, batch.num_graphs) for batch in loader]
        return sum(atoms for atoms, _ in sizes), sum(graphs for _, graphs in sizes)

    def measure(_: Answer) -> Answer:
        seconds, (atoms, molecules) = timed(epoch)
        return {"seconds": seconds, "atoms": atoms, "molecules": molecules}

    return {"torch": torch.__version__, "threads": torch.get_num_threads()}, measure


if __name__ == "__main__":
    serve(prepare)
