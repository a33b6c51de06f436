"""Public regions of chemistry, how companies' evidence is divided among them, and what their experts tell about companies' own."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, diags_array
from threadpoolctl import threadpool_limits

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.expert_heads import correlation
from fluid.models.regions import region_names
from fluid.seeding import derive_seed

REGIONS = "regions.csv"
REGIONS_COLUMNS = ["region", "endpoint", "molecules", "companies", "likest"]
MOST_CLUSTERED = 20_000
"""Molecules that centres are fitted to, at most."""
LEAST = 1e-12
"""Least share of a company in a region, beside its greatest."""
HALVINGS = 30


class Regional(NamedTuple):
    """What the experts of `R` regions know of one endpoint: weights `(R, D)`, biases `(R,)`, evidence `(R, D)` and noise `(R,)`."""

    weights: np.ndarray
    bias: np.ndarray
    counts: np.ndarray
    noise: np.ndarray


def divide(features: csr_matrix, n: int, seed: int) -> np.ndarray:
    """Return the region of each public molecule `(M,)`: k-means of features of unit length.

    Beyond 20,000 molecules the centres are fitted to a part of them, evenly spread. One thread only: the sums of several threads would
    depend on their timing.

    Raises:
        ConfigError: There are fewer different molecules than regions.
    """
    from sklearn.cluster import KMeans  # what does not cluster need not wait for it

    norms = np.sqrt(np.asarray(features.power(2).sum(axis=1)).ravel())
    unit = (diags_array(1 / np.where(norms > 0, norms, 1.0)) @ features).tocsr()
    sample = unit[:: -(-unit.shape[0] // MOST_CLUSTERED)]
    if (found := distinct_rows(sample)) < n:
        what = f"{found} different transfer molecules cannot make {n} regions"
        raise ConfigError(what, expected=f"distillation.regions.n of at most {found}")
    model = KMeans(n, n_init=1, random_state=derive_seed(seed, "student", "regions") % 2**32)
    with threadpool_limits(limits=1):
        region: np.ndarray = model.fit(sample).predict(unit).astype(np.int64)
    return region


def distinct_rows(rows: csr_matrix) -> int:
    """Return how many different rows there are."""
    parts = zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
    return len({(rows.indices[start:end].tobytes(), rows.data[start:end].tobytes()) for start, end in parts})


def regional_shares(familiar: np.ndarray, region: np.ndarray, n: int, contrast: float) -> np.ndarray:
    """Return which share of each company's evidence belongs to each region `(R, K)`; a company's sum to 1.

    `h_rk = softmax_r(τ z_rk)`, where `z` is the logarithm of the mean familiarity of company `k` with the public molecules of region `r`,
    less the means over companies and over regions, in units of its standard deviation. Only how much *better* a company knows a region
    than others do counts, not how large it is, nor how far all public molecules lie.

    Args:
        familiar: Familiarity of each company with each public molecule `(M, K)`.
        region: Region of each molecule `(M,)`.
        n: Regions.
        contrast: `τ`.
    """
    inside = (region[None] == np.arange(n)[:, None]).astype(np.float64)
    size = inside.sum(axis=1, keepdims=True)
    mean = np.divide(inside @ familiar, size, out=np.tile(familiar.mean(axis=0), (n, 1)), where=size > 0)
    better = np.log(mean) - np.log(mean).mean(axis=0)
    better -= better.mean(axis=1, keepdims=True)
    spread = better.std()
    steep = contrast * better / spread if spread > np.finfo(np.float32).eps else np.zeros_like(better)
    power = np.maximum(np.exp(steep - steep.max(axis=0)), LEAST)
    share: np.ndarray = power / power.sum(axis=0)
    return share


def blend(share: np.ndarray, heads: Regional, floor: float, least: float) -> np.ndarray:
    """Return shares `(1 − ε) h + ε / R` with the smallest `ε` by which every region's expert is mixed of at least so many companies.

    Where that cannot be (one company alone, or one much larger than all others), all regions get alike.

    Args:
        share: `h`, `(R, K)`.
        heads: Of `K` companies.
        floor: `λ`.
        least: Companies, `1 / Σ_k part²`.
    """
    low, high = 0.0, 1.0
    if companies_in(share, heads, floor).min() >= least:
        return share
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = companies_in(alike(share, middle), heads, floor).min() >= least
        low, high = (low, middle) if enough else (middle, high)
    return alike(share, high)


def alike(share: np.ndarray, part: float) -> np.ndarray:
    """Return shares of which a part is given to all regions alike."""
    blended: np.ndarray = (1 - part) * share + part / len(share)
    return blended


def companies_in(share: np.ndarray, heads: Regional, floor: float) -> np.ndarray:
    """Return of how many companies each region's expert is mixed, `1 / Σ_k part²`, `(R,)`."""
    number: np.ndarray = 1 / (parts_of(heads, share, floor) ** 2).sum(axis=1)
    return number


def mix(heads: Regional, share: np.ndarray, floor: float) -> Regional:
    """Return the experts of regions from those of companies.

    The weight of a substructure in region `r` is the mean of the companies' with shares `∝ h_rk (λ + n_kb)`; the region's evidence is
    `Σ_k h_rk n_kb`, so that of all regions together is that of all companies together.

    Args:
        heads: Of `K` companies instead of regions.
        share: `h`, `(R, K)`.
        floor: `λ`.
    """
    known = floor + heads.counts
    weights = (share @ (known * heads.weights)) / (share @ known)
    part = parts_of(heads, share, floor)
    return Regional(weights, part @ heads.bias, share @ heads.counts, part @ heads.noise)


def parts_of(heads: Regional, share: np.ndarray, floor: float) -> np.ndarray:
    """Return which part of each region is of each company `(R, K)`.

    It counts molecules: a company's most frequent substructure is in nearly all of them.
    """
    size = share * (floor + heads.counts.max(axis=1))
    part: np.ndarray = size / size.sum(axis=1, keepdims=True)
    return part


def told(heads: Regional, regional: Regional, companies: np.ndarray, region: np.ndarray, endpoint: Endpoint) -> pd.DataFrame:
    """Return what the experts of regions tell about companies' own.

    Args:
        heads: Of `K` companies.
        regional: Of `R` regions.
        companies: Of how many companies each region's expert is mixed `(R,)`.
        region: Region of each public molecule `(M,)`.
        endpoint: The endpoint.

    Returns:
        A row per region: how many public molecules it has, of how many companies its expert is mixed, and the greatest correlation of
        its weights with a company's (`likest`): at 1 it is that company's expert.
    """
    likest = [max(correlation(weights, own) for own in heads.weights) for weights in regional.weights]
    names, size = region_names(len(companies)), np.bincount(region, minlength=len(companies))
    return pd.DataFrame(dict(zip(REGIONS_COLUMNS, (names, endpoint.name, size, companies, likest), strict=True)))
