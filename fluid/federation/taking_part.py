"""Which companies of a split take part in consensus, student and hybrids; the others only train a teacher of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fluid.errors import ConfigError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class TakingPart:
    """Who takes part; by default all companies.

    Attributes:
        n: The first `n` companies, which are the largest; `None`: all, or those named.
        names: These companies; `None`: all, or the first `n`.
        left_out: One of them that does not; empty: none.
    """

    n: int | None = None
    names: tuple[str, ...] | None = None
    left_out: str = ""

    def of(self, companies: Sequence[str]) -> list[str]:
        """Return who of all companies takes part, in their order.

        Raises:
            ConfigError: A company is unknown, there are not as many, or nobody takes part.
        """
        known = ", ".join(companies)
        if self.n is not None and not 1 <= self.n <= len(companies):
            raise ConfigError(f"companies.taking_part is {self.n}", expected=f"1 to {len(companies)}, or a list of names")
        for key, names in (("taking_part", self.names or ()), ("left_out", (self.left_out,) if self.left_out else ())):
            if unknown := [name for name in names if name not in companies]:
                raise ConfigError(f"companies.{key} names {unknown[0]!r}", expected=f"companies of this split: {known}")
        asked = companies[: self.n] if self.names is None else [name for name in companies if name in self.names]
        found = [name for name in asked if name != self.left_out]
        if not found:
            raise ConfigError("companies.taking_part and companies.left_out leave nobody", expected=f"at least one of {known}")
        return found

    def among(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return what belongs to those who take part, of something that every company has."""
        return {name: values[name] for name in self.of(list(values))}

    def notes(self, companies: Sequence[str]) -> tuple[str, ...]:
        """Say in a sentence who takes part, if not all do."""
        names = self.of(companies)
        if len(names) == len(companies):
            return ()
        said = f"{', '.join(names)} of {len(companies)} companies take part in consensus, student, hybrids and federated baselines"
        return (f"{said}; the mean teacher and the pooled models are of all {len(companies)}.",)
