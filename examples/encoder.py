"""Molecules as one batch of graphs, and an encoder that turns each into a vector."""

import torch

from fluid.models.encoders import build_encoder
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphTensors, gather
from fluid.molecules.molecule_set import MoleculeSet

molecules = MoleculeSet.from_smiles(["CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1"])
graphs = GraphTensors.from_packed(molecules.graphs)
batch = gather(graphs, torch.tensor([0, 1, 2]))
print(f"{batch.n_molecules} molecules, {len(batch.atoms)} atoms, {batch.edge_index.shape[1]} directed bonds")

encoder = build_encoder(NetworkSpec(encoder="dmpnn", hidden=32, layers=3)).eval()
with torch.no_grad():
    vectors = encoder(batch)
print("vectors:", tuple(vectors.shape))
