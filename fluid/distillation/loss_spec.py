"""Which loss a student learns by, as a configuration chooses it."""

from dataclasses import dataclass

from fluid.distillation.element_losses import ELEMENT_LOSSES, names_of
from fluid.errors import ConfigError
from fluid.ranges import require_positive, require_shares

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class LossSpec:
    """Losses of a student, and of a hybrid on the consensus.

    Attributes:
        classes: Loss for probabilities, one of `ELEMENT_LOSSES`.
        values: Loss for values, one of `ELEMENT_LOSSES`.
        temperature: Softening temperature of `kl_distillation`.
        delta: Distance from which the Huber losses are linear: log-odds, or standard deviations of the soft labels.
        ranking: Share of the pairwise ranking loss, in [0, 1]; the rest is the pointwise loss.
        confusion: `P(soft label says j | true class i)`, two rows that sum to 1, for the forward correction; empty: none; `auto`: as the
            consensus estimates it.
        confusions: One of them for each endpoint that is a class, in the place of `confusion`.
    """

    classes: str = "soft_bce"
    values: str = "gaussian_nll"
    temperature: float = 1.0
    delta: float = 1.0
    ranking: float = 0.0
    confusion: tuple[tuple[float, ...], ...] | str = ()
    confusions: tuple[tuple[tuple[float, ...], ...], ...] = ()

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A name is unknown, or a number is out of range.
        """
        _check_name("classes", self.classes, classes=True)
        _check_name("values", self.values, classes=False)
        require_positive(self, "loss", "temperature", "delta")
        require_shares(self, "loss", "ranking")
        if self.confusion and not self.automatic and not _is_confusion(self.confusion):
            expected = "two rows of two shares in [0, 1] that sum to 1, or auto"
            raise ConfigError(f"loss.confusion is {self.confusion}", expected=expected)
        if self.confusions and (self.confusion or not all(map(_is_confusion, self.confusions))):
            expected = "for each class two rows of two shares in [0, 1] that sum to 1, and no loss.confusion beside"
            raise ConfigError(f"loss.confusions is {self.confusions}", expected=expected)

    @property
    def needs_variance(self) -> bool:
        """Whether the loss of values learns the teachers' variance."""
        return ELEMENT_LOSSES[self.values].needs_variance

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of losses that other packages add."""
        return ELEMENT_LOSSES.modules(self.classes, self.values)

    @property
    def automatic(self) -> bool:
        """Whether the confusion is still to be looked up in a consensus."""
        return self.confusion == AUTO


def _check_name(setting: str, name: str, classes: bool) -> None:
    if name not in ELEMENT_LOSSES or ELEMENT_LOSSES[name].classes != classes:
        raise ConfigError(f"loss.{setting} is {name!r}", expected="one of " + ", ".join(names_of(classes)))


def _is_confusion(rows: tuple[tuple[float, ...], ...] | str) -> bool:
    if isinstance(rows, str):
        return False
    shares = [share for row in rows for share in row]
    square = len(rows) == 2 and all(len(row) == 2 for row in rows)
    return square and all(0 <= share <= 1 for share in shares) and all(abs(sum(row) - 1) < 1e-4 for row in rows)
