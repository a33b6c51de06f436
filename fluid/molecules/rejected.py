"""A molecule that cannot be used."""

from fluid.errors import FluidError


class MoleculeRejected(FluidError):
    """A molecule that cannot be used; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
