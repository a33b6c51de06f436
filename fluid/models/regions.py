"""A student of experts of public regions of chemistry: each is mixed of all companies', and none of them is a company's."""

from dataclasses import dataclass
from typing import ClassVar

from fluid.models.experts import ExpertsPredictor


@dataclass(frozen=True, eq=False)
class RegionsPredictor(ExpertsPredictor):
    """Experts of `R` public regions, and the product of the companies' experts; a `Predictor`.

    It answers as experts of companies do: where these have a head and evidence each, every region has a head that is mixed of the
    companies' and a part of the evidence of all. `teachers` are the names of the regions.
    """

    kind: ClassVar[str] = "regions"

    def place_of(self, company: str) -> int:
        """Return the place of a new expert: no region is a company's, whatever that is called."""
        return len(self.teachers)


def region_names(n: int) -> tuple[str, ...]:
    """Return what the regions are called."""
    return tuple(f"region {number}" for number in range(1, n + 1))
