"""Annotations: the only thing that crosses the boundary of a company."""
