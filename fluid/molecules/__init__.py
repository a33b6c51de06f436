"""Molecules: SMILES → standardised molecule → graph, fingerprint, scaffold; packed storage and batching."""
