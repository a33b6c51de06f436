"""Federated learning as others do it, on the same splits, seeds, architectures and transfer set: what a reviewer asks to compare with."""
