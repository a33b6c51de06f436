"""Endpoints: what was measured, and how its values become labels."""

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fluid.data.class_words import declares_words, split_words
from fluid.errors import ArtifactError, ConfigError

KINDS = ("classification", "regression")
DIRECTIONS: Mapping[str, Callable[[Any, Any], Any]] = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
SIGNS = {"≥": ">=", "≤": "<="}
EXAMPLES = "e.g. blocker, 'pic50 >= 5', 'ic50 <= 10 [uM]', 'pic50 [log mol/L]' or 'call in Active/Inactive'"
UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories that would break a line: control characters, halves of characters, line and paragraph separators."""
PATTERN = re.compile(
    r'\s*(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[^\s<>=≥≤\[\]"][^<>=≥≤\[\]"]*?))\s*'
    r"(?:(?P<direction><=|>=|<|>|≥|≤)\s*(?P<threshold>[-+0-9.eE]+)\s*)?(?:\[(?P<unit>[^\[\]]+)\])?\s*"
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
        ConfigError: The kind or direction is unknown, the threshold is not finite, or the name cannot be used.
    """

    name: str
    kind: str = "classification"
    unit: str = ""
    threshold: float | None = None
    direction: str = ">="

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.name or self.name != self.name.strip() or any(unicodedata.category(sign) in UNWRITABLE for sign in self.name):
            expected = "a column name of one line, without blanks around"
            raise ConfigError(f"endpoint name {self.name!r} cannot be used", expected=expected, remedy="Rename the column.")
        if self.kind not in KINDS or self.direction not in DIRECTIONS:
            raise ConfigError(f"endpoint {self.name!r} ({self.kind}, {self.direction}) is not possible", expected=EXAMPLES)
        if self.threshold is not None and (self.kind == "regression" or not np.isfinite(self.threshold)):
            raise ConfigError(f"endpoint {self.name!r} has threshold {self.threshold}", expected="a finite number, for classification only")

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """Read the text form.

        `blocker` is a class column of 0 and 1, `pic50 >= 5` a class from a column of values, `pic50 [log mol/L]` a value.
        A column name with brackets or signs is put in double quotes, quotes in it are doubled: `"IC50 [nM]" <= 1000`.
        Class words (`call in Active/Inactive`) say how a file is read and are no part of the endpoint: see `fluid.data.class_words`.

        Raises:
            ConfigError: The text has another form.
        """
        try:
            match = PATTERN.fullmatch(split_words(text)[0]) if isinstance(text, str) else None
            if match is None:
                raise ValueError(text)
            parts = match.groupdict()
            threshold = None if parts["threshold"] is None else float(parts["threshold"])
        except ValueError:
            raise ConfigError(f"endpoint {text!r} is not understood", expected=EXAMPLES) from None
        unit = (parts["unit"] or "").strip()
        kind = "regression" if unit and threshold is None else "classification"
        direction = parts["direction"] or ">="
        name = parts["plain"] if parts["quoted"] is None else parts["quoted"].replace('""', '"')
        return cls(name.strip(), kind, unit, threshold, SIGNS.get(direction, direction))

    @property
    def column(self) -> str:
        """Column of the molecule file that holds the measurements."""
        return self.name

    @property
    def text(self) -> str:
        """The text form, as `parse` reads it (a regression endpoint without unit has none of its own)."""
        quoted = bool(set('<>=[]≥≤"') & set(self.name)) or declares_words(self.name)
        name = '"{}"'.format(self.name.replace('"', '""')) if quoted else self.name
        threshold = "" if self.threshold is None else f" {self.direction} {float(self.threshold)!r}".removesuffix(".0")
        return name + threshold + (f" [{self.unit}]" if self.unit else "")

    @property
    def binary(self) -> bool:
        """Whether the file itself must hold classes 0 and 1."""
        return self.kind == "classification" and self.threshold is None

    def label(self, values: np.ndarray) -> np.ndarray:
        """Turn measured values into labels: the threshold is applied, NaN stays NaN.

        Shapes:
            values: Any; the result has the same.
        """
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
            ArtifactError: The values describe no endpoint.
        """
        try:
            return cls(**values)
        except (TypeError, AttributeError, ConfigError) as error:
            raise ArtifactError(f"{values!r} describes no endpoint ({error})") from None
