"""Reports, tables and logs as an attacker reads them: which molecules stand in them, as SMILES or by their keys."""

import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from fluid.artifacts import hash_file, hash_json
from fluid.errors import ArtifactError
from fluid.molecules.prepare import prepare_chunk
from fluid.molecules.standardize import StandardizeSpec

SUFFIXES = (".html", ".htm", ".csv", ".tsv", ".json", ".jsonl", ".log", ".txt", ".md", ".yaml", ".yml")
ARTEFACTS = ("manifest.json", "artifact.json", "consensus.json", "card.json")
"""Files by which artefacts are known."""
MOST_BYTES = 256 << 20
"""Bytes of all files together that are read."""
CHUNK, LEAST = 2048, 4
"""Words that are read as SMILES at a time, and the shortest of them."""
ATOM = r"Cl|Br|[BCNOPSFIbcnops]|\[[A-Za-z0-9@+\-:]{1,24}\]"
SMILES = re.compile(rf"(?<![A-Za-z0-9\[\]])(?:{ATOM})(?:{ATOM}|[-=#$:/\\.()%0-9])*(?![A-Za-z])")
KEY = re.compile(r"\b([A-Z]{14})-[A-Z]{8}[SN][A-Z]-[A-Z]\b")


def text_files(place: Path) -> list[Path]:
    """Return the files of text at a place: itself, or those below it."""
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def is_text_only(place: Path) -> bool:
    """Return whether there is nothing but text at a place: a folder with an artefact in it is not told by its texts."""
    inside = [] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    return all(file.suffix.lower() in SUFFIXES and file.name not in ARTEFACTS for file in inside)


def digest_of(files: Iterable[Path]) -> str:
    """Return the identity of some files' contents, whatever their names and order."""
    return hash_json(sorted(hash_file(file) for file in files))


def read_texts(files: list[Path]) -> str:
    """Return the contents of files of text, one after the other, with HTML's escapes undone.

    Raises:
        ArtifactError: The files are too large.
    """
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise ArtifactError(f"files of text have {size:,} bytes", where=str(files[0]), expected=f"{MOST_BYTES:,} at most")
    return html.unescape("\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files))


def words_of(text: str) -> list[str]:
    """Return the different words of a text that can be SMILES, in order."""
    found = dict.fromkeys(match.group() for match in SMILES.finditer(text))
    return [word for word in found if sum(map(str.isalpha, word)) >= LEAST]


def chunks(words: list[str]) -> Iterator[list[str]]:
    """Yield words, some at a time."""
    return (words[start : start + CHUNK] for start in range(0, len(words), CHUNK))


def molecules_in(text: str) -> frozenset[str]:
    """Return the first blocks of the keys of all molecules that stand in a text, as SMILES of any form or by their InChIKeys."""
    found = set(KEY.findall(text))
    for chunk in chunks(words_of(text)):
        found |= set(prepare_chunk(StandardizeSpec(), True, chunk).molecules.skeletons)
    return frozenset(found)
