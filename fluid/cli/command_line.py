"""Commands written out: every setting quoted so that the shell and Hydra read what is meant."""

import shlex
from collections.abc import Iterable, Iterator

from fluid.cli.quoting import literal

WIDTH = 98
Value = str | int | float | tuple[str, ...]


def pieces(key: str, value: Value) -> list[str]:
    """Return a setting as Hydra reads it, in pieces between which a line may end."""
    if isinstance(value, int | float):
        return [f"{key}={value}"]
    if isinstance(value, str):
        return [f"{key}={literal(value)}"]
    items = [literal(item) for item in value]
    marks = [*[","] * (len(items) - 1), "]"]
    return [f"{key}=[", *(item + mark for item, mark in zip(items, marks, strict=True))] if items else [f"{key}=[]"]


def words_of(verb: str, settings: Iterable[tuple[str, Value]]) -> list[str]:
    """Return a command as the words that the shell makes of it."""
    return ["fluid", verb, *("".join(pieces(key, value)) for key, value in settings)]


def command_line(verb: str, settings: Iterable[tuple[str, Value]]) -> str:
    """Return a command as it is typed in a shell, in lines of at most `WIDTH` columns as far as its texts allow.

    Args:
        verb: The verb.
        settings: Its settings in order, each with a text, a number or a list of texts.
    """
    lines = [f"fluid {verb}"]
    for key, value in settings:
        first, *others = _lines(pieces(key, value))
        if len(lines[-1]) + 1 + len(first) <= WIDTH and not others:
            lines[-1] += f" {first}"
        else:
            lines[-1] += " \\"
            lines += [f"    {first}", *others]
    return "\n".join(lines)


def _lines(parts: list[str]) -> list[str]:
    """Return a word of the shell in lines: quotes are closed at the end of each, and a backslash takes the line's end away."""
    rows = list(_gathered(parts))
    quoted = [shlex.quote(row) for row in rows]
    return [f"{row}\\" for row in quoted[:-1]] + quoted[-1:]


def _gathered(parts: list[str]) -> Iterator[str]:
    held = ""
    for part in parts:
        if held and len(shlex.quote(held + part)) > WIDTH - 6:
            yield held
            held = ""
        held += part
    yield held
