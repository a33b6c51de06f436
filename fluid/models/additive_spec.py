"""How an additive model is made."""

from dataclasses import dataclass
from typing import ClassVar

from fluid.errors import ConfigError
from fluid.molecules.substructures import Dictionary

SOLVERS, LAPLACE, LARGEST_RANK = ("auto", "convex", "lightning"), ("diagonal", "low_rank"), 1024


@dataclass(frozen=True, slots=True)
class AdditiveSpec:
    """A generalised linear model on `log(1 + n_b)`, where `n_b` is how often substructure `b` occurs in a molecule.

    Attributes:
        radius: Largest radius of the Morgan environments that are counted.
        n_bits: Columns to which they are hashed.
        strengths: Inverse strengths `C` of the L2 penalty, of which the best on the model's own validation part is taken.
        solver: `convex` solves for one endpoint and strength after the other on the CPU, `lightning` for all of them together on the
            trainer's device; `auto` is `lightning` where the trainer has a GPU.
        laplace: Curvature by which the weights' doubt is told: `diagonal`, or `low_rank`, which knows that weights depend on each other.
        rank: Directions of `low_rank`.
    """

    kind: ClassVar[str] = "additive"
    radius: int = 3
    n_bits: int = 16384
    strengths: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    solver: str = "auto"
    laplace: str = "diagonal"
    rank: int = 64

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.radius < 0 or self.n_bits < 8:
            raise ConfigError(f"model.radius is {self.radius} and model.n_bits {self.n_bits}", expected="0 or more, and 8 or more")
        if not self.strengths or not all(0 < value < float("inf") for value in self.strengths):
            raise ConfigError(f"model.strengths is {list(self.strengths)}", expected="one or more finite numbers above 0")
        for name, known in (("solver", SOLVERS), ("laplace", LAPLACE)):
            if getattr(self, name) not in known:
                raise ConfigError(f"model.{name} is {getattr(self, name)!r}", expected=" or ".join(known))
        if not 0 <= self.rank <= LARGEST_RANK:
            raise ConfigError(f"model.rank is {self.rank}", expected=f"0 to {LARGEST_RANK}")

    @property
    def dictionary(self) -> Dictionary:
        """The substructures that are counted."""
        return Dictionary(self.radius, self.n_bits)
