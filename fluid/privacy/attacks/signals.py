"""What an artefact says of how near a molecule lies to its data, or how sure it is: bins, distances, familiarity, certainty, support."""

from functools import partial

import numpy as np

from fluid.privacy.attack import Attack
from fluid.privacy.scene import Answers, Scene

SIGNALS = {
    "bin": "the domain bin",
    "closeness": "the raw distance",
    "familiarity": "the familiarity",
    "certainty": "the epistemic uncertainty",
    "confidence": "the distance of the answer from undecided",
    "support": "the support of the consensus",
    "coverage": "the coverage in the consensus",
}
"""What may be said of a molecule, and its name in words."""


def tells(answers: Answers | None, signal: str) -> bool:
    """Return whether answers have a signal that is not the same for all molecules."""
    return answers is not None and signal in answers.signals and bool(np.ptp(answers.signals[signal]) > 0)


def asked_of(signal: str) -> Attack:
    """Return the attack that reads a signal of the candidates themselves."""

    def score(scene: Scene) -> np.ndarray:
        return np.asarray(scene.asked.signals[signal], dtype=np.float64) if scene.asked else np.full(len(scene.candidates), np.nan)

    says = f"What does {SIGNALS[signal]} say where the molecule itself is answered?"
    return Attack(f"{signal}_asked", 1, "answers to the molecule itself", says, partial(asks, signal), score, either_way=True)


def sent_of(signal: str) -> Attack:
    """Return the attack that guesses a signal from those of the nearest public molecules."""

    def score(scene: Scene) -> np.ndarray:
        plane = scene.sent.answers.signals[signal] if scene.sent else np.empty(0)
        return scene.guessed(np.asarray(plane, dtype=np.float64))

    says = f"What does {SIGNALS[signal]} of the public molecules nearest to it say?"
    return Attack(f"{signal}_sent", 1, "answers to public molecules", says, partial(sends, signal), score, either_way=True)


def asks(signal: str, scene: Scene) -> bool:
    """Return whether the candidates themselves are answered with a signal."""
    return tells(scene.asked, signal)


def sends(signal: str, scene: Scene) -> bool:
    """Return whether public molecules are answered with a signal."""
    return scene.sent is not None and tells(scene.sent.answers, signal)


ASKED = {f"{signal}_asked": asked_of(signal) for signal in SIGNALS}
SENT = {f"{signal}_sent": sent_of(signal) for signal in SIGNALS}
