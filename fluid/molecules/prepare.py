"""Rows standardised and featurised together: every molecule is parsed once or twice in all."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rdkit import Chem

from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.standardize import MoleculeRejected, Standardized, StandardizeSpec, reparse, standardize_molecule

Result = Standardized | MoleculeRejected


class Prepared(NamedTuple):
    """Consecutive rows, prepared: what became of each, and the good ones with graphs and fingerprints."""

    results: list[Result]
    molecules: MoleculeSet


def prepare_chunk(spec: StandardizeSpec, with_key: bool, chunk: list[str]) -> Prepared:
    """Standardise and featurise a chunk of rows."""
    results: list[Result] = []
    mols: list[Chem.Mol] = []
    for smiles in chunk:
        try:
            molecule, mol = standardize_molecule(smiles, spec, with_key)
            mols.append(mol)
            results.append(molecule)
        except MoleculeRejected as rejected:
            results.append(rejected)
    return _prepared(results, mols)


def featurize_results(results: Iterable[Result]) -> Prepared:
    """Featurise rows that are standardised already."""
    kept = list(results)
    return _prepared(kept, [reparse(result.smiles) for result in kept if isinstance(result, Standardized)])


def _prepared(results: list[Result], mols: Sequence[Chem.Mol]) -> Prepared:
    good = [result for result in results if isinstance(result, Standardized)]
    return Prepared(results, MoleculeSet.from_mols([m.smiles for m in good], [m.key for m in good], mols))
