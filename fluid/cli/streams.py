"""Standard output and error as they are: of any encoding, closed, full, or read by somebody who has seen enough."""

import os
import sys
import unicodedata
from contextlib import suppress
from io import TextIOWrapper

LONGEST = 4000
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Kinds of signs that are not shown, or in a way that misleads."""


def accept_any_text() -> None:
    """Let signs that the terminal's encoding lacks be written as their numbers, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def shown(text: str) -> str:
    """Return a text in one line, of the longest without its middle, in which signs that would steer a terminal are their numbers."""
    line = " ".join(text.split())
    line = line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
    return "".join(ascii(sign)[1:-1] if unicodedata.category(sign) in UNSEEN else sign for sign in line)


def flush_output() -> None:
    """Write what waits to be written, while failures can still be told."""
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up_output() -> None:
    """Write no more to standard output, which cannot be written: Python would complain of it when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
