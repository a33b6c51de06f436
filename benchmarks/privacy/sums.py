"""Attacks on sums over companies by a partner who knows all other companies' molecules and noise: the worst case of what is promised.

He sees what was opened, takes the others' gradients away, and is left with one company's gradients, and the noise that is promised.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, vstack

from fluid.data.dataset import Dataset
from fluid.federation.stages.columns import labels_for
from fluid.federation.summed.settings import SummedSettings
from fluid.federation.summed.stage import public_side
from fluid.privacy.attacks.lira import describe_shadows, log_ratio
from fluid.privacy.linear_gaussian import posterior
from fluid.privacy.sum_plan import sum_noise
from fluid.training.summed.curvature import Curvature
from fluid.training.summed.descent import descend
from fluid.training.summed.own_part import OwnPart
from fluid.training.summed.spec import SummedSpec

SHADOWS = 32


class Rounds(NamedTuple):
    """What a partner sees of the rounds of one endpoint.

    Attributes:
        weights: What companies were asked about, by round `(R, D)`.
        left: The opened sums without the gradients of those whom he knows `(R, D)`.
        final: The student's weights `(D,)`.
    """

    weights: np.ndarray
    left: np.ndarray
    final: np.ndarray


class Attacked(NamedTuple):
    """One company's candidates, and what else goes into the sums.

    Attributes:
        rows: Of candidates, times the sign of their class `(n, D)`.
        others: Those whom the attacker knows.
        curvature: Public.
        spec: Settings.
        deviation: Standard deviation of the noise in a round that he does not know.
    """

    rows: csr_matrix
    others: OwnPart
    curvature: Curvature
    spec: SummedSpec
    deviation: float

    def rounds(self, inside: np.ndarray, generator: np.random.Generator) -> Rounds:
        """Carry the rounds out with some candidates `(n,)` as the company's molecules."""
        own, asked, left = OwnPart((self.rows[inside],)), list[np.ndarray](), list[np.ndarray]()

        def opened(_: int, weights: np.ndarray) -> np.ndarray:
            asked.append(weights[0])
            left.append(own.gradient(weights)[0] + generator.normal(0, self.deviation, weights.shape[1]))
            total: np.ndarray = self.others.gradient(weights) + left[-1]
            return total

        final = descend(opened, self.curvature, self.others.counts() + own.counts(), self.spec, self.deviation)
        return Rounds(np.array(asked), np.array(left), final[0])


def attacked_of(own: Dataset, others: list[Dataset], transfer: Dataset, settings: SummedSettings) -> Attacked:
    """Return the candidates of one company among others, of the first endpoint."""
    public, curvature = public_side(transfer, settings)
    parts = [OwnPart.of(settings.dictionary.features(one.molecules), labels_for(one, one.endpoints), public) for one in (own, *others)]
    noise = sum_noise(settings.privacy, len(own.endpoints))
    deviation = 0.0 if noise is None else settings.summed.rounds**0.5 / noise.gradients
    together = OwnPart((csr_matrix(vstack([part.rows[0] for part in parts[1:]])),))
    return Attacked(parts[0].rows[0], together, curvature, settings.summed, deviation)


def memberships(rows: csr_matrix, seen: Rounds, deviation: float) -> np.ndarray:
    """Return for each candidate the mean of how often it was learnt `(n,)`, if all were with probability ½ and this were normal.

    The sums are linear in memberships `b`: `left_t = Σ_i b_i c_it + noise`, with `c_it = −u_it x_i`. So the mean is
    `½ + (A + 4I)⁻¹ (y − A·½)`, with `A_ij = Σ_t ⟨c_it, c_jt⟩ / σ²` and `y_i = Σ_t ⟨left_t, c_it⟩ / σ²`: a membership has the variance ¼.
    """
    slopes = np.clip(1 - rows @ seen.weights.T / 2, 0, 1)
    gram = (rows @ rows.T).toarray() * (slopes @ slopes.T) / deviation**2
    told = -(slopes * (rows @ seen.left.T)).sum(axis=1) / deviation**2
    return posterior(gram, told, middle=0.5, noise=4.0).mean


def scores_of(found: Attacked, inside: np.ndarray, generator: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the scores `(n,)` of each attack on rounds in which some candidates took part."""
    seen = found.rounds(inside, generator)
    yield "posterior", memberships(found.rows, seen, found.deviation)
    chosen = np.array([generator.permutation(len(inside)) < len(inside) // 2 for _ in range(SHADOWS)])
    margins = np.array([found.rows @ found.rounds(one, generator).final for one in chosen])
    yield "lira", log_ratio(found.rows @ seen.final, describe_shadows(margins, chosen))
