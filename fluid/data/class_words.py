"""How a file writes the classes of an endpoint: `call in Active/Inactive`. This says how a column is read, not what the endpoint is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from fluid.errors import ConfigError

SIGNS = r'<>=≥≤\[\]"'
DECLARED = re.compile(
    rf'\s*(?P<name>"(?:[^"]|"")+"|[^\s{SIGNS}][^{SIGNS}]*)\s+in\s+(?P<words>[^{SIGNS}/]*(?:/[^{SIGNS}/]*){{1,2}})',
)
EXAMPLE = "e.g. 'call in Active|Probably active/Inactive', or with words that mean not measured 'call in Active/Inactive/ND|-'"


@dataclass(frozen=True, slots=True)
class ClassWords:
    """The words of a class column, without regard to case.

    Attributes:
        positive: Words of class 1.
        negative: Words of class 0.
        missing: Words that mean that nothing was measured.

    Raises:
        ConfigError: A class has no word, a word is empty, or one stands for two things.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Bring the words into one form, and check them."""
        for name in ("positive", "negative", "missing"):
            object.__setattr__(self, name, tuple(word.strip().lower() for word in getattr(self, name)))
        words = (*self.positive, *self.negative, *self.missing)
        if not (self.positive and self.negative) or "" in words or len(set(words)) < len(words):
            parts = (self.positive, self.negative, *([self.missing] if self.missing else []))
            sides = "/".join("|".join(side) for side in parts)
            raise ConfigError(f"the class words are {sides!r}", expected=f"different words for each class, {EXAMPLE}")

    @property
    def meaning(self) -> Mapping[str, float]:
        """What each word means: 1, 0, or NaN."""
        sides = ((self.positive, 1.0), (self.negative, 0.0), (self.missing, nan))
        return {word: value for side, value in sides for word in side}


def declares_words(text: str) -> bool:
    """Return whether a text has the form of an endpoint with class words."""
    return DECLARED.fullmatch(text) is not None


def split_words(text: str) -> tuple[str, ClassWords | None]:
    """Divide `call in Active/Inactive` into the endpoint's text and its words; any other text has none.

    Where ` in ` is there several times, the last one counts; a quoted name is a name (`"uptake in mg/kg"`).

    Raises:
        ConfigError: The words cannot be used.
    """
    match = DECLARED.fullmatch(text)
    if match is None:
        return text, None
    sides = [tuple(side.split("|")) for side in match["words"].split("/")]
    return match["name"], ClassWords(*sides)
