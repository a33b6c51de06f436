"""Whose chemistry a molecule is: the company that the split's own rule would have given it to."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fluid.companies.kmeans import CHUNK, N_BITS, RADIUS
from fluid.errors import ConfigError
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.scaffold import murcko_scaffold

NOBODY = -1
Smiles = Sequence[str]


def kmeans_domains(companies: Sequence[Smiles], queries: Smiles) -> NDArray[np.int64]:
    """Return for each query the company whose mean FCFP4 fingerprint is nearest (Euclidean; ties: the first).

    Without smoothing these are the clusters of k-means itself; smoothed molecules shift the means a little.
    """
    centres = np.stack([_dense(smiles).mean(axis=0) for smiles in companies])
    squares = (centres**2).sum(axis=1)
    parts = [_dense(queries[start : start + CHUNK]) for start in range(0, len(queries), CHUNK)]
    nearest = [np.argmin(squares - 2 * part @ centres.T, axis=1) for part in parts]  # + |query|², the same for all companies
    return np.concatenate([*nearest, np.empty(0, np.int64)]).astype(np.int64)


def scaffold_domains(companies: Sequence[Smiles], queries: Smiles) -> NDArray[np.int64]:
    """Return for each query the company that holds most molecules of its Murcko scaffold (ties: the first); `NOBODY` if none does."""
    counts: dict[str, NDArray[np.int64]] = {}
    for number, smiles in enumerate(companies):
        for scaffold in map(murcko_scaffold, smiles):
            counts.setdefault(scaffold, np.zeros(len(companies), dtype=np.int64))[number] += 1
    owner = {scaffold: int(np.argmax(count)) for scaffold, count in counts.items()}
    return np.array([owner.get(murcko_scaffold(text), NOBODY) for text in queries], dtype=np.int64)


RULES: dict[str, Callable[[Sequence[Smiles], Smiles], NDArray[np.int64]]] = {"kmeans": kmeans_domains, "scaffold": scaffold_domains}


def check_rule(method: str) -> None:
    """Refuse a split whose companies have no chemistry of their own, or many: it draws molecules, or whole series, at random.

    Raises:
        ConfigError: The split draws molecules or series at random.
    """
    if method not in RULES:
        raise ConfigError(
            f"companies.method {method!r} gives companies no one chemistry of their own, which cross_domain needs",
            expected="companies=" + " or companies=".join(RULES),
        )


def domains(method: str, companies: Sequence[Smiles], queries: Smiles) -> NDArray[np.int64]:
    """Return the number of the company in whose domain each query lies, by the rule of a split.

    Args:
        method: `kmeans` or `scaffold`.
        companies: Standardised SMILES of each company.
        queries: Standardised SMILES of other molecules.

    Shapes:
        returns: (M,)

    Raises:
        ConfigError: The split has no such rule.
    """
    check_rule(method)
    return RULES[method](companies, queries)


def _dense(smiles: Smiles) -> NDArray[np.float64]:
    return np.unpackbits(morgan_bits(smiles, RADIUS, N_BITS, features=True), axis=1).astype(np.float64)
