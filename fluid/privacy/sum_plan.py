"""How much noise sums over companies have, so that what is opened of all rounds keeps an ε, and what is promised of it."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.privacy.accounting import Account, largest_ratio
from fluid.privacy.certificate import COVERS, COVERS_NOT, Contents, certificate, digest_of
from fluid.privacy.mechanisms import Gaussian
from fluid.privacy.privacy_spec import PrivacySpec

COUNT_SHARE = 0.0025
"""Share of the squared ratio for counting molecules: the count's noise is then that of one whose ratio is a twentieth of all."""
PARTS = ("gradients, summed over companies, of ", "number of molecules of all companies of ")
"""What is opened of each endpoint, in words before its name."""
BEHAVE = (
    "a company that leaves its noise out, or sends something else than the protocol says, and a coordinator who hands round false keys: "
    "all are taken to do as they should, and only to be curious"
)


class SumNoise(NamedTuple):
    """How much one molecule can change what is opened of an endpoint, in standard deviations of its noise.

    Attributes:
        gradients: Of the gradients of all rounds together.
        counting: Of the number of molecules.
    """

    gradients: float
    counting: float

    def mechanisms(self, endpoints: Sequence[Endpoint]) -> tuple[Gaussian, ...]:
        """Return what is opened of each endpoint: a molecule may have a label of every one."""
        ratios = (self.gradients, self.counting)
        return tuple(Gaussian(part + one.name, ratio) for one in endpoints for part, ratio in zip(PARTS, ratios, strict=True))

    def deviations(self, rounds: int, companies: int, colluding: int) -> tuple[float, float]:
        """Return the standard deviations of the noise that each company adds to its gradient in a round, and to its count.

        The noise of those who do not collude is enough by itself: `rounds / (companies − colluding)` is a company's share of the variance.

        Raises:
            ConfigError: All companies collude.
        """
        if companies <= colluding:
            raise ConfigError(
                f"distillation.summed.colluding is {colluding}, and {companies} companies add up", expected="more companies than collude"
            )
        share = (companies - colluding) ** -0.5
        return share * rounds**0.5 / self.gradients, share / self.counting


def opened_deviation(noise: SumNoise | None, rounds: int, companies: int, colluding: int) -> float:
    """Return the standard deviation of the noise of all companies together in the sum of a round; 0 where there is none.

    Raises:
        ConfigError: All companies collude.
    """
    return 0.0 if noise is None else companies**0.5 * noise.deviations(rounds, companies, colluding)[0]


def sum_noise(privacy: PrivacySpec, endpoints: int) -> SumNoise | None:
    """Return the least noise that keeps ε, or `None` where no ε is given: then there is none."""
    return None if privacy.epsilon is None else noise_for(privacy.epsilon, privacy.delta, endpoints)


@cache
def noise_for(epsilon: float, delta: float, endpoints: int) -> SumNoise:
    """Return the least noise with which all that is opened of so many endpoints is (ε, δ)-differentially private."""
    own = largest_ratio(lambda ratio: Account([Gaussian("sums", ratio)]).epsilon(delta), epsilon) / endpoints**0.5
    return SumNoise(own * (1 - COUNT_SHARE) ** 0.5, own * COUNT_SHARE**0.5)


class Summed(NamedTuple):
    """Who added up what.

    Attributes:
        companies: Who took part.
        endpoints: What is learnt.
        colluding: How many companies may tell each other what they sent.
        opened: All numbers that were opened.
    """

    companies: Sequence[str]
    endpoints: Sequence[Endpoint]
    colluding: int
    opened: Sequence[np.ndarray]


def sum_certificate(summed: Summed, noise: SumNoise, delta: float, is_release: bool) -> dict[str, Any]:
    """Return what is promised to each company of what was opened, for JSON.

    Args:
        summed: Who added up what.
        noise: As `sum_noise` returns it.
        delta: δ.
        is_release: Whether the noise came from the operating systems of the companies, and not from a seed.
    """
    contents = Contents(f"each of {', '.join(summed.companies)}", digest_of(*summed.opened), digest_of())
    found = certificate(contents, noise.mechanisms(summed.endpoints), delta, is_release)
    others = "another company" if summed.colluding == 1 else f"{summed.colluding} other companies together"
    seen = [f"what {others} of {len(summed.companies)} can find out, knowing also what they sent themselves"] if summed.colluding else []
    return found | {"covers": [*COVERS, *seen], "does_not_cover": [*COVERS_NOT, BEHAVE], "colluding": summed.colluding}
