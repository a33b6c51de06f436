"""A look at a molecule file before it is used: what its columns hold, what becomes of its rows, and the settings that fit it."""
