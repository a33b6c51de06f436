"""Featurise with chemprop: SMILES to `MolGraph`, as its data set does."""

from serve import Answer, Measure, serve, timed


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Import what is measured and keep the SMILES."""
    from chemprop.data import MoleculeDatapoint
    from chemprop.featurizers import SimpleMoleculeMolGraphFeaturizer
    from rdkit import rdBase

    smiles, featurizer = request["smiles"], SimpleMoleculeMolGraphFeaturizer()

    def measure(_: Answer) -> Answer:
        seconds, graphs = timed(lambda: [featurizer(MoleculeDatapoint.from_smi(text).mol) for text in smiles])
        return {"seconds": seconds, "atoms": sum(len(g.V) for g in graphs), "directed_bonds": sum(len(g.E) for g in graphs)}

    return {"rdkit": rdBase.rdkitVersion}, measure


if __name__ == "__main__":
    serve(prepare)
