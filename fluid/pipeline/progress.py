"""Whoever shows the progress of a federation."""

from typing import Protocol


class Progress(Protocol):
    """Whoever shows the progress of stages."""

    def start(self, stage: str, name: str) -> None:
        """Announce that a stage starts."""

    def advance(self, share: float) -> None:
        """Announce the share of the stage's work that is done, in [0, 1]."""

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        """Announce that a stage ended, and whether its result was reused."""

    def note(self, text: str) -> None:
        """Announce something worth knowing, of one or more lines."""


class SilentProgress:
    """A progress that shows nothing."""

    def start(self, stage: str, name: str) -> None:
        """Show nothing."""

    def advance(self, share: float) -> None:
        """Show nothing."""

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""
