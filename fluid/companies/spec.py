"""What is asked of a simulated split into companies."""

import math
from dataclasses import dataclass

from fluid.errors import ConfigError

METHODS = ("kmeans", "scaffold", "dirichlet", "size", "series")


@dataclass(frozen=True, slots=True)
class CompanySpec:
    """How one pool of molecules is shared out among simulated companies.

    Attributes:
        method: `kmeans` (clusters of feature fingerprints, the paper's), `scaffold` (whole Murcko scaffolds, equal sizes),
            `dirichlet` (label skew), `size` (random molecules, power-law sizes) or `series` (many clusters of feature
            fingerprints, dealt whole to companies of power-law sizes).
        n: Number of companies.
        smoothing: Share of molecules moved to another company at random after `kmeans`, `scaffold` or `series`, so that borders blur
            (the paper: 0.05). The other methods are random already and do not use it. Set 0 to keep scaffolds and series whole.
        alpha: Concentration of `dirichlet`; small means that a class sits in few companies, large means an even spread.
        size_exponent: Exponent of `size` and `series`: company i (from 1) gets a share proportional to i to the power −exponent; 0 means
            equal sizes. Series stay whole, so companies miss these shares by at most the largest one.
        endpoint: Name of the endpoint whose labels `dirichlet` skews; empty means the first.
        min_size: Fewest molecules a company may end with.
        min_per_class: Fewest labels of each class that a company may end with, for each classification endpoint; each
            regression endpoint needs twice as many measured values. 0 switches the check off.
        endpoint_share: Share of the endpoints that each company measured, drawn by the seed; the others' labels are nobody's there. Below 1
            a company also drops endpoints of which it has too few labels, instead of the split being refused.
        series: Clusters that `series` deals; at least one for each company.

    Raises:
        ConfigError: A value is unknown or out of range.
    """

    method: str = "kmeans"
    n: int = 8
    smoothing: float = 0.05
    alpha: float = 0.5
    size_exponent: float = 1.0
    endpoint: str = ""
    min_size: int = 50
    min_per_class: int = 25
    endpoint_share: float = 1.0
    series: int = 64

    def __post_init__(self) -> None:
        _require(self.method in METHODS, "method", self.method, f"one of {', '.join(METHODS)}")
        _require(self.n >= 1, "n", self.n, "at least 1")
        _require(0 <= self.smoothing < 1, "smoothing", self.smoothing, "a share from 0 to below 1")
        _require(0 < self.alpha < math.inf, "alpha", self.alpha, "a positive number")
        _require(0 <= self.size_exponent < math.inf, "size_exponent", self.size_exponent, "0 or more")
        _require(self.min_size >= 1, "min_size", self.min_size, "at least 1")
        _require(0 < self.endpoint_share <= 1, "endpoint_share", self.endpoint_share, "a share above 0, at most 1")
        _require(self.min_per_class >= 0, "min_per_class", self.min_per_class, "0 or more")
        _require(self.series >= 1, "series", self.series, "at least 1")
        _require(self.method != "series" or self.series >= self.n, "series", self.series, f"at least companies.n, {self.n}")


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"companies.{name} is {value!r}", expected=expected)
