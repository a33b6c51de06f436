"""Encoders: a batch of molecular graphs to one vector per molecule."""

from fluid.models.encoders.registry import Distinct, Encoder, EnvironmentEncoder, Library, build_encoder

__all__ = ["Distinct", "Encoder", "EnvironmentEncoder", "Library", "build_encoder"]
