"""Featurise with PyTorch Geometric: SMILES to `Data` by `from_smiles`."""

from serve import Answer, Measure, serve, timed


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Import what is measured and keep the SMILES."""
    from rdkit import rdBase
    from torch_geometric.utils import from_smiles

    smiles = request["smiles"]

    def measure(_: Answer) -> Answer:
        seconds, graphs = timed(lambda: [from_smiles(text) for text in smiles])
        return {"seconds": seconds, "atoms": sum(g.num_nodes for g in graphs), "directed_bonds": sum(g.num_edges for g in graphs)}

    return {"rdkit": rdBase.rdkitVersion}, measure


if __name__ == "__main__":
    serve(prepare)
