"""Noisy mechanisms by which something of a company's molecules is released, and how much one molecule can change what comes out.

Two data sets are neighbours if one has a molecule more, with whatever labels. The proofs are in `docs/explanation/certified.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from fluid.errors import ArtifactError, ConfigError


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Normal noise on sums (Dwork & Roth 2014, doi:10.1561/0400000042, section A).

    Attributes:
        what: What is released.
        ratio: The largest L2 norm of a change by one molecule, in standard deviations of the noise (`μ` of Gaussian differential privacy).

    Raises:
        ConfigError: The ratio is not above 0.
    """

    kind: ClassVar[str] = "gaussian"
    what: str
    ratio: float

    def __post_init__(self) -> None:
        """Check the value."""
        if not 0 < self.ratio < math.inf:
            raise ConfigError(f"the noise on {self.what} has a ratio of {self.ratio}", expected="a finite number above 0")


@dataclass(frozen=True, slots=True)
class Perturbation:
    """The minimum of a penalised loss to which a random linear term was added (Kifer, Smith & Thakurta 2012, PMLR 23:25).

    `w = argmin Σ_i ℓ(x_i·w, y_i) + ‖w‖²/2C + b·w` with `b ~ N(0, σ² I)` and rows of a norm of at most 1. The loss is convex, its slope is
    at most 1 and of the same sign for all `w`.

    Attributes:
        what: What is released.
        noise: `σ`.
        strength: `C`.
        curvature: Largest second derivative of the loss.

    Raises:
        ConfigError: A value is not above 0.
    """

    kind: ClassVar[str] = "objective perturbation"
    what: str
    noise: float
    strength: float
    curvature: float

    def __post_init__(self) -> None:
        """Check the values."""
        if not all(0 < value < math.inf for value in (self.noise, self.strength, self.curvature)):
            said = f"{self.what} has noise {self.noise}, strength {self.strength} and curvature {self.curvature}"
            raise ConfigError(said, expected="finite numbers above 0")

    @property
    def ratio(self) -> float:
        """The largest shift of the random term by one molecule, in its standard deviations."""
        return 1 / self.noise

    @property
    def excess(self) -> float:
        """The largest logarithm of the ratio of the Hessians' determinants."""
        return math.log1p(self.strength * self.curvature)


Mechanism = Gaussian | Perturbation
KINDS: Mapping[str, type[Gaussian] | type[Perturbation]] = {kind.kind: kind for kind in (Gaussian, Perturbation)}


def described(mechanism: Mechanism) -> dict[str, Any]:
    """Return a mechanism for JSON."""
    return {"kind": mechanism.kind, **asdict(mechanism)}


def mechanism_of(told: Any, where: str) -> Mechanism:
    """Return the mechanism that JSON describes.

    Args:
        told: What `described` returned.
        where: File, for the message.

    Raises:
        ArtifactError: The mechanism is unknown, or a value cannot be.
    """
    try:
        if not isinstance(told["what"], str):
            raise TypeError("what is released is no text")
        return KINDS[told["kind"]](**{name: value for name, value in told.items() if name != "kind"})
    except (KeyError, TypeError, AttributeError, ConfigError) as error:
        raise ArtifactError(f"a mechanism cannot be read ({error})", where=where, expected=" or ".join(KINDS)) from None
