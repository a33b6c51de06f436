"""Whoever gets a report, a table or a log looks whether the molecule stands in it."""

import numpy as np

from fluid.privacy.attack import Attack
from fluid.privacy.scene import Scene


def is_text(scene: Scene) -> bool:
    """Return whether the release is text."""
    return scene.written is not None


def written(scene: Scene) -> np.ndarray:
    """Return 1 for candidates that stand in the text, stereo-isomers included, and 0 for others."""
    known = scene.written or frozenset()
    return np.array([one in known for one in scene.candidates.skeletons], dtype=np.float64)


ATTACK = Attack("written", 1, "the text", "Does the molecule stand in the text, as SMILES or by its key?", is_text, written)
