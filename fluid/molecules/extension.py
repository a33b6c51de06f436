"""The extension of a CXSMILES (`SMILES |...|`), read strictly: each part is applied, refused, or known to change no molecule.

RDKit's reader passes over what it does not know, and over atoms that are not there, so the form of every part is checked here first.
Coordinates, wedges, labels, values and lone pairs are how a molecule is drawn and change nothing: its stereochemistry stands in the SMILES.
RDKit applies cis/trans marks, wavy and coordinate bonds, and radicals.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from rdkit import Chem

from fluid.molecules.rejected import MoleculeRejected

MAX_EXTENSION = 50_000
BROKEN = "broken CXSMILES extension"
POLYMER = "a polymer, not a molecule"
QUERY = "a query, not a molecule"
DUMMY = "dummy atom (polymer, R group or attachment point)"
VARIABLE = "a structure with variable or repeated parts, not a molecule"
AND_OR = "and/or stereo taken as drawn"

NUMBER = r"\d{1,6}"
NUMBERS = rf"{NUMBER}(?:,{NUMBER})*"
PAIRS = rf"{NUMBER}\.{NUMBER}(?:,{NUMBER}\.{NUMBER})*"
DRAWN = r"(?:\([^()|]*\))?"


class Kind(NamedTuple):
    """A kind of part: its form, what its numbers count (`atoms`, `bonds`, `pairs` of both, or nothing), and why it is refused, if it is."""

    form: str
    counts: str = ""
    reason: str = ""


KINDS = {
    "coordinates": Kind(r"\([-+.\deE,;]*\)"),
    "values": Kind(r"\$_AV:[^$]*\$"),
    "labels": Kind(r"\$[^$]*\$"),
    "and_or": Kind(rf"[&o]\d*:{NUMBERS}", "atoms"),
    "absolute": Kind(rf"a:{NUMBERS}", "atoms"),
    "relative": Kind(rf"r(?::{NUMBERS})?", "atoms"),
    "sides": Kind(rf"(?:ctu|c|t):{NUMBERS}", "bonds"),
    "wavy_bonds": Kind(rf"w:(?:{PAIRS}|{NUMBERS})", "pairs"),
    "wedges": Kind(rf"w[UD]:(?:{PAIRS}|{NUMBERS})", "pairs"),
    "weak_bonds": Kind(rf"[CH]:{PAIRS}", "pairs"),
    "radicals": Kind(rf"\^[1-7]:{NUMBERS}", "atoms"),
    "lone_pairs": Kind(r"(?:lp|LP):\d+:\d+(?:,\d+:\d+)*"),
    "properties": Kind(r"atomProp(?::\d+\.[^.:,]*\.[^:,]*)+"),
    "fragments": Kind(r"f:\d+(?:\.\d+)*(?:,\d+(?:\.\d+)*)*"),
    "data": Kind(rf"SgD:(?:{NUMBERS})?(?::[^:,]*)+{DRAWN}"),
    "hierarchy": Kind(r"SgH:\d+:[\d.,:]*"),
    "brackets": Kind(rf"Sg:(?:gen|c|mix|f):(?:{NUMBERS})?(?::[^:,]*)*{DRAWN}"),
    "polymers": Kind(r"Sg:.*", reason=POLYMER),
    "link_nodes": Kind(r"LN:.*", reason=VARIABLE),
    "variable_bonds": Kind(r"m:\d.*", reason=VARIABLE),
    "queries": Kind(r"(?:rb|s|u):\d.*", reason=QUERY),
    "r_groups": Kind(r"(?:RG|LOG|LO):.*", reason=DUMMY),
}
PART = re.compile("|".join(f"(?P<{name}>{kind.form})(?=,|$)" for name, kind in KINDS.items()))
APPLIED = ("and_or", "absolute", "sides", "wavy_bonds", "weak_bonds", "radicals")
"""Kinds of parts that change a molecule, or of which something is to be said."""
PER_ATOM = ("coordinates", "values", "labels")
ESCAPED = re.compile(r"&#\d+;")
DUMMY_LABEL = re.compile(r"_(?:R|AP)[\d']*")
QUERY_LABEL = re.compile(r"(?:star|Pol|[AMQX]H?)_[ep]")


def parts_of(extension: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of each part of what stands between the two `|`.

    Raises:
        MoleculeRejected: A part has no form that is known.
    """
    at = 0
    while at < len(extension):
        part = PART.match(extension, at)
        if not part or not part.lastgroup:
            raise MoleculeRejected(BROKEN)
        yield part.lastgroup, part.group()
        at = part.end() + 1
    if extension.endswith(","):
        raise MoleculeRejected(BROKEN)


