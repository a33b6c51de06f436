"""Stages: each a description of one step, built from plain inputs."""
