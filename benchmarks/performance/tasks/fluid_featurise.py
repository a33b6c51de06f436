"""Featurise with `fluid`: SMILES to packed graphs and fingerprints, standardised on the way or before; or only RDKit's parser."""

from collections import deque

from serve import Answer, Measure, serve, timed


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Import what is measured and keep the SMILES."""
    from rdkit import Chem, rdBase

    from fluid.molecules.binary import form_of
    from fluid.molecules.packed import PackedGraphs
    from fluid.molecules.parse import reparse
    from fluid.molecules.prepare import prepare_chunk
    from fluid.molecules.standardize import StandardizeSpec
    from fluid.molecules.workers import featurize_part

    smiles, spec = request["smiles"], StandardizeSpec()
    ways = {
        "graphs and fingerprints": lambda: featurize_part(smiles)[0],
        "graphs": lambda: PackedGraphs.from_forms([form_of(reparse(text)) for text in smiles]),
        "standardised, graphs and fingerprints": lambda: prepare_chunk(spec, False, smiles).molecules.graphs,
        "parse": lambda: deque(map(Chem.MolFromSmiles, smiles), maxlen=0),  # each is let go at once: fine_tuning them all is slower
    }
    work = ways[request["way"]]

    def measure(_: Answer) -> Answer:
        seconds, graphs = timed(work)
        counted = {} if isinstance(graphs, deque) else {"atoms": len(graphs.atoms), "directed_bonds": len(graphs.bonds)}
        return {"seconds": seconds, **counted}

    return {"rdkit": rdBase.rdkitVersion}, measure


if __name__ == "__main__":
    serve(prepare)
