"""How different are the companies: sizes, class balance, label divergence, chemical separation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluid.companies.label_classes import MISSING, label_classes
from fluid.companies.split import company_name
from fluid.data.table import MoleculeTable
from fluid.errors import ShapeError
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.nearest import nearest_similarity
from fluid.seeding import numpy_stream

SAMPLE = 300
DIVERGENCE_BINS = 10


@dataclass(frozen=True, slots=True)
class CompanySummary:
    """Composition of one company.

    Attributes:
        name: Name of the company.
        n: Molecules.
        labels: Measured labels per endpoint.
        positives: Share of positives per endpoint; NaN for regression or without labels.
        divergence: Jensen–Shannon divergence (bits, 0 to 1) of the company's labels from the pool's, per endpoint; NaN without labels.
        separation: Mean nearest-neighbour Tanimoto similarity within the company minus that to the other companies;
            0 for a random split, higher the more the company's chemistry is its own; NaN below 2 molecules or without other companies.
    """

    name: str
    n: int
    labels: tuple[int, ...]
    positives: tuple[float, ...]
    divergence: tuple[float, ...]
    separation: float


def describe(
    table: MoleculeTable, company: NDArray[np.int64], names: Sequence[str] | None = None, seed: int = 0
) -> tuple[CompanySummary, ...]:
    """Summarise each company of a split.

    Args:
        table: The pool.
        company: Company of each molecule, 0 to n − 1.
        names: Name of each company; `T1`, `T2`, ... when None.
        seed: Seed of the sample on which the chemical separation is measured (at most 300 molecules and 300
            neighbours per company, so its cost does not grow with the pool).

    Shapes:
        company: (M,)

    Raises:
        ShapeError: `company` has not one entry per molecule, or `names` are too few.
    """
    if company.shape != (len(table),):
        raise ShapeError(f"company has shape {company.shape}, expected ({len(table)},)")
    n = int(company.max(initial=-1)) + 1
    names = [company_name(index) for index in range(n)] if names is None else names
    if len(names) < n:
        raise ShapeError(f"{len(names)} names for {n} companies")
    separation = chemical_separation(table, company, len(names), seed)
    classes = [label_classes(table, column, DIVERGENCE_BINS) for column in range(len(table.endpoints))]
    return tuple(_summary(table, company == index, name, classes, separation[index]) for index, name in enumerate(names))


def _summary(
    table: MoleculeTable, members: NDArray[np.bool_], name: str, classes: Sequence[NDArray[np.int64]], separation: float
) -> CompanySummary:
    return CompanySummary(
        name=name,
        n=int(members.sum()),
        labels=tuple(int((column[members] != MISSING).sum()) for column in classes),
        positives=tuple(
            _share(column[members]) if endpoint.kind == "classification" else float("nan")
            for column, endpoint in zip(classes, table.endpoints, strict=True)
        ),
        divergence=tuple(label_divergence(column[members], column) for column in classes),
        separation=separation,
    )


def _share(classes: NDArray[np.int64]) -> float:
    measured = classes[classes != MISSING]
    return float(measured.mean()) if len(measured) else float("nan")


def label_divergence(classes: NDArray[np.int64], pool: NDArray[np.int64]) -> float:
    """Return the Jensen–Shannon divergence in bits between two sets of classes (−1 is missing); NaN when either is empty.

    JSD(p, q) = H((p + q) / 2) − (H(p) + H(q)) / 2, with H the Shannon entropy in bits.

    References:
        Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37, 1991, doi:10.1109/18.61115.
    """
    size = int(max(classes.max(initial=0), pool.max(initial=0))) + 1
    p, q = (np.bincount(values[values != MISSING], minlength=size).astype(np.float64) for values in (classes, pool))
    if p.sum() == 0 or q.sum() == 0:
        return float("nan")
    p, q = p / p.sum(), q / q.sum()
    return max(0.0, _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2)


def _entropy(p: NDArray[np.float64]) -> float:
    positive = p[p > 0]
    return float(-(positive * np.log2(positive)).sum())


def chemical_separation(table: MoleculeTable, company: NDArray[np.int64], n: int, seed: int) -> NDArray[np.float64]:
    """Measure, per company, how much closer its molecules lie to their own company than to the others.

    A sample of a company's molecules is compared with equally many neighbours from its own company (none of them in the
    sample) and from all others (Morgan radius 2, 2,048 bits): with equal numbers a random split gives 0 on average.

    Shapes:
        returns: (n,)
    """
    return np.array([_separation(table, company == index, numpy_stream(seed, "separation", index)) for index in range(n)])


def _separation(table: MoleculeTable, members: NDArray[np.bool_], rng: np.random.Generator) -> float:
    own, other = rng.permutation(np.flatnonzero(members)), rng.permutation(np.flatnonzero(~members))
    n_queries = min(SAMPLE, len(own) // 2)
    n_references = min(SAMPLE, len(own) - n_queries, len(other))
    if n_queries == 0 or n_references == 0:
        return float("nan")
    rows = (own[:n_queries], own[n_queries : n_queries + n_references], other[:n_references])
    queries, inside, outside = (morgan_bits([table.smiles[row] for row in part]) for part in rows)
    return float(nearest_similarity(queries, inside, 1).mean() - nearest_similarity(queries, outside, 1).mean())


def format_summary(summaries: Sequence[CompanySummary]) -> str:
    """Format summaries as an aligned plain-text table, one line per company; endpoints are separated by `/`."""
    rows = [("company", "molecules", "positives", "label divergence (bits)", "chemical separation")]
    for summary in summaries:
        positives = " / ".join(_text(value, "{:.0%}") for value in summary.positives) or "-"
        divergence = " / ".join(_text(value, "{:.3f}") for value in summary.divergence) or "-"
        rows.append((summary.name, str(summary.n), positives, divergence, _text(summary.separation, "{:.3f}")))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _text(value: float, pattern: str) -> str:
    return "-" if np.isnan(value) else pattern.format(value)
