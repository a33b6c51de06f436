"""Ways to make a student of a consensus: one file per value of `distillation.mode`."""
