"""The power check of inversion: a consensus with made-up partners, of which bins and answers must be recovered."""

from collections.abc import Callable

import numpy as np

from fluid.annotation.domain import bin_midpoints
from fluid.data.endpoints import Endpoint
from fluid.privacy.inversion.found import ANSWERS, BINS
from fluid.privacy.inversion.multisets import EDGES
from fluid.privacy.inversion.recovered import Recovered, recovered_answers, recovered_bins
from fluid.privacy.inversion.seen import Released, Said, Seen
from fluid.privacy.planted import Planted
from fluid.privacy.statistics import clopper_pearson

COMPANIES, POWER, N_BINS, MOST = 4, 4.0, 4, 2000
"""Companies and power of the made-up consensus in which bins are planted, its bins, and its molecules at most."""
FEWEST = 10


def made_up(seen: Seen, companies: int, generator: np.random.Generator) -> Seen:
    """Return a consensus by similarity of the partner and of others who say what he says, but of other molecules."""
    place = int(np.argmax(np.isfinite(seen.own.answers).any(axis=0)))
    answers = seen.own.answers[np.isfinite(seen.own.answers[:, place]), place][:MOST].astype(np.float64)
    said = np.stack([answers, *(generator.permutation(answers) for _ in range(companies - 1))])
    bins = generator.integers(0, N_BINS, said.shape)
    weight = np.asarray(bin_midpoints(EDGES[N_BINS]))[bins] ** POWER
    share = weight / weight.sum(axis=0)
    label, support = (share * said).sum(axis=0).astype(np.float32), (1 / (share**2).sum(axis=0)).astype(np.float32)
    endpoints: tuple[Endpoint, ...] = (seen.released.endpoints[place],)
    coverage = (bins.max(axis=0) + 1) / N_BINS
    released = Released(endpoints, "similarity", companies, label[:, None], support[:, None], coverage.astype(np.float32))
    own, *others = (Said(one[:, None], where, N_BINS) for one, where in zip(said, bins, strict=True))
    return Seen(released, own, tuple(others))


def true_bins(seen: Seen) -> np.ndarray:
    """Return how many of the others are in each bin `(M, B)`."""
    bins = np.stack([one.bins for one in seen.others])
    return np.stack([(bins == place).sum(axis=0) for place in range(seen.own.n_bins)], axis=1)


def plant(name: str, says: str, copy: Seen, recover: Callable[[Seen], Recovered], truth: np.ndarray, tolerance: float) -> Planted:
    """Return whether what was planted is recovered of more than half of the molecules, and of which share."""
    found = recover(copy)
    right = found.follows & (np.abs(np.nan_to_num(found.values) - truth) <= tolerance).all(axis=1)
    share = clopper_pearson(int(right.sum()), len(right))
    return Planted(name, says, name if share.low > 0.5 else "", share)


def inversion_planted(seen: Seen | None, generator: np.random.Generator) -> tuple[Planted, ...]:
    """Return whether bins and answers of made-up partners are recovered; nothing without a partner, or where he says too little."""
    if seen is None or np.isfinite(seen.own.answers).any(axis=1).sum() < FEWEST:
        return ()
    several, two = made_up(seen, COMPANIES, generator), made_up(seen, 2, generator)
    answers = two.others[0].answers.astype(np.float64)
    tolerance = 0.01 * max(float(np.ptp(answers)), 1e-6)
    return (
        plant(BINS, f"bins of {COMPANIES - 1} made-up partners (share of molecules)", several, recovered_bins, true_bins(several), 0.0),
        plant(
            ANSWERS,
            "answers of a made-up partner (share of molecules)",
            two,
            lambda one: recovered_answers(one, 0),
            answers,
            tolerance,
        ),
    )
