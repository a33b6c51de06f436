"""What an attack is: a rule that scores candidates, higher for those that it takes for members."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fluid.privacy.scene import Scene

NOTHING = "nothing that was sent"
"""What a baseline reads: what it finds is no leak, but how members and non-members differ anyway."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A rule that scores candidates.

    Attributes:
        name: Its name.
        version: Raised whenever its scores change.
        reads: What it reads, in a few words.
        says: What it does, in one sentence for somebody who is no expert.
        possible: Whether it can be run on a scene.
        score: Scores of the candidates `(N,)`; NaN where it says nothing.
        needs_label: Whether the attacker knows the label of the candidate.
        informed: Whether he has labelled molecules of the company's chemistry, with which he makes companies of his own.
        either_way: Whether low scores may point at members as well: the attacker takes the better way.
    """

    name: str
    version: int
    reads: str
    says: str
    possible: Callable[[Scene], bool]
    score: Callable[[Scene], np.ndarray]
    needs_label: bool = False
    informed: bool = False
    either_way: bool = False

    @property
    def is_baseline(self) -> bool:
        """Whether it reads nothing that was sent."""
        return self.reads == NOTHING