def read_extension(smiles: str, extension: str) -> tuple[str, str]:
    """Return the SMILES of a molecule with an extension, and what is to be said about it.

    Args:
        smiles: SMILES without its extension.
        extension: What follows it, with the `|` at both ends.

    Raises:
        MoleculeRejected: The extension is broken, or makes it no plain molecule.
    """
    drawn: Chem.Mol | None = Chem.MolFromSmiles(smiles, sanitize=False)
    if drawn is None:
        return smiles, ""  # its own fault, which the parser tells
    if len(extension) < 2 or len(extension) > MAX_EXTENSION or not extension.endswith("|"):
        raise MoleculeRejected(BROKEN)
    parts = list(parts_of(extension[1:-1]))
    for kind, text in parts:
        _check(kind, text, drawn)
    plain: Chem.Mol | None = Chem.MolFromSmiles(smiles)
    applied = ",".join(text for kind, text in parts if kind in APPLIED)
    mol: Chem.Mol | None = Chem.MolFromSmiles(f"{smiles} |{applied}|")
    if plain is None:
        return smiles, ""
    if mol is None:
        raise MoleculeRejected(BROKEN)
    return Chem.MolToSmiles(mol), AND_OR if _leaves_open(mol, parts) else ""


def _check(kind: str, text: str, drawn: Chem.Mol) -> None:
    if reason := KINDS[kind].reason or (_label_reason(text) if kind == "labels" else ""):
        raise MoleculeRejected(reason)
    if not (_values_fit if kind in PER_ATOM else _numbers_fit)(kind, text, drawn):
        raise MoleculeRejected(BROKEN)


def _values_fit(_: str, text: str, drawn: Chem.Mol) -> bool:
    """Return whether there are not more values than atoms."""
    return ESCAPED.sub("", text).count(";") < drawn.GetNumAtoms()


def _numbers_fit(kind: str, text: str, drawn: Chem.Mol) -> bool:
    """Return whether all atoms and bonds that a part names are there."""
    limits = {"atoms": [drawn.GetNumAtoms()], "bonds": [drawn.GetNumBonds()], "pairs": [drawn.GetNumAtoms(), drawn.GetNumBonds()]}
    named = (map(int, one.split(".")) for one in re.findall(r"[\d.]+", text.partition(":")[2])) if KINDS[kind].counts else ()
    return all(number < limit for numbers in named for number, limit in zip(numbers, limits[KINDS[kind].counts], strict=False))


def _label_reason(text: str) -> str:
    """Return why the labels of atoms make it no molecule, if they do."""
    labels = text.strip("$").split(";")
    if any(map(DUMMY_LABEL.fullmatch, labels)):
        return DUMMY
    return QUERY if any(map(QUERY_LABEL.fullmatch, labels)) else ""


def _leaves_open(mol: Chem.Mol, parts: list[tuple[str, str]]) -> bool:
    """Return whether stereo centres are drawn of which the extension says that they are not absolute."""
    groups = any(group.GetGroupType() != Chem.StereoGroupType.STEREO_ABSOLUTE for group in mol.GetStereoGroups())
    centres = any(atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED for atom in mol.GetAtoms())
    return groups or (centres and any(kind == "relative" for kind, _ in parts))


def extended_smiles(mol: Chem.Mol) -> str:
    """Return a molecule's SMILES, with an extension if without it and/or stereo, polymers or repeated parts would be lost."""
    if not (mol.GetStereoGroups() or Chem.GetMolSubstanceGroups(mol) or mol.HasProp("_molLinkNodes")):
        return Chem.MolToSmiles(mol)
    fields = Chem.CXSmilesFields
    wanted = fields.CX_ENHANCEDSTEREO | fields.CX_POLYMER | fields.CX_LINKNODES
    return str(Chem.MolToCXSmiles(mol, Chem.SmilesWriteParams(), wanted))
