"""A search for hyper-parameters."""
