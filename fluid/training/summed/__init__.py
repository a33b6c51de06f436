"""Additive models of classes whose gradients are summed over companies, with noise, so that nothing else of a company is seen."""
