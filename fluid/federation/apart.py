"""What comes in is never overwritten by what goes out."""

from pathlib import Path

from fluid.errors import ConfigError
from fluid.file_names import real


def check_apart(out: Path, *given: str | Path) -> None:
    """Refuse a target that is, holds, or lies in what comes in: it would be replaced, or would replace it.

    Args:
        out: File or folder that is to be made.
        given: Files and folders that are read; an empty text, or one that names no file (`embedded:pool`), is none.

    Raises:
        ConfigError: The target is one of them, or a folder that holds one, or lies in a folder that is read.
    """
    target = real(out)
    for one in filter(str, given):
        place = real(one)
        relation = relation_of(target, place) if place.exists() else ""
        if relation:
            what = f"out {relation} what is read ({one})"
            raise ConfigError(what, where=str(out), expected="a place of its own", remedy="Choose another out=.")


def relation_of(target: Path, place: Path) -> str:
    """Return how a target stands to a place that is read, in a word or two; empty where they are apart. Both are resolved."""
    if target == place or (target.exists() and target.samefile(place)):
        return "is"
    if target in place.parents:
        return "holds"
    return "lies in" if place.is_dir() and place in target.parents else ""
