"""Standardise one molecule with RDKit's own standardiser: parent structure, normal groups, neutral charges, stereo policy."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from rdkit import Chem, rdBase
from rdkit.Chem import rdinchi
from rdkit.Chem.MolStandardize import rdMolStandardize

from fluid.errors import ConfigError
from fluid.molecules.cell import Cell, read_cell
from fluid.molecules.diagnosis import why_not
from fluid.molecules.key import key_of
from fluid.molecules.parse import ORDINARY, MoleculeRejected, is_plain, parse, parse_group, reparse

MAX_PASSES = 4
CARBON, SULFOXIDE = Chem.MolFromSmarts("[#6]"), Chem.MolFromSmarts("[S;X3]=O")
CARBON_LETTER = re.compile("[Cc](?!l)")
NON_METALS = frozenset((1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 34, 35, 36, 52, 53, 54, 85))
NAMEABLE = re.compile(
    r"[^\[$~:*<>]*(?:\[\d*(?:[BCNOPSFIH]|Cl|Br|Si|Se|[bcnops]|se)@{0,2}(?:H\d?)?(?:[+-]\d?)?\][^\[$~:*<>]*)*",
)
"""SMILES of molecules that are sure to have an InChIKey: no metals, and none of the bonds that it does not know (dative, quadruple)."""
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Standardized:
    """A standardised molecule.

    Attributes:
        smiles: Canonical SMILES.
        key: What names it, see `fluid.molecules.key`: two blocks of its InChIKey, or the first alone if stereochemistry is removed.
        note: What was taken in a way that the file did not quite say; empty if nothing.
    """

    smiles: str
    key: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class StandardizeSpec:
    """Standardisation policy.

    Attributes:
        parent: Keep only the largest organic fragment (removes salts and solvents).
        neutralize: Remove charges where hydrogens can be added or removed.
        stereo: `keep` or `remove` stereochemistry; once it is removed, stereo-isomers and isotopologues are one molecule.
        max_heavy_atoms: Larger molecules are rejected.
        timeout_s: Most seconds for one molecule, where worker processes are used.
    """

    parent: bool = True
    neutralize: bool = True
    stereo: str = "keep"
    max_heavy_atoms: int = 150
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.stereo not in ("keep", "remove"):
            raise ConfigError(f"standardize.stereo is {self.stereo!r}", expected="keep or remove")
        if self.max_heavy_atoms < 1 or not self.timeout_s > 0:
            raise ConfigError("standardize.max_heavy_atoms and standardize.timeout_s must be above 0")


@cache
def _tools() -> tuple[Any, Any, Any, Any]:
    """Return RDKit's metal disconnector, normaliser, reioniser and uncharger, made once per process."""
    with rdBase.BlockLogs():
        return (
            rdMolStandardize.MetalDisconnector(),
            rdMolStandardize.Normalizer(),
            rdMolStandardize.Reionizer(),
            rdMolStandardize.Uncharger(),
        )


def _is_charged(mol: Chem.Mol) -> bool:
    return any(atom.GetFormalCharge() for atom in mol.GetAtoms())


def _one_pass(mol: Chem.Mol, spec: StandardizeSpec) -> Chem.Mol:
    """Apply the steps of RDKit's `Cleanup` (whose tools are made once here), then parent, charges and stereo."""
    metals, groups, ions, uncharger = _tools()
    if any(atom.GetAtomicNum() not in NON_METALS for atom in mol.GetAtoms()):
        mol = metals.Disconnect(mol)
    mol = groups.normalize(mol)
    if _is_charged(mol):
        mol = ions.reionize(mol)
    if spec.parent and len(Chem.GetMolFrags(mol)) > 1:
        mol = rdMolStandardize.FragmentParent(mol, skipStandardize=True)
    if spec.neutralize and _is_charged(mol):
        mol = uncharger.uncharge(mol)
    if spec.stereo == "remove":
        Chem.RemoveStereochemistry(mol)
    return mol


def _needs_no_tool(text: str, mol: Chem.Mol) -> bool:
    """Return whether no step of the standardiser can change a molecule: one fragment of common elements, uncharged but for nitro groups.

    All of RDKit's normalisations match a charge, or a sulfoxide, or an element that is excluded here.
    """
    return ORDINARY.fullmatch(text) is not None and not ("S" in text and mol.HasSubstructMatch(SULFOXIDE))


class _Pass(NamedTuple):
    """A pass of the tools.

    Attributes:
        text: SMILES before.
        mol: The molecule after.
        untouched: Whether no tool could change it; the text is of common elements then.
    """

    text: str
    mol: Chem.Mol
    untouched: bool


def _pass(text: str, mol: Chem.Mol, spec: StandardizeSpec) -> _Pass:
    untouched = spec.stereo == "keep" and _needs_no_tool(text, mol)
    return _check(_Pass(text, mol if untouched else _one_pass(mol, spec), untouched), spec)


