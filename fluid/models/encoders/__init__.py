"""Encoders: a batch of molecular graphs to one vector per molecule."""

from fluid.models.encoders.registry import Encoder, EnvironmentEncoder, build_encoder

__all__ = ["Encoder", "EnvironmentEncoder", "build_encoder"]
