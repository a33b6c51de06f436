"""How a graph network and an additive model become one."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from fluid.errors import ConfigError
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import NetworkSpec
from fluid.ranges import require_shares

COMBINATIONS = ("both_networks", "mean", "joint", "fingerprint", "fingerprint_mean")


@dataclass(frozen=True, slots=True)
class WideDeepSpec:
    """A graph network (deep) and an additive model (wide) that answer together (Cheng et al. 2016, arXiv:1606.07792).

    Attributes:
        network: The graph network.
        additive: The additive model.
        combine: `mean`: both learn by themselves, of the same molecules; the answer is the mean of their log-odds, or of their values.
            `joint`: the answer is the sum of both, which are trained together; the additive part has the L2 penalty of the middle one of
            its strengths, the network its weight decay. `fingerprint`: the head reads a learnt projection of the counts beside the graph.
            `fingerprint_mean`: the mean of `fingerprint` and the additive model, each of which learns by itself. `both_networks`: the mean
            of the network on graphs alone, with half of the networks' share, and of `fingerprint_mean`.
        share: Share of the network in a mean, or of both.
    """

    kind: ClassVar[str] = "wide_deep"
    network: NetworkSpec = field(default_factory=NetworkSpec)
    additive: AdditiveSpec = field(default_factory=AdditiveSpec)
    combine: str = "both_networks"
    share: float = 0.5

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The combination is unknown, the share is out of range, or the additive part is perturbed.
        """
        if self.combine not in COMBINATIONS:
            raise ConfigError(f"model.combine is {self.combine!r}", expected=" or ".join(COMBINATIONS))
        require_shares(self, "model", "share")
        if self.additive.is_perturbed:
            said = "model.additive.solver is 'perturbed', and the network beside it has no noise"
            raise ConfigError(said, expected="model=additive, or another solver")

    @property
    def is_joint(self) -> bool:
        """Whether the answer is the sum of two parts that are trained together."""
        return self.combine == "joint"

    @property
    def is_mean(self) -> bool:
        """Whether network and additive model learn by themselves."""
        return self.combine in ("mean", "fingerprint_mean", "both_networks")

    @property
    def counted(self) -> "WideDeepSpec | None":
        """Return the settings of the network that reads counts beside graphs; `None`: it reads graphs alone."""
        if self.combine in ("mean", "both_networks"):
            return None
        return replace(self, combine="fingerprint") if self.is_mean else self

    @property
    def rest(self) -> "AdditiveSpec | WideDeepSpec":
        """Return the settings of what a mean has beside its network: an additive model, or one with the second network."""
        if self.combine != "both_networks":
            return self.additive
        return replace(self, combine="fingerprint_mean", share=self.first_share / (1 - self.first_share))

    @property
    def first_share(self) -> float:
        """Share of the network that a mean has beside the rest."""
        return self.share / 2 if self.combine == "both_networks" else self.share

    @property
    def strength(self) -> float:
        """Inverse strength of the penalty on the additive part that is trained with the network."""
        return self.additive.strengths[len(self.additive.strengths) // 2]
