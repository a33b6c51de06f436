"""What a company does in rounds of summed gradients: it answers with its part, noise added and masked, and with nothing else."""

import numpy as np

from fluid.privacy.secure_sum import Party, Roster
from fluid.privacy.sum_plan import SumNoise
from fluid.seeding import noise_source
from fluid.training.summed.own_part import OwnPart
from fluid.training.summed.spec import SummedSpec

COUNTING = 0
"""Number of the round in which molecules are counted; gradients are summed in those from 1 on."""


class Contributor:
    """One company: its molecules and its secret key stay in here.

    Args:
        name: Of the company.
        part: Its molecules.
        spec: Settings of the rounds.
        noise: How much noise what is opened is to have; `None`: none.
        seed: Of the noise of simulations.
        is_release: Whether the noise is drawn by the operating system.
    """

    def __init__(self, name: str, part: OwnPart, spec: SummedSpec, noise: SumNoise | None, seed: int, is_release: bool = False) -> None:
        self._party, self._part, self._spec, self._noise = Party(name), part, spec, noise
        self._seed, self._is_release = seed, is_release

    @property
    def public(self) -> bytes:
        """Its public key."""
        return self._party.public

    def count(self, roster: Roster) -> np.ndarray:
        """Return how many molecules of each endpoint it has, with its share of the noise, masked `(T + 1,)` uint64."""
        return self._masked(self._part.counts(), roster, COUNTING)

    def gradient(self, number: int, weights: np.ndarray, roster: Roster) -> np.ndarray:
        """Return its gradient at weights `(T, D)`, with its share of the noise, masked `(T D + 1,)` uint64.

        Args:
            number: Of the round, 1 or more.
            weights: The weights that all companies are asked about.
            roster: Who adds up; its share of the noise is larger where fewer do.
        """
        return self._masked(self._part.gradient(weights).ravel(), roster, number)

    def _masked(self, values: np.ndarray, roster: Roster, number: int) -> np.ndarray:
        return self._party.mask(values + self._own_noise(len(values), roster, number), roster, number)

    def _own_noise(self, size: int, roster: Roster, number: int) -> np.ndarray:
        if self._noise is None:
            return np.zeros(size)
        gradient, count = self._noise.deviations(self._spec.rounds, len(roster.keys), self._spec.colluding)
        source = noise_source(self._is_release, self._seed, self._party.name, "summed", number)
        return source.normal(0.0, count if number == COUNTING else gradient, (size,))
