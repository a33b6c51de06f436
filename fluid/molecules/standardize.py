"""Standardise one molecule with RDKit's own standardiser: parent structure, normal groups, neutral charges, stereo policy."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from fluid.errors import ConfigError
from fluid.molecules.parse import ORDINARY, MoleculeRejected, is_plain, parse, reparse

MAX_PASSES = 4
KEY_LENGTH = 14
CARBON, SULFOXIDE = Chem.MolFromSmarts("[#6]"), Chem.MolFromSmarts("[S;X3]=O")
NON_METALS = frozenset((1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 34, 35, 36, 52, 53, 54, 85))


@dataclass(frozen=True, slots=True)
class Standardized:
    """A standardised molecule.

    Attributes:
        smiles: Canonical SMILES.
        key: First block of the InChIKey (14 letters): the same for stereo-isomers and isotopologues.
    """

    smiles: str
    key: str


@dataclass(frozen=True, slots=True)
class StandardizeSpec:
    """Standardisation policy.

    Attributes:
        parent: Keep only the largest organic fragment (removes salts and solvents).
        neutralize: Remove charges where hydrogens can be added or removed.
        stereo: `keep` or `remove` stereochemistry.
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


def _charged(mol: Chem.Mol) -> bool:
    return any(atom.GetFormalCharge() for atom in mol.GetAtoms())


def _one_pass(mol: Chem.Mol, spec: StandardizeSpec) -> Chem.Mol:
    """Apply the steps of RDKit's `Cleanup` (whose tools are made once here), then parent, charges and stereo."""
    metals, groups, ions, uncharger = _tools()
    if any(atom.GetAtomicNum() not in NON_METALS for atom in mol.GetAtoms()):
        mol = metals.Disconnect(mol)
    mol = groups.normalize(mol)
    if _charged(mol):
        mol = ions.reionize(mol)
    if spec.parent and len(Chem.GetMolFrags(mol)) > 1:
        mol = rdMolStandardize.FragmentParent(mol, skipStandardize=True)
    if spec.neutralize and _charged(mol):
        mol = uncharger.uncharge(mol)
    if spec.stereo == "remove":
        Chem.RemoveStereochemistry(mol)
    return mol


def _check(mol: Chem.Mol, spec: StandardizeSpec) -> None:
    heavy = mol.GetNumHeavyAtoms()
    if heavy == 0:
        raise MoleculeRejected("no heavy atom")
    if not mol.HasSubstructMatch(CARBON):
        raise MoleculeRejected("no carbon")
    if heavy > spec.max_heavy_atoms:
        raise MoleculeRejected(f"more than {spec.max_heavy_atoms} heavy atoms")


def _needs_no_tool(text: str, mol: Chem.Mol) -> bool:
    """Return whether no step of the standardiser can change a molecule: one fragment of common elements, uncharged but for nitro groups.

    All of RDKit's normalisations match a charge, or a sulfoxide, or an element that is excluded here.
    """
    return ORDINARY.fullmatch(text) is not None and not ("S" in text and mol.HasSubstructMatch(SULFOXIDE))


def standardize_molecule(smiles: str, spec: StandardizeSpec, with_key: bool = True) -> tuple[Standardized, Chem.Mol]:
    """Standardise one SMILES string; the result standardises to itself.

    Args:
        smiles: What stands in the file.
        spec: Policy.
        with_key: Whether the InChIKey is made, which takes about as long as all the rest; without it the key is empty.

    Returns:
        The standardised molecule, and the same as RDKit reads it from its standardised SMILES.

    Raises:
        MoleculeRejected: The molecule cannot be used; its `reason` says why.
    """
    mol = parse(smiles)
    if mol.GetNumHeavyAtoms() > 4 * spec.max_heavy_atoms:
        raise MoleculeRejected(f"more than {spec.max_heavy_atoms} heavy atoms")
    with rdBase.BlockLogs():
        try:
            text, mol = _fixpoint(smiles.strip(), mol, spec)
            key = Chem.MolToInchiKey(mol) if with_key else ""
        except (ValueError, RuntimeError) as error:  # RDKit's own sanitisation errors
            raise MoleculeRejected(f"cannot be standardised ({str(error).splitlines()[0][:80]})") from None
    if with_key and not key:
        raise MoleculeRejected("InChIKey could not be made")
    return Standardized(text, key[:KEY_LENGTH]), mol


def _fixpoint(text: str, mol: Chem.Mol, spec: StandardizeSpec) -> tuple[str, Chem.Mol]:
    """Repeat the passes until the canonical SMILES stays the same; return it, and the molecule parsed from it."""
    for _ in range(MAX_PASSES):
        untouched = spec.stereo == "keep" and _needs_no_tool(text, mol)
        mol = mol if untouched else _one_pass(mol, spec)
        _check(mol, spec)
        before, text = text, Chem.MolToSmiles(mol)
        if untouched and text == before:
            return text, mol
        if text == before or (untouched and is_plain(text)):
            break
        mol = parse(text)
    return text, reparse(text)


def standardize(smiles: str, spec: StandardizeSpec, with_key: bool = True) -> Standardized:
    """Standardise one SMILES string; see `standardize_molecule`."""
    return standardize_molecule(smiles, spec, with_key)[0]
