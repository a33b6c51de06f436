"""Rows standardised and featurised together: every molecule is parsed once or twice in all."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rdkit import Chem

from fluid.molecules.featurize import GROUP, featurize
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected, reparse
from fluid.molecules.standardize import Standardized, StandardizeSpec, standardize_group

Result = Standardized | MoleculeRejected


class Prepared(NamedTuple):
    """Consecutive rows, prepared: what became of each, and the good ones with graphs and fingerprints."""

    results: list[Result]
    molecules: MoleculeSet


def prepare_chunk(spec: StandardizeSpec, with_key: bool, chunk: list[str]) -> Prepared:
    """Standardise and featurise a chunk of rows."""
    results: list[Result] = []
    return _featurize_good(_standardize_chunk(spec, with_key, chunk, results), results)


def _standardize_chunk(spec: StandardizeSpec, with_key: bool, chunk: Sequence[str], results: list[Result]) -> Iterator[Chem.Mol]:
    """Yield the molecules of the good rows; what became of each row is noted in `results`."""
    for start in range(0, len(chunk), GROUP):
        for found in standardize_group(chunk[start : start + GROUP], spec, with_key):
            if isinstance(found, MoleculeRejected):
                results.append(found)
                continue
            results.append(found[0])
            yield found[1]


def featurize_results(results: Iterable[Result]) -> Prepared:
    """Featurise rows that are standardised already."""
    kept = list(results)
    return _featurize_good((reparse(result.smiles) for result in kept if isinstance(result, Standardized)), kept)


def _featurize_good(mols: Iterable[Chem.Mol], results: list[Result]) -> Prepared:
    graphs, bits = featurize(mols)
    good = [result for result in results if isinstance(result, Standardized)]
    return Prepared(results, MoleculeSet(tuple(m.smiles for m in good), tuple(m.key for m in good), graphs, bits))
