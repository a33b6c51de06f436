"""Endpoints: what was measured, and how its values become labels."""

import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fluid.errors import ArtifactError, ConfigError

DIRECTIONS = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}
PATTERN = re.compile(
    r"\s*(?P<name>[^<>=\[\]]+?)\s*(?:(?P<direction><=|>=|<|>)\s*(?P<threshold>[-+0-9.eE]+)\s*)?(?:\[(?P<unit>[^\]]+)\])?\s*"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One assay or property.

    Attributes:
        name: Column in the molecule file, and name everywhere else.
        kind: `classification` or `regression`.
        unit: Unit of the values, if any.
        threshold: For classification of a continuous value: active if `value <direction> threshold`.
        direction: `>=`, `>`, `<=` or `<`.

    Raises:
        ConfigError: The kind or direction is unknown, the threshold is not finite, or the name is empty.
    """

    name: str
    kind: str = "classification"
    unit: str = ""
    threshold: float | None = None
    direction: str = ">="

    def __post_init__(self) -> None:
        """Check the values."""
        if self.kind not in ("classification", "regression") or self.direction not in DIRECTIONS or not self.name or "/" in self.name:
            raise ConfigError(
                f"endpoint {self.name!r} ({self.kind}, {self.direction}) is not possible", expected="e.g. blocker or pic50 >= 5"
            )
        if self.threshold is not None and (self.kind == "regression" or not np.isfinite(self.threshold)):
            raise ConfigError(f"endpoint {self.name!r} has threshold {self.threshold}", expected="a finite number, for classification only")

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """Read the text form.

        `blocker` is a class column of 0 and 1, `pic50 >= 5` a class from a continuous column, `pic50 [log mol/L]` a value.

        Raises:
            ConfigError: The text has another form.
        """
        match = PATTERN.fullmatch(text)
        try:
            if match is None:
                raise ValueError(text)
            parts = match.groupdict()
            threshold = None if parts["threshold"] is None else float(parts["threshold"])
        except ValueError:
            raise ConfigError(
                f"endpoint {text!r} is not understood", expected="e.g. blocker, 'pic50 >= 5' or 'pic50 [log mol/L]'"
            ) from None
        kind = "regression" if parts["unit"] and threshold is None else "classification"
        return cls(parts["name"], kind, (parts["unit"] or "").strip(), threshold, parts["direction"] or ">=")

    @property
    def binary(self) -> bool:
        """Whether the file itself must hold classes 0 and 1."""
        return self.kind == "classification" and self.threshold is None

    def label(self, values: np.ndarray) -> np.ndarray:
        """Turn measured values into labels: the threshold is applied, NaN stays NaN."""
        values = np.asarray(values, dtype=np.float64)
        if self.threshold is None:
            return values
        return np.where(np.isnan(values), np.nan, DIRECTIONS[self.direction](values, self.threshold).astype(np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> "Endpoint":
        """Build from plain values.

        Raises:
            ArtifactError: They describe no endpoint.
        """
        try:
            return cls(**values)
        except (TypeError, ConfigError) as error:
            raise ArtifactError(f"{values!r} describes no endpoint ({error})") from None
