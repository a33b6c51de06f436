"""Ways for a company to add its own data back: one file per value of `hybrid.mode`."""
