"""What became of the measurements of an endpoint."""

from dataclasses import asdict, dataclass, fields

from fluid.errors import FluidError


@dataclass(slots=True)
class LabelCounts:
    """How many measurements an endpoint has in a file, and what became of them; all of them are accounted for.

    Attributes:
        measured: Cells that are not missing.
        kept: Labels.
        dropped: Measurements that cannot be used, contradict, or stand in a row whose molecule cannot be used.
        merged: Further measurements that went into a label.
        censored: Bounds and approximate values from which no label follows.
    """

    measured: int = 0
    kept: int = 0
    dropped: int = 0
    merged: int = 0
    censored: int = 0

    def check(self, name: str, labels: int) -> None:
        """Check that the counts add up to the measurements, and to the labels that are there.

        Raises:
            FluidError: The counts do not add up.
        """
        parts = {field.name: getattr(self, field.name) for field in fields(self)[1:]}
        if self.measured != sum(parts.values()) or self.kept != labels:
            shown = ", ".join(f"{count} {part}" for part, count in parts.items())
            raise FluidError(f"internal accounting: endpoint {name!r} has {self.measured} measurements and {labels} labels, {shown}")

    def to_dict(self) -> dict[str, int]:
        """Return plain values."""
        return asdict(self)
