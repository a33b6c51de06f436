"""How models are evaluated."""

from dataclasses import dataclass

from fluid.errors import ConfigError


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """How models are evaluated.

    Attributes:
        n_bootstrap: Resamples of the test molecules for each interval.
        forest: Also evaluate a random forest on the pooled data, for reference.
        threshold: Probability from which on a molecule is called active, for all models; `None`: each model's, from validation data.
        auroc: Of `probabilities`, or of `calls` (the paper), which is the balanced accuracy.
    """

    n_bootstrap: int = 200
    forest: bool = True
    threshold: float | None = None
    auroc: str = "probabilities"

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The threshold is no probability, or `auroc` is unknown.
        """
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ConfigError(f"evaluation.threshold is {self.threshold}", expected="a probability from 0 to 1, or null")
        if self.auroc not in ("probabilities", "calls"):
            raise ConfigError(f"evaluation.auroc is {self.auroc!r}", expected="probabilities or calls")
