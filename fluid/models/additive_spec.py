"""How an additive model is made."""

from dataclasses import dataclass
from typing import ClassVar

from fluid.errors import ConfigError
from fluid.molecules.substructures import Dictionary
from fluid.ranges import require_not_negative, require_positive

PERTURBED = "perturbed"
SOLVERS, LAPLACE, LARGEST_RANK = ("auto", "convex", "lightning", PERTURBED), ("diagonal", "low_rank"), 1024


@dataclass(frozen=True, slots=True)
class AdditiveSpec:
    """A generalised linear model on `log(1 + n_b)`, where `n_b` is how often substructure `b` occurs in a molecule.

    Attributes:
        radius: Largest radius of the Morgan environments that are counted.
        n_bits: Columns to which they are hashed.
        strengths: Inverse strengths `C` of the L2 penalty, of which the best on the model's own validation part is taken.
        solver: `convex` solves for one endpoint and strength after the other on the CPU, `lightning` for all of them together on the
            trainer's device; `auto` is `lightning` where the trainer has a GPU. `perturbed` adds a random term to what is minimised, for
            classes and one strength only, and nothing else is learnt: no temperature, and no doubt of weights.
        laplace: Curvature by which the weights' doubt is told: `diagonal`, or `low_rank`, which knows that weights depend on each other.
        rank: Directions of `low_rank`.
        noise: Standard deviation of the random term of `perturbed`, where one molecule's pull is at most 1; 0: none.
        clip: Largest L2 norm of a molecule's features for `perturbed`; longer ones are scaled down. It is to be public, such as the 0.9
            quantile of public molecules.
    """

    kind: ClassVar[str] = "additive"
    radius: int = 3
    n_bits: int = 16384
    strengths: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    solver: str = "auto"
    laplace: str = "diagonal"
    rank: int = 64
    noise: float = 0.0
    clip: float = 8.0

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
        require_not_negative(self, "model", "noise")
        require_positive(self, "model", "clip")
        self._check_perturbed()

    def _check_perturbed(self) -> None:
        if self.noise and not self.is_perturbed:
            raise ConfigError(f"model.noise is {self.noise:g} and model.solver {self.solver!r}", expected=f"model.solver={PERTURBED}")
        if self.is_perturbed and len(self.strengths) > 1:
            what = f"model.strengths has {len(self.strengths)} values, of which private molecules would choose one"
            raise ConfigError(what, expected="one value, chosen without them, such as model.strengths=[1.0]")
        if self.is_perturbed and self.laplace != "diagonal":
            raise ConfigError(f"model.laplace is {self.laplace!r}, and a perturbed model tells no doubt", expected="diagonal")

    @property
    def is_perturbed(self) -> bool:
        """Whether a random term is added to what is minimised."""
        return self.solver == PERTURBED

    @property
    def dictionary(self) -> Dictionary:
        """The substructures that are counted."""
        return Dictionary(self.radius, self.n_bits)