def _check(made: _Pass, spec: StandardizeSpec) -> _Pass:
    heavy = made.mol.GetNumHeavyAtoms()
    if heavy == 0:
        raise MoleculeRejected("no heavy atom")
    if not (CARBON_LETTER.search(made.text) if made.untouched else made.mol.HasSubstructMatch(CARBON)):
        raise MoleculeRejected("no carbon")
    if heavy > spec.max_heavy_atoms:
        raise MoleculeRejected(f"more than {spec.max_heavy_atoms} heavy atoms")
    return made


def _first_pass(cell: Cell, mol: Chem.Mol | None, spec: StandardizeSpec) -> _Pass:
    if mol is None:
        raise MoleculeRejected(why_not(cell.text))
    if mol.GetNumHeavyAtoms() > 4 * spec.max_heavy_atoms:
        raise MoleculeRejected(f"more than {spec.max_heavy_atoms} heavy atoms")
    return _pass(cell.text, mol, spec)


def _write(made: _Pass) -> tuple[_Pass, str]:
    return made, Chem.MolToSmiles(made.mol)


def _fixpoint(written: tuple[_Pass, str], spec: StandardizeSpec) -> tuple[str, Chem.Mol]:
    """Repeat the passes until the canonical SMILES stays the same; return it, and the molecule parsed from it."""
    made, text = written
    for _ in range(MAX_PASSES - 1):
        if made.untouched and text == made.text:
            return text, made.mol
        if text == made.text or (made.untouched and is_plain(text)):
            break
        made, text = _write(_pass(text, _parse_again(parse, text), spec))
    return text, _parse_again(reparse, text)


def _parse_again(how: Callable[[str], Chem.Mol], text: str) -> Chem.Mol:
    """Parse what a pass made; where it does not parse, the fault is not the file's."""
    try:
        return how(text)
    except MoleculeRejected:
        raise MoleculeRejected(f"cannot be standardised ({text[:80]} is no molecule)") from None


def _name(settled: tuple[str, Chem.Mol], cell: Cell, spec: StandardizeSpec, with_key: bool) -> tuple[Standardized, Chem.Mol]:
    """Name a molecule; without its key, one of which that might not exist is tried, so that the same molecules are accepted."""
    text, mol = settled
    key = rdinchi.MolToInchiKey(mol) if with_key or not NAMEABLE.fullmatch(text) else "none is needed"
    if not key:
        raise MoleculeRejected("InChIKey could not be made")
    note = cell.note if cell.note and spec.stereo == "keep" and "@" in text else ""
    return Standardized(text, key_of(key, spec.stereo == "keep") if with_key else "", note), mol


def _take_step(before: Any, step: Callable[..., Made], *also: object) -> Made | MoleculeRejected:
    """Return what a step makes of what the step before it made, or why there is nothing."""
    if isinstance(before, MoleculeRejected):
        return before
    try:
        return step(before, *also)
    except MoleculeRejected as rejected:
        return rejected
    except (ValueError, RuntimeError) as error:  # RDKit's own sanitisation errors
        return MoleculeRejected(f"cannot be standardised ({str(error).splitlines()[0][:80]})")


def standardize_group(
    smiles: Sequence[str], spec: StandardizeSpec, with_key: bool = True
) -> list[tuple[Standardized, Chem.Mol] | MoleculeRejected]:
    """Standardise some SMILES, all of them step by step: the code of a step then stays in the cache, which spares a sixth of the time.

    Args:
        smiles: What stands in the file; a few, since the molecules are to stay in the cache as well.
        spec: Policy.
        with_key: Whether InChIKeys are made; see `standardize_molecule`.

    Returns:
        What `standardize_molecule` returns of each, or the rejection that it raises.
    """
    with rdBase.BlockLogs():
        cells = [_take_step(text, read_cell) for text in smiles]
        mols = iter(parse_group([cell.text for cell in cells if isinstance(cell, Cell)]))
        made = [_take_step(cell, _first_pass, next(mols), spec) if isinstance(cell, Cell) else cell for cell in cells]
        written = [_take_step(one, _write) for one in made]
        settled = [_take_step(one, _fixpoint, spec) for one in written]
        return [_take_step(one, _name, cell, spec, with_key) for one, cell in zip(settled, cells, strict=True)]


def standardize_molecule(smiles: str, spec: StandardizeSpec, with_key: bool = True) -> tuple[Standardized, Chem.Mol]:
    """Standardise one SMILES string; the result standardises to itself.

    Args:
        smiles: What stands in the file.
        spec: Policy.
        with_key: Whether the InChIKey is made, which takes longer than all the rest; without it the key is empty.

    Returns:
        The standardised molecule, and the same as RDKit reads it from its standardised SMILES.

    Raises:
        MoleculeRejected: The molecule cannot be used; its `reason` says why.
    """
    (found,) = standardize_group([smiles], spec, with_key)
    if isinstance(found, MoleculeRejected):
        raise found
    return found


def standardize(smiles: str, spec: StandardizeSpec, with_key: bool = True) -> Standardized:
    """Standardise one SMILES string; see `standardize_molecule`."""
    return standardize_molecule(smiles, spec, with_key)[0]
