"""Our batches as PyG's."""

from torch_geometric.data import Batch, Data

from fluid.molecules.batch import GraphBatch


def to_pyg(batch: GraphBatch) -> Batch:
    """Return the batch as a `torch_geometric.data.Batch` (`x`, `edge_index`, `edge_attr`, `batch`, `ptr`), sharing memory."""
    store = Data(x=batch.atoms, edge_index=batch.edge_index, edge_attr=batch.bonds.unsqueeze(1))
    whole = Batch(_base_cls=Data)
    whole.update(store)
    whole.batch, whole.ptr = batch.molecule, batch.ptr
    whole._num_graphs = batch.n_molecules
    return whole
